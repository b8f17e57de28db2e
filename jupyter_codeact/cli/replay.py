"""``jupyter codeact replay``: repeat what a conversation did, without a model."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..agent.unicode import valid_text
from ..models.endpoints.access import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from ..agent.events import Event
    from ..journal.replay import Step
    from ..notebooks.headless import HeadlessNotebook


@click.command()
@click.argument("conversation")
@click.option(
    "--output",
    metavar="OUT.ipynb",
    type=click.Path(path_type=Path),
    help="File to write. Default: the next free name, as for `run`.",
)
@click.option(
    "--notebook",
    metavar="START.ipynb",
    type=click.Path(path_type=Path),
    help="Notebook to start from; it stays as it is. Default: an empty one.",
)
@click.option(
    "--kernel",
    metavar="NAME",
    help="Kernel to use, by its name in `jupyter kernelspec list`. Default: that of START.ipynb.",
)
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Journal to use. Default: the one in Jupyter's data folder.",
)
@click.option(
    "--execute/--no-execute",
    default=None,
    help="Whether START.ipynb's own cells run first. Default: as recorded.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one step per line, as JSON, and nothing else.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before running the recorded code.")
def replay(
    conversation: str,
    output: Path | None,
    notebook: Path | None,
    kernel: str | None,
    journal: Path | None,
    execute: bool | None,
    as_json: bool,
    yes: bool,
) -> None:
    """Repeat what was done in CONVERSATION, in a new notebook and a kernel of its own, without a model.

    Cells are written, corrected, run and undone in the recorded order, in the folder of the conversation's
    notebook; cells that were not allowed to run do not run. CONVERSATION is an id from
    `jupyter codeact conversations`, a unique beginning of one, or “latest”.

    Exit code 0: everything came out as recorded; 1: something did not; 2: wrong usage.
    """
    from ..agent.contracts import NotebookError
    from ..agent.events import Executed, RunStarted
    from ..journal import JournalError, SqliteJournal, default_path
    from ..journal.refused import refused_cells
    from ..notebooks.headless import HeadlessNotebook

    opened = SqliteJournal(journal or default_path())
    try:
        info = opened.find(conversation)
        events = list(opened.events(info.id))
        folder = _folder(opened.notebook(info.id))
        paths = {str(path) for path in (notebook.absolute(), notebook.resolve())} if notebook else set()
        refused = refused_cells(opened, paths)
    except JournalError as error:
        raise click.UsageError(str(error)) from error
    finally:
        opened.close()
    first = next((event for event in events if isinstance(event, RunStarted)), None)
    executed = first is not None and first.executes
    if executed and notebook is None:
        click.echo("Its notebook's own cells had run before: --notebook names that notebook.", err=True)
    cells = sum(isinstance(event, Executed) for event in events)
    if not yes:
        click.echo(f"{info.id}: {info.title}", err=True)
        runs = "1 recorded cell" if cells == 1 else f"{cells} recorded cells"
        click.confirm(f"Run {runs} in {folder or Path.cwd()}?", abort=True, err=True)
    try:
        place = HeadlessNotebook(notebook, output, withhold={KEY_VARIABLE}, folder=folder, kernel=kernel)
    except NotebookError as error:
        raise click.UsageError(str(error)) from error
    try:
        show = _write_json if as_json else _write
        execute = executed if execute is None else execute
        steps = asyncio.run(_replayed(place, events, show, refused=refused if execute else None))
    except KeyboardInterrupt:
        raise click.ClickException(f"Stopped. What was done until then is in {place.path}.") from None
    for note in place.notes:
        click.echo(valid_text(note), err=True)
    other = [step for step in steps if step.message]
    if not as_json:
        click.echo(_summary(cells, len(other)))
        click.echo(f"Notebook: {valid_text(str(place.path))}")
    raise SystemExit(1 if other else 0)


async def _replayed(
    notebook: HeadlessNotebook,
    events: Sequence[Event],
    show: Callable[[Step], None],
    *,
    refused: Collection[tuple[str, str]] | None,
) -> list[Step]:
    """Do again what was recorded, after the notebook's own cells but the ``refused``, unless that is None."""
    from ..journal.replay import replay as do_again
    from ..notebooks import executing
    from ..notebooks.compare import difference

    async with notebook:
        if refused is not None and executing.own_cells(notebook):
            done = await executing.execute(notebook, refused=refused)
            for text in (*done.problems, done.summary):
                click.echo(valid_text(text), err=True)
        steps = await do_again(notebook, events, difference=difference, on_step=show)
        await notebook.save()
        return steps


def _folder(notebook: str) -> Path | None:
    """Return the folder of a recorded notebook, if it is still there."""
    folder = Path(notebook).parent
    return folder if Path(notebook).is_absolute() and folder.is_dir() else None


def _write_json(step: Step) -> None:
    click.echo(step.model_dump_json().encode())


def _write(step: Step) -> None:
    from ..agent.observations.terminal import strip_terminal_codes

    if step.kind == "run":
        click.echo(f"{strip_terminal_codes(step.text)}\n")
    elif step.kind == "undo":
        click.echo("The run was undone.")
    elif step.kind == "redo":
        click.echo("What was undone of the run is back.")
    else:
        click.echo(textwrap.indent(strip_terminal_codes(step.text), "    "))
        click.echo("As recorded.\n" if not step.message else "")
    if step.message:
        click.secho(f"Different: {step.message}\n", fg="yellow")


def _summary(cells: int, other: int) -> str:
    if not other:
        return (
            f"All as recorded: {cells} cells ran again." if cells != 1 else "As recorded: 1 cell ran again."
        )
    return f"{other} of {cells} cells came out differently from the record."
