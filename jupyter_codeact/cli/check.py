"""``jupyter codeact check``: whether a notebook reproduces in a fresh kernel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..models.endpoints.access import KEY_VARIABLE

if TYPE_CHECKING:
    from rich.table import Table

    from ..agent.contracts import Cell, CellCheck

LINE = 40
"""Characters of a cell's first line that are shown."""

LABELS = {
    "waiting": ("", "dim"),
    "running": ("running", "cyan"),
    "same": ("same", "green"),
    "different": ("different", "yellow"),
    "failed": ("failed", "red"),
    "not_run": ("not run", "dim"),
}


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option(
    "--kernel",
    metavar="NAME",
    help="Kernel to use, by its name in `jupyter kernelspec list`. Default: the notebook's own.",
)
@click.option(
    "--timeout",
    metavar="S",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds a cell may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the outcome as JSON, and nothing else.")
def check(notebook: Path, kernel: str | None, timeout: float | None, as_json: bool) -> None:
    """Run NOTEBOOK from top to bottom in a fresh kernel, and tell cell by cell whether it shows the same.

    NOTEBOOK itself is not changed, but its cells run for real: what they do to files and services they do
    again. Execution counts, memory addresses and the like are ignored.

    Exit code 0: the notebook reproduces; 1: it does not; 2: wrong usage.
    """
    from ..agent.contracts import NotebookError
    from ..agent.unicode import valid_text
    from ..notebooks.check import check as run_check
    from ..notebooks.check import reproduces, summary
    from ..notebooks.document import cell_of
    from ..notebooks.kernelspecs import choose_kernel
    from ..notebooks.reading import read

    try:
        file = read(notebook)
        node = file.node
        chosen = choose_kernel(node.metadata, kernel, only_python=False)
    except NotebookError as error:
        raise click.UsageError(str(error)) from error
    for note in filter(None, [*file.notes, chosen.note]):
        click.echo(valid_text(note), err=True)
    cells = [cell_of(cell) for cell in node.cells]
    may_fail = {cell.id for cell in node.cells if "raises-exception" in cell.metadata.get("tags", ())}
    run = partial(run_check, kernel=chosen.name, folder=notebook.resolve().parent, timeout=timeout)
    try:
        with _display(cells, quiet=as_json) as show:
            checks = asyncio.run(run(cells, on_progress=show, may_fail=may_fail, withhold={KEY_VARIABLE}))
    except KeyboardInterrupt:
        raise click.ClickException("Stopped; the kernel was ended.") from None
    if as_json:
        outcome = {
            "notebook": valid_text(str(notebook)),
            "reproduces": reproduces(checks),
            "message": summary(checks),
        }
        click.echo(json.dumps({**outcome, "cells": [one.model_dump() for one in checks]}, indent=2))
    else:
        click.echo(summary(checks))
    raise SystemExit(0 if reproduces(checks) else 1)


@contextmanager
def _display(cells: list[Cell], *, quiet: bool) -> Iterator[Callable[[list[CellCheck]], None]]:
    """Show the outcome of each cell: in a live table on a terminal, else in a line once the cell is done."""
    from rich.console import Console
    from rich.live import Live

    sources = {cell.id: _line(cell.source) for cell in cells}
    console = Console()
    written: set[str] = set()

    def write(checks: list[CellCheck]) -> None:
        for number, one in enumerate(checks, 1):
            if one.state not in ("waiting", "running") and one.cell_id not in written:
                written.add(one.cell_id)
                click.echo(f"{number}. {LABELS[one.state][0]}: {sources[one.cell_id]}".rstrip(": "))
                if one.message:
                    click.echo(f"   {one.message}")

    if quiet or not console.is_terminal:
        yield (lambda _checks: None) if quiet else write
        return
    last: list[CellCheck] = []
    with Live(console=console, auto_refresh=False, transient=True) as live:  # as much as fits

        def show(checks: list[CellCheck]) -> None:
            last[:] = checks
            live.update(_table(sources, checks), refresh=True)

        yield show
    console.print(_table(sources, last))


def _table(sources: dict[str, str], checks: list[CellCheck]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("", "Cell", "Outcome", "", box=None, header_style="bold", pad_edge=False)
    for number, one in enumerate(checks, 1):
        label, style = LABELS[one.state]
        source = Text(sources[one.cell_id], no_wrap=True, overflow="ellipsis")
        table.add_row(str(number), source, Text(label, style, no_wrap=True), Text(one.message))
    return table


def _line(source: str) -> str:
    line = source.strip().partition("\n")[0]
    return line if len(line) <= LINE else f"{line[: LINE - 1]}…"
