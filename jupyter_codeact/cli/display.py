"""What a run looks like in a terminal, in plain text, and as lines of JSON."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.spinner import Spinner
from rich.syntax import Syntax
from rich.text import Text

from ..agent import events
from ..agent.observations.observe import brief
from ..agent.observations.terminal import strip_terminal_codes
from ..agent.replies.formats import spoken

if TYPE_CHECKING:
    from ..models.status import EngineStatus

BRIEF = 1500
"""Characters of a cell's outputs that are shown; the notebook has them all."""

BEFORE_READY = ("downloading", "loading")
OUTCOMES = {"ok": "Ran", "error": "Failed", "interrupted": "Interrupted", "dead": "The kernel died"}
STYLES = {"ok": "green", "error": "red", "interrupted": "yellow", "dead": "red"}


class Display(Protocol):
    """Shows a run to whoever started it."""

    def show(self, event: events.Event) -> None:
        """Show an event."""
        ...

    def status(self, status: EngineStatus) -> None:
        """Show how far the model is."""
        ...

    def note(self, words: str) -> None:
        """Show a passing remark."""
        ...

    def pause(self) -> None:
        """Leave the terminal to somebody else until there is something to show again."""
        ...

    def close(self, written: Path | None) -> None:
        """End, and say where the notebook is, if it was written."""
        ...


class _Lines:
    """What both displays that write line by line have in common; remarks go to standard error."""

    def __init__(self) -> None:
        self._noted = ""

    def status(self, status: EngineStatus) -> None:
        """Say once that the model is being made ready."""
        if status.state in BEFORE_READY or is_waiting(status):
            self.note(_words(status))

    def note(self, words: str) -> None:
        """Write a remark, unless it was the last one too."""
        if words != self._noted:
            click.echo(words, err=True)
        self._noted = words

    def pause(self) -> None:
        """Do nothing: lines stay where they are."""


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
            click.echo(f"Notebook: {written}", err=True)


class PlainDisplay(_Lines):
    """Readable lines on standard output; why there is no answer, on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self._reply = ""
        self._replies: list[events.Reply] = []

    def show(self, event: events.Event) -> None:
        """Show an event that changed something."""
        if isinstance(event, events.Reply):
            self._reply = prose(event)
            self._replies.append(event)
        elif isinstance(event, events.Action):
            self._say(f"[{event.turn}] {self._reply}".rstrip())
            self._reply = ""
            self._say(textwrap.indent(strip_terminal_codes(event.source), "    "))
        elif isinstance(event, events.Executed):
            self._say(f"{outcome(event)}:" if event.outputs else f"{outcome(event)}.")
            self._say(textwrap.indent(strip_terminal_codes(brief(event.outputs, BRIEF)), "    "))
        elif isinstance(event, events.ApprovalResolved) and not event.allowed:
            self._say("Not run: " + "; ".join(event.reasons))
        elif isinstance(event, events.AnswerRejected):
            self._say(f"{self._reply}\n\n{event.message}")
            self._reply = ""
        elif isinstance(event, events.Observation):
            self._say(self._reply)  # of a reply without an action that was no answer either
            self._reply = ""
        elif isinstance(event, events.RunEnded):
            self._say(strip_terminal_codes(event.answer) or self._reply)
            if event.message:
                click.echo(event.message, err=True)
            self._say(cost(event, self._replies))
            self._replies = []

    def close(self, written: Path | None) -> None:
        """Say where the notebook is."""
        if written:
            click.echo(f"Notebook: {written}")

    def _say(self, text: str) -> None:
        if text.strip():
            click.echo(f"{text.rstrip()}\n")


class RichDisplay:
    """A run as it goes, on a terminal: what is under way at the bottom, what is done above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._words = ""
        self._reply = ""
        self._streamed = ""
        self._replies: list[events.Reply] = []
        self._since = time.monotonic()
        self._spinner = Spinner("dots", style="dim")
        self._live: Live | None = None
        self._preparing = False

    def show(self, event: events.Event) -> None:
        """Show an event."""
        match event:
            case events.RunStarted():
                self._print(Text(f"{event.model} · {event.notebook}", style="dim"))
                self._wait("Thinking")
            case events.ReplyDelta():
                if not self._streamed:
                    self._wait("Writing")
                self._streamed = event.text if event.restart else self._streamed + event.text
            case events.Reply():
                self._streamed, self._reply = "", prose(event)
                self._replies.append(event)
            case events.Action():
                self._say_reply()
                self._print(_cell(event, turn_cost(self._replies[-1]) if self._replies else ""))
                self._wait("Running")
            case events.ApprovalResolved() if not event.allowed:
                self._print(Text("Not run: " + "; ".join(event.reasons), style="yellow"))
            case events.ApprovalResolved():
                self._wait("Running")
            case events.Executed():
                self._print(*_outcome(event))
            case events.AnswerRejected():
                self._say_reply()
                self._print(Text(event.message, style="yellow"))
            case events.Observation():
                self._say_reply()
                self._wait("Thinking")
            case events.RunEnded():
                self._end(event)

    def status(self, status: EngineStatus) -> None:
        """Show how far the model is, until it begins to think."""
        if status.state in BEFORE_READY:
            done = "" if status.progress is None else f" {status.progress:.0%}"
            self._wait(_words(status) + done)
            self._preparing = True
        elif is_waiting(status):
            self._wait(status.message)
            self._preparing = True
        elif self._preparing:
            self._wait("Thinking")
            self._preparing = False

    def note(self, words: str) -> None:
        """Show a passing remark until something else happens."""
        self._wait(words)

    def pause(self) -> None:
        """Take away what is at the bottom."""
        self._rest()

    def close(self, written: Path | None) -> None:
        """Leave the terminal as it should be, and say where the notebook is."""
        self._rest()
        if written:
            self._console.print(Text(f"Notebook: {written}"), soft_wrap=True)

    def _end(self, event: events.RunEnded) -> None:
        self._rest()
        if event.answer:
            self._print(Markdown(strip_terminal_codes(event.answer)))
        else:
            self._say_reply()
        if event.message:
            stopped = event.ending == "stopped"
            self._print(Text(strip_terminal_codes(event.message), style="yellow" if stopped else "red"))
        if spent := cost(event, self._replies):
            self._print(Text(spent, style="dim"))
        self._replies = []

    def _say_reply(self) -> None:
        if self._reply:
            self._print(Markdown(self._reply))
        self._reply = self._streamed = ""

    def _print(self, *lines: RenderableType) -> None:
        for line in lines:
            self._console.print(line)
        self._console.print()

    def _wait(self, words: str) -> None:
        """Show at the bottom what is under way, and for how long."""
        self._words, self._since = words, time.monotonic()
        if self._live is None:
            self._live = Live(
                get_renderable=self._bottom, console=self._console, transient=True, refresh_per_second=8
            )
            self._live.start()
        self._live.refresh()

    def _rest(self) -> None:
        if self._live is not None:
            self._streamed = ""
            self._live.stop()
            self._live = None

    def _bottom(self) -> RenderableType:
        seconds = time.monotonic() - self._since
        self._spinner.text = Text(
            f"{self._words} …" + (f" {seconds:.0f} s" if seconds >= 1 else ""), style="dim"
        )
        if not self._streamed:
            return self._spinner
        # the end of the reply, as much as the terminal can show
        lines = Text(strip_terminal_codes(self._streamed)).wrap(self._console, self._console.width)
        return Group(*lines[-max(1, self._console.height - 3) :], self._spinner)


