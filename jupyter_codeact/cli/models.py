"""``jupyter codeact models``: the models this machine has or can have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ..agent.contracts import ModelError
from ..models import store
from ..models.catalog import CATALOG, Entry, Snapshot, find


def _known(ctx: click.Context, parameter: click.Parameter, name: str) -> Entry | Snapshot:
    try:
        return find(name)
    except ModelError as error:
        raise click.UsageError(str(error), ctx) from error


_name = click.argument("entry", metavar="NAME", callback=_known)


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Write the list as JSON.")
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List the models there are for this machine.

    They are kept in the user's cache folder, or where the environment variable
    JUPYTER_CODEACT_MODELS says.
    """
    if ctx.invoked_subcommand is not None:
        return
    if as_json:
        click.echo(json.dumps([_described(entry) for entry in CATALOG], indent=2))
        return
    header = ("Name", "Size", "License", "Context", "Here")
    rows = [
        (entry.name, _size(entry.size), entry.licence, f"{entry.context:,}", _place(entry))
        for entry in CATALOG
    ]
    console = Console()
    if console.is_terminal:
        from rich.table import Table

        table = Table(*header, box=None, header_style="bold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@models.command(short_help="Download a model.")
@_name
def pull(entry: Entry | Snapshot) -> None:
    """Download the model NAME, going on where an earlier download was interrupted."""
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
    """Download a model and show how far it is; does nothing for one that is here."""
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
    """Pull, and write a line for every twentieth and for whatever else is new."""
    said: set[object] = set()

    def progress(done: int, total: int, note: str) -> None:
        step = done * 20 // total
        kind = note.partition(",")[0]
        if step not in said or kind not in said:
            said.update((step, kind))
            click.echo(f"{entry.name}: {step * 5}% of {_size(total)}, {note}", err=True)

    return store.pull(entry, progress=progress)


def _described(entry: Entry | Snapshot) -> dict[str, Any]:
    here = store.is_here(entry)
    path = str(store.path_of(entry)) if here else None
    return entry.model_dump(exclude={"packages", "file"}) | {"here": here, "path": path}


def _place(entry: Entry | Snapshot) -> str:
    return "yes" if store.is_here(entry) else "no"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
