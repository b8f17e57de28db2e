"""``jupyter codeact models``: models for this machine, and endpoints that have a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ..agent.contracts import ModelError
from ..models.catalog import store
from ..models.catalog.auto import choose, fits
from ..models.catalog.catalog import CATALOG, Entry, Snapshot, find
from ..models.catalog.machine import Machine, look
from ..models.endpoints.registry import user_endpoints
from ..models.engines.worker import log_folder, logs_of
from .endpoints import endpoint
from .probe import test


def _find(ctx: click.Context, parameter: click.Parameter, name: str) -> Entry | Snapshot:
    try:
        return find(name)
    except ModelError as error:
        raise click.UsageError(str(error), ctx) from error


_name = click.argument("entry", metavar="NAME", callback=_find)


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Write the list of models as JSON.")
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List the models for this machine, whether they fit it, and the endpoints that have a name.

    Models are in the user's cache folder, or in the folder that the environment variable
    JUPYTER_CODEACT_MODELS names.
    """
    if ctx.invoked_subcommand is not None:
        return
    machine = look()
    if as_json:
        click.echo(json.dumps([_as_json(entry, machine) for entry in CATALOG], indent=2))
        return
    header = ("Name", "Size", "License", "Context", "Here", "Runs")
    rows: list[tuple[str, ...]] = [
        (
            entry.name,
            _size(entry.size),
            entry.licence,
            f"{entry.context:,}",
            _place(entry),
            fits(entry, machine)[1],
        )
        for entry in CATALOG
    ]
    _tabulate(header, rows)
    click.echo(f"\nauto is {choose(machine, store.is_here).why}")
    if named := user_endpoints().all():
        click.echo("\nEndpoints")
        rows = [(one.name, one.shown, one.model, "with a key" if one.has_key else "") for one in named]
        _tabulate(None, rows)
    click.echo(f"\nLogs are in {log_folder()}")


models.add_command(endpoint)
models.add_command(test)


def _tabulate(header: tuple[str, ...] | None, rows: list[tuple[str, ...]]) -> None:
    """Write a table; in its full width where the output is no terminal."""
    console = Console(highlight=False)
    if console.is_terminal:
        from rich.table import Table

        table = Table(*(header or rows[0]), box=None, header_style="bold", show_header=header is not None)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    lines = [header, *rows] if header else rows
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for row in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@models.command(short_help="Download a model.")
@_name
def pull(entry: Entry | Snapshot) -> None:
    """Download the model NAME, continuing an interrupted download."""
    if store.is_here(entry):
        click.echo(f"{entry.name} is here already: {store.path_of(entry)}")
        return
    click.echo(f"{entry.name} is here: {fetch(entry)}")


@models.command(short_help="Remove a model from this machine.")
@_name
def rm(entry: Entry | Snapshot) -> None:
    """Remove the model NAME from this machine."""
    store.remove(entry)
    click.echo(f"{entry.name} was removed from {store.folder()}.")


def fetch(entry: Entry | Snapshot) -> Path:
    """Download a model, unless it is here, and show the progress."""
    if store.is_here(entry):
        return store.path_of(entry)
    console = Console(stderr=True)
    try:
        return _pull_with_bar(entry, console) if console.is_terminal else _pull_with_lines(entry)
    except KeyboardInterrupt:
        raise click.ClickException(
            f"Stopped. `jupyter codeact models pull {entry.name}` goes on from here."
        ) from None


def _pull_with_bar(entry: Entry | Snapshot, console: Console) -> Path:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(entry.name),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", style="dim"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=entry.size)
        return store.pull(
            entry,
            progress=lambda done, total, note: bar.update(
                task, completed=done, total=total, description=note
            ),
        )


def _pull_with_lines(entry: Entry | Snapshot) -> Path:
    """Pull, and write a line for every 5 % and every new step."""
    reported: set[object] = set()

    def progress(done: int, total: int, note: str) -> None:
        step = done * 20 // total
        kind = note.partition(",")[0]
        if step not in reported or kind not in reported:
            reported.update((step, kind))
            click.echo(f"{entry.name}: {step * 5}% of {_size(total)}, {note}", err=True)

    return store.pull(entry, progress=progress)


def _as_json(entry: Entry | Snapshot, machine: Machine) -> dict[str, Any]:
    here = store.is_here(entry)
    path = str(store.path_of(entry)) if here else None
    can_run, runs = fits(entry, machine)
    logs = [str(log) for log in logs_of(entry.name)]
    more = {"here": here, "path": path, "fits": can_run, "runs": runs, "logs": logs}
    return entry.model_dump(exclude={"packages", "file"}) | more


def _place(entry: Entry | Snapshot) -> str:
    return "yes" if store.is_here(entry) else "no"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
