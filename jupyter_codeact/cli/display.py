"""What a run looks like to whoever started it: drawn on a terminal, in plain text, or as lines of JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from .. import transcript as t
from ..agent import events
from ..agent.observations.observe import cut
from ..agent.unicode import valid_text
from ..terminal import BRIEF, BRIEF_THINKING

if TYPE_CHECKING:
    from ..models.status import EngineStatus


class Display(Protocol):
    """Shows a run to whoever started it."""

    def show(self, event: events.Event) -> None:
        """Show an event."""
        ...

    def status(self, status: EngineStatus) -> None:
        """Show how far the model is."""
        ...

    def note(self, text: str) -> None:
        """Show a passing remark."""
        ...

    def executed(self, problems: Sequence[str], summary: str) -> None:
        """Say what came of running the notebook's own cells."""
        ...

    def close(self, written: Path | None) -> None:
        """End, and say where the notebook is, if it was written."""
        ...


class _Lines:
    """What both displays that write line by line have in common; remarks go to standard error."""

    def __init__(self) -> None:
        self._noted = ""

    def status(self, status: EngineStatus) -> None:
        """Say once that the model is being made ready, or that a reply has to wait."""
        if text := t.describe_status(status):
            self.note(text)

    def note(self, text: str) -> None:
        """Write a remark, unless it was the last one too."""
        if text != self._noted:
            click.echo(text, err=True)
        self._noted = text

    def executed(self, problems: Sequence[str], summary: str) -> None:
        """Say what came of running the notebook's own cells."""
        for text in (*problems, summary):
            self.note(valid_text(text))


class JsonDisplay(_Lines):
    """One event per line on standard output; everything else, for people, on standard error."""

    def show(self, event: events.Event) -> None:
        """Write an event, unless it is a piece of a reply that comes as a whole later."""
        if isinstance(event, events.ReplyDelta):
            return
        click.echo(events.dump(event).encode())
        if isinstance(event, events.RunEnded) and event.message:
            click.echo(event.message, err=True)

    def close(self, written: Path | None) -> None:
        """Say where the notebook is."""
        if written:
            click.echo(f"Notebook: {valid_text(str(written))}", err=True)


class PlainDisplay(_Lines):
    """Readable lines on standard output; why there is no answer, on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self._transcript = t.Transcript()
        self._turn = 0

    def show(self, event: events.Event) -> None:
        """Show an event that changed something."""
        for block in self._transcript.add(event):
            self._show(block)

    def _show(self, block: t.Block) -> None:
        match block:
            case t.Thinking():
                self._say(self._number(block.turn) + f"({block.summary[0].lower()}{block.summary[1:]})")
                self._say(textwrap.indent(cut(block.text, BRIEF_THINKING), "  | "))
            case t.Prose():
                self._say(self._number(block.turn) + block.text)
            case t.Code():
                self._say(self._number(block.turn))
                self._say(textwrap.indent(block.source, "    "))
            case t.Ran():
                shown = block.text(BRIEF)
                self._say(f"{block.outcome}{':' if shown else '.'}")
                self._say(textwrap.indent(shown, "    "))
            case t.Approved() if block.edited is not None:
                self._say(textwrap.indent(block.edited, "    "))
            case t.NotRun() | t.Remark():
                self._say(block.text)
            case t.Ended():
                self._say(block.answer)
                if block.message:
                    click.echo(block.message, err=True)
                self._say(block.cost)
                self._turn = 0

    def close(self, written: Path | None) -> None:
        """Say where the notebook is."""
        if written:
            click.echo(f"Notebook: {valid_text(str(written))}")

    def _number(self, turn: int) -> str:
        """Return the turn's number before the first that is shown of it."""
        before, self._turn = self._turn, turn
        return "" if turn == before else f"[{turn}] "

    def _say(self, text: str) -> None:
        if text.strip():
            click.echo(f"{text.rstrip()}\n")
