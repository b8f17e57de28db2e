"""``jupyter codeact conversations``: list, read, export and delete them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ..agent.contracts import ConversationInfo
from ..agent.events import Event
from ..journal import JournalError, SqliteJournal, default_path
from ..journal.export import jsonl, messages
from ..markdown_page import page

FORMATS: dict[str, Callable[[ConversationInfo, str, Iterable[Event]], str]] = {
    "jsonl": jsonl,
    "messages": messages,
    "markdown": page,
}
"""What a conversation can be exported as."""

_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
_one = click.argument("conversation")


@click.group(invoke_without_command=True)
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Journal to use. Default: the one in Jupyter's data folder.",
)
@click.option("--notebook", type=click.Path(path_type=Path), help="List those of this notebook only.")
@click.option("--json", "as_json", is_flag=True, help="Write the list as JSON.")
@click.pass_context
def conversations(ctx: click.Context, journal: Path | None, notebook: Path | None, as_json: bool) -> None:
    """List the conversations, the latest first.

    CONVERSATION is an id from the list, a unique beginning of one, or “latest”.
    """
    ctx.obj = opened = SqliteJournal(journal or default_path())
    ctx.call_on_close(opened.close)
    if ctx.invoked_subcommand is not None:
        return
    found = opened.conversations(str(notebook.resolve()) if notebook else None)
    if as_json:
        click.echo(json.dumps([_described(opened, one) for one in found], indent=2))
    elif found:
        _show(opened, found)
    else:
        click.echo("There are no conversations yet." if notebook is None else "There are none about it.")


@conversations.command()
@_one
@click.option("--json", "as_json", is_flag=True, help="Write its events, one JSON object a line.")
@click.pass_obj
def show(journal: SqliteJournal, conversation: str, as_json: bool) -> None:
    """Show CONVERSATION: tasks, cells and answers."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    if as_json:
        _write(_exported(journal, conversation, "jsonl"))
    elif console.is_terminal:
        info = journal.find(conversation)
        shown = page(info, journal.notebook(info.id), journal.events(info.id), fold=False)
        with console.pager(styles=True):
            console.print(Markdown(shown))
    else:
        _write(_exported(journal, conversation, "markdown"))


@conversations.command()
@_one
@click.argument("title")
@click.pass_obj
def rename(journal: SqliteJournal, conversation: str, title: str) -> None:
    """Call CONVERSATION by another TITLE; an empty one names it by its first task again."""
    info = journal.find(conversation)
    journal.rename(info.id, title)
    click.echo(f"{info.id} is now called: {journal.find(info.id).title}")


@conversations.command()
@click.argument("conversations", nargs=-1, required=True, metavar="CONVERSATION...")
@_yes
@click.pass_obj
def delete(journal: SqliteJournal, conversations: Sequence[str], yes: bool) -> None:
    """Delete conversations for good. Their notebooks stay as they are; their runs can no longer be undone."""
    found = list({one.id: one for one in map(journal.find, conversations)}.values())
    _confirm(found, yes)
    for one in found:
        journal.delete(one.id)
        click.echo(f"Deleted {one.id}: {_title(one)}")


@conversations.command()
@click.argument("conversations", nargs=-1, metavar="CONVERSATION...")
@click.option("--all", "every", is_flag=True, help="Export all conversations.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(FORMATS)),
    default="jsonl",
    show_default=True,
    help="jsonl: all events; messages: the model's messages; markdown: a page to read.",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File to write. Default: standard output.",
)
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@click.pass_obj
def export(
    journal: SqliteJournal,
    conversations: Sequence[str],
    every: bool,
    kind: str,
    output: Path | None,
    force: bool,
) -> None:
    """Export conversations.

    “jsonl” is the record as it is, secrets included. In the other formats they are hidden: what
    was hidden from the model, what is in this process's environment, and keys, tokens and passwords that the
    conversation itself tells.
    """
    from ..notebooks.saving import reason, replace_file, write_atomically

    if bool(conversations) == every:
        raise click.UsageError("Name the conversations, or give --all.")
    names = [one.id for one in journal.conversations()] if every else conversations
    text = "".join(_exported(journal, name, kind) for name in names)
    if output is None:
        _write(text)
        return
    content = text.encode("utf-8", "replace")
    try:
        if force:
            replace_file(output, content)
        else:
            write_atomically(output, content, replaces=None)
    except FileExistsError:
        raise click.UsageError(f"{output} is there already. Give --force to replace it.") from None
    except OSError as error:
        raise click.ClickException(f"{output} could not be written: {reason(error)}.") from error


@conversations.command()
@click.option("--days", type=click.FloatRange(min=0), help="Delete those not used for so many days.")
@click.option("--megabytes", type=click.FloatRange(min=0), help="Delete the oldest until the rest fit.")
@_yes
@click.pass_obj
def prune(journal: SqliteJournal, days: float | None, megabytes: float | None, yes: bool) -> None:
    """Delete old conversations for good, except those with a run under way."""
    if days is None and megabytes is None:
        raise click.UsageError("Say what to delete: give --days or --megabytes.")
    limits: dict[str, Any] = {
        "max_age_days": days,
        "max_bytes": None if megabytes is None else int(megabytes * 1e6),
    }
    found = [one for one in journal.stale(**limits) if one.runs]
    if not found:
        click.echo("There is nothing to delete.")
        return
    _confirm(found, yes)
    click.echo(f"Deleted {_count(journal.prune(**limits))}.")


def _exported(journal: SqliteJournal, name: str, kind: str) -> str:
    info = journal.find(name)
    with suppress(JournalError):  # who cannot write it can still read it
        journal.close_unfinished(info.id)
    return FORMATS[kind](info, journal.notebook(info.id), journal.events(info.id))


def _write(text: str) -> None:
    """Write a file's content to standard output: in UTF-8, except to a terminal with another encoding."""
    click.echo(text if sys.stdout.isatty() else text.encode(), nl=False)


def _confirm(found: Sequence[ConversationInfo], yes: bool) -> None:
    if yes:
        return
    for one in found:
        click.echo(f"{one.id}  {_date(one.updated)}  {_title(one)}")
    click.confirm(f"Delete {_count(len(found))} for good?", abort=True)


def _described(journal: SqliteJournal, one: ConversationInfo) -> dict[str, Any]:
    return {**one.model_dump(), "notebook": journal.notebook(one.id)}


def _show(journal: SqliteJournal, found: Sequence[ConversationInfo]) -> None:
    from rich.console import Console

    header = ("Id", "Last used", "Runs", "Notebook", "Title")
    rows = [
        (one.id, _date(one.updated), str(one.runs), Path(journal.notebook(one.id)).name, _title(one))
        for one in found
    ]
    console = Console()
    if console.is_terminal:
        from rich.table import Table

        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in header:
            long = name in ("Notebook", "Title")
            table.add_column(name, no_wrap=True, overflow="ellipsis" if long else "fold")
        for row in rows:
            table.add_row(*row)
        console.print(table, markup=False)
        return
    for row in [header, *rows]:
        click.echo("\t".join(row))


def _title(one: ConversationInfo) -> str:
    return one.title if len(one.title) <= 80 else f"{one.title[:79]}…"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _count(number: int) -> str:
    return "1 conversation" if number == 1 else f"{number} conversations"