def prose(reply: events.Reply) -> str:
    """Return what a reply says beside its code."""
    return strip_terminal_codes(spoken(reply.text))


def outcome(event: events.Executed) -> str:
    """Say in a word how a cell went, and how long it took."""
    seconds = f" in {event.seconds:.1f} s" if event.status == "ok" else f" after {event.seconds:.1f} s"
    return OUTCOMES[event.status] + seconds


def cost(event: events.RunEnded, replies: Sequence[events.Reply] = ()) -> str:
    """Say what a run took, and how fast its replies were; nothing, if the model has not said a word."""
    usage = event.usage
    if not usage.completion_tokens:
        return ""
    about = "about " if usage.estimated else ""
    tokens = f"{about}{usage.prompt_tokens + usage.completion_tokens:,} tokens"
    if usage.cached_tokens:
        tokens += f" ({usage.cached_tokens / usage.prompt_tokens:.0%} of the prompts cached)"
    turns = "1 turn" if event.turns == 1 else f"{event.turns} turns"
    return ", ".join(filter(None, [turns, tokens, pace(*replies), f"{event.seconds:.1f} s"]))


def turn_cost(reply: events.Reply) -> str:
    """Say what one reply took."""
    first = reply.first_token_seconds
    if first is None:
        return ""
    about = "about " if reply.usage.estimated else ""
    tokens = f"{about}{reply.usage.completion_tokens:,} tokens"
    return ", ".join(filter(None, [f"first word after {first:.1f} s", tokens, pace(reply)]))


def pace(*replies: events.Reply) -> str:
    """Say how many tokens a second replies had from their first word on, if they are long enough to tell."""
    timed = [reply for reply in replies if reply.first_token_seconds is not None]
    tokens = sum(max(reply.usage.completion_tokens - 1, 0) for reply in timed)
    seconds = sum(reply.seconds - (reply.first_token_seconds or 0.0) for reply in timed)
    return f"{tokens / seconds:.0f} tokens/s" if tokens > 4 and seconds > 0 else ""


def is_waiting(status: EngineStatus) -> bool:
    """Whether a reply waits for an endpoint that is overloaded or lost."""
    return status.state == "busy" and bool(status.message)


def _words(status: EngineStatus) -> str:
    return status.message or f"{status.model}: {status.state}"


def _cell(action: events.Action, took: str = "") -> Panel:
    source = strip_terminal_codes(action.source)
    inside: Any = Markdown(source)
    if action.cell_type == "code":
        inside = Syntax(source, "python", theme="ansi_dark", word_wrap=True, background_color="default")
    return Panel(
        inside,
        title=f"[dim]{action.turn}[/]",
        title_align="left",
        subtitle=f"[dim]{took}[/]" if took else None,
        subtitle_align="right",
        border_style="dim",
    )


def _outcome(event: events.Executed) -> list[RenderableType]:
    word = Text(outcome(event), style=STYLES[event.status])
    shown = strip_terminal_codes(brief(event.outputs, BRIEF)).rstrip()
    return [Padding(Text(shown), (0, 0, 0, 2)), word] if shown else [word]
