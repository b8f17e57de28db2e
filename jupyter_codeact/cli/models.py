"""``jupyter codeact models``: models for this machine, and endpoints that have a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ..agent.contracts import ModelError
from ..models.catalog import hub, store
from ..models.catalog.auto import choose, size_of
from ..models.catalog.catalog import CATALOG, find
from ..models.catalog.fit import fit
from ..models.catalog.machine import Machine, look
from ..models.catalog.model import Entry, Snapshot
from ..models.catalog.tuned import Tuned, all_tuned, find_tuned, is_tuned
from ..models.endpoints.registry import user_endpoints
from ..models.engines.worker import log_folder, logs_of
from ..models.preferences import LocalPreferences
from ..models.private import data_folder
from .endpoints import endpoint, show
from .probe import test
from .settings import changes, stored_options


def _find(ctx: click.Context, parameter: click.Parameter, name: str) -> Entry | Snapshot | hub.Reference:
    try:
        return hub.parse(name) if hub.is_reference(name) else find(name)
    except ModelError as error:
        raise click.UsageError(str(error), ctx) from error


def _find_here(
    ctx: click.Context, parameter: click.Parameter, name: str
) -> Entry | Snapshot | hub.Reference | Tuned:
    return find_tuned(name) if is_tuned(name) else _find(ctx, parameter, name)


_name = click.argument("named", metavar="NAME", callback=_find)


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
    downloaded = [model for reference in hub.here() if (model := hub.local_model(reference))]
    listed = [*CATALOG, *downloaded]
    if as_json:
        entries = [_as_json(entry, machine) for entry in listed]
        click.echo(json.dumps([*entries, *map(_tuned_as_json, all_tuned())], indent=2))
        return
    header = ("Name", "Size", "License", "Context", "Here", "Runs")
    rows: list[tuple[str, ...]] = [
        (
            entry.name,
            size_of(entry),
            entry.licence,
            f"{entry.context:,}",
            "yes" if store.is_here(entry) else "no",
            fit(entry, machine).words + (", sees" if entry.supports_images else ""),
        )
        for entry in listed
    ]
    _tabulate(header, rows)
    choice = choose(machine, store.is_here)
    click.echo(f"\nauto is {choice.why}")
    if choice.bigger:
        click.echo(choice.bigger)
    if tuned := all_tuned():
        click.echo("\nTuned")
        _tabulate(None, [(one.name, size_of(one), one.words) for one in tuned])
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
def pull(named: Entry | Snapshot | hub.Reference) -> None:
    """Download the model NAME, continuing an interrupted download.

    NAME is a model of `jupyter codeact models`, or any GGUF model on the Hugging Face Hub:
    hf:owner/name/file.gguf, or hf:owner/name for the file that is usual (Q4_K_M).
    """
    if isinstance(named, hub.Reference):
        if path := hub.local(named):
            click.echo(f"{named.name} is here already: {path}")
            return
        named = hub.describe(named)
        click.echo(f"{named.name}: {size_of(named)}, {named.licence}", err=True)
    elif store.is_here(named):
        click.echo(f"{named.name} is here already: {store.path_of(named)}")
        return
    click.echo(f"{named.name} is here: {fetch(named)}")


@models.command(short_help="Remove a model from this machine.")
@click.argument("named", metavar="NAME", callback=_find_here)
def rm(named: Entry | Snapshot | hub.Reference | Tuned) -> None:
    """Remove the model NAME from this machine; of a tuned one, its base stays."""
    if isinstance(named, Tuned):
        named.remove()
        click.echo(f"{named.name} was removed; {named.manifest.base.name} is as it was.")
        return
    if isinstance(named, hub.Reference):
        model = hub.local_model(named)
        if model is None:
            raise ModelError(f"{named.name} is not on this machine, so there is nothing to remove.")
        named = model
    store.remove(named)
    click.echo(f"{named.name} was removed from {store.folder()}.")


@models.command(short_help="Search the Hugging Face Hub for models.")
@click.argument("words", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Write what is found as JSON.")
def search(words: tuple[str, ...], as_json: bool) -> None:
    """Search the Hugging Face Hub for GGUF models, which llama.cpp runs.

    Wherever a model is named, the names that are shown can be used. The size is that of the file that such a
    name means, and of what the model needs to take images.
    """
    machine = look()
    found = hub.search(" ".join(words))
    if as_json:
        click.echo(json.dumps([_found_as_json(one, machine) for one in found], indent=2))
        return
    if not found:
        click.echo(f"The Hub has no GGUF model for {' '.join(words)!r}.")
        return
    header = ("Name", "Size", "License", "Context", "Downloads", "Runs")
    rows: list[tuple[str, ...]] = [
        (
            one.model.name,
            size_of(one.model),
            one.model.licence,
            f"{one.model.context:,}",
            f"{one.downloads:,}",
            fit(one.model, machine).words + (", sees" if one.model.supports_images else ""),
        )
        for one in found
    ]
    _tabulate(header, rows)


@models.command("set", short_help="Set how a model of this machine is asked.")
@click.argument("name")
@stored_options
def set_(name: str, **options: Any) -> None:
    """Set how the model NAME of this machine is asked; auto unsets a value.

    NAME is a model of the list, or the name of a file or folder of your own. For an endpoint's models, there
    is `models endpoint set`.
    """
    changed = changes(options)
    if not changed:
        raise click.UsageError("Say what to set; --help lists the options.")
    show(name, LocalPreferences(data_folder()).change(name, changed).stored())


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
            click.echo(f"{entry.name}: {step * 5}% of {size_of(entry)}, {note}", err=True)

    return store.pull(entry, progress=progress)


def _as_json(entry: Entry | Snapshot, machine: Machine) -> dict[str, Any]:
    here = store.is_here(entry)
    path = str(store.path_of(entry)) if here else None
    found = fit(entry, machine)
    logs = [str(log) for log in logs_of(entry.name)]
    more = {"here": here, "path": path, "fits": found.runs, "runs": found.words, "logs": logs}
    return _facts(entry) | more


def _tuned_as_json(tuned: Tuned) -> dict[str, Any]:
    facts = {"name": tuned.name, "base": tuned.manifest.base.model_dump(), "method": tuned.manifest.method}
    logs = [str(log) for log in logs_of(tuned.name)]
    return facts | {"size": tuned.size, "here": True, "path": str(tuned.folder), "logs": logs}


def _found_as_json(found: hub.Found, machine: Machine) -> dict[str, Any]:
    run = fit(found.model, machine)
    more = {"downloads": found.downloads, "fits": run.runs, "runs": run.words}
    return _facts(found.model) | more


def _facts(entry: Entry | Snapshot) -> dict[str, Any]:
    kept = entry.model_dump(exclude={"files", "projector", "rank"}, exclude_none=True)
    files = [file.path for file in entry.downloads] if isinstance(entry, Entry) else []
    return kept | {"size": entry.size, "files": files}
