"""A run on a terminal: what is under way at the bottom, what is done above it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.spinner import Spinner
from rich.syntax import Syntax
from rich.text import Text

from . import transcript as t
from .agent.observations.observe import cut
from .agent.observations.terminal import strip_terminal_codes
from .agent.unicode import valid_text

if TYPE_CHECKING:
    from .agent.events import Event
    from .models.status import EngineStatus

BRIEF = 1500
"""Characters of a cell's outputs that are shown; the notebook has them all."""
BRIEF_THINKING = 300
"""Characters of a reply's thinking that are shown; the journal has it all."""
LINES_OF_THINKING = 3
"""Lines of a reply's thinking that are in sight while it streams."""

STYLES = {"ok": "green", "error": "red", "interrupted": "yellow", "dead": "red"}


class RichDisplay:
    """Draws a run as it goes.

    Parameters
    ----------
    console
        The terminal.
    in_shell
        Whether the run is in the shell that has this terminal: what cells show is on it already, and so will
        be the result.
    """

    def __init__(self, console: Console, *, in_shell: bool = False) -> None:
        self._console, self._in_shell = console, in_shell
        self._transcript = t.Transcript()
        self._activity = ""
        self._waiting_for = ""
        self._since = time.monotonic()
        self._spinner = Spinner("dots", style="dim")
        self._live: Live | None = None

    def show(self, event: Event) -> None:
        """Show an event."""
        blocks = self._transcript.add(event)
        if any(isinstance(block, t.Ended) for block in blocks):
            self._rest()
        for block in blocks:
            if lines := self._drawn(block):
                self._print(*lines)
        self._show_activity(self._transcript.activity)

    def status(self, status: EngineStatus) -> None:
        """Show how far the model is, until it begins to think."""
        if text := t.describe_status(status):
            done = "" if status.progress is None else f" {status.progress:.0%}"
            self._waiting_for = text + done
            self._wait(self._waiting_for)
        elif self._waiting_for:
            self._waiting_for = ""
            self._wait("Thinking")

    def note(self, text: str) -> None:
        """Show a passing remark until something else happens."""
        self._wait(text)

    def executed(self, problems: Sequence[str], summary: str) -> None:
        """Say what came of running the notebook's own cells."""
        self._rest()
        for text in problems:
            self._console.print(Text(valid_text(text), style="yellow"))
        self._console.print(Text(summary, style="dim"))
        self._console.print()
        self._activity = ""
        self._show_activity(self._transcript.activity)

    def close(self, written: Path | None) -> None:
        """Leave the terminal as it should be, and say where the notebook is."""
        self._rest()
        if written:
            self._console.print(Text(f"Notebook: {valid_text(str(written))}"), soft_wrap=True)

    def _show_activity(self, activity: str) -> None:
        if activity == self._activity:
            return
        self._activity = activity
        if activity and not (self._in_shell and activity == "Running"):  # the cell writes where we would
            self._wait(activity)
        else:
            self._rest()

    def _drawn(self, block: t.Block) -> list[RenderableType]:
        match block:
            case t.Started():
                return [Text(f"{block.model} · {block.notebook}", style="dim")]
            case t.Thinking():
                thought = Text(cut(block.text, BRIEF_THINKING), style="dim italic")
                return [Text(block.summary, style="dim"), Padding(thought, (0, 0, 0, 2))]
            case t.Prose():
                return [Markdown(block.text)]
            case t.Code():
                return [_panel(block)]
            case t.NotRun() | t.Remark():
                return [Text(block.text, style="yellow")]
            case t.Ran():
                shown = "" if self._in_shell else block.text(BRIEF)
                word = Text(block.outcome, style=STYLES[block.status])
                return [Padding(Text(shown), (0, 0, 0, 2)), word] if shown else [word]
            case t.Ended() if not self._in_shell:
                return _end(block)
        return []

    def _print(self, *lines: RenderableType) -> None:
        for line in lines:
            self._console.print(line)
        self._console.print()

    def _wait(self, text: str) -> None:
        """Show at the bottom what is under way, and for how long."""
        self._text, self._since = text, time.monotonic()
        if self._live is None:
            self._live = Live(
                get_renderable=self._bottom, console=self._console, transient=True, refresh_per_second=8
            )
            self._live.start()
        self._live.refresh()

    def _rest(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _bottom(self) -> RenderableType:
        seconds = time.monotonic() - self._since
        streamed = self._transcript.streamed
        progress = streamed.progress or (f"{seconds:.0f} s" if seconds >= 1 else "")
        self._spinner.text = Text(f"{self._text} … {progress}".rstrip(), style="dim")
        said = streamed.text
        text = Text(said) if said else Text(strip_terminal_codes(streamed.thinking), style="dim italic")
        if not text:
            return self._spinner
        # the end of the reply, as much as the terminal can show; of the thinking, a few lines
        lines = text.wrap(self._console, self._console.width)
        most = max(1, self._console.height - 3) if said else LINES_OF_THINKING
        return Group(*lines[-most:], self._spinner)


def _panel(code: t.Code) -> Panel:
    inside: Any = Markdown(code.source)
    if code.cell_type == "code":
        inside = Syntax(code.source, "python", theme="ansi_dark", word_wrap=True, background_color="default")
    return Panel(
        inside,
        title=f"[dim]{code.turn}[/]",
        title_align="left",
        subtitle=f"[dim]{code.cost}[/]" if code.cost else None,
        subtitle_align="right",
        border_style="dim",
    )


def _end(ended: t.Ended) -> list[RenderableType]:
    lines: list[RenderableType] = []
    if ended.answer:
        lines += [Markdown(ended.answer), Text()]
    if ended.message:
        lines += [Text(ended.message, style="yellow" if ended.ending == "stopped" else "red"), Text()]
    return [*lines, Text(ended.cost, style="dim")] if ended.cost else lines[:-1]
