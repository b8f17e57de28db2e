"""A run inside the cell that asked for it: how it looks in a terminal and in a notebook, and who is asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..agent import events
from ..agent.gate.gate import Approval, Decision, decision
from ..cli.approve import NOBODY, QUESTION
from ..cli.display import BEFORE_READY, STYLES, RichDisplay, outcome, prose
from .session import Door
from .threads import call_in

if TYPE_CHECKING:
    from ..models.status import EngineStatus


def can_ask(shell: Any) -> bool:
    """Tell whether somebody is there who could answer a question."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()


def door_of(shell: Any, mode: Approval | None, *, quiet: bool) -> Door:
    """Return how a run is seen in this shell; without a mode, risky cells wait where one can be asked."""
    asks = can_ask(shell)
    kind = Quiet if quiet else _Notebook if hasattr(shell, "kernel") else _Terminal
    return kind(shell, asks, mode or ("risky" if asks else "never"))


class Quiet(Door):
    """Shows nothing but questions, in the shell that waits."""

    def __init__(self, shell: Any, asks: bool, mode: Approval) -> None:
        super().__init__(mode=mode)
        self._shell, self._asks = shell, asks

    async def ask(self, asked: events.ApprovalRequested) -> Decision:
        """Ask the user about a cell; where nobody is there, it does not run."""
        if not self._asks:
            return decision(asked.source, allowed=False, reasons=[*asked.reasons, NOBODY])
        decided: Decision = await call_in(self.main, lambda: self._ask(asked))
        return decided

    def _ask(self, asked: events.ApprovalRequested) -> Decision:
        source = asked.source
        if asked.reasons:
            print(f"This cell {'; '.join(asked.reasons)}.")
        while True:
            try:
                answer = input(QUESTION).strip().lower()[:1]
            except (EOFError, NotImplementedError):  # StdinNotImplementedError among them
                return decision(source, allowed=False, reasons=[*asked.reasons, NOBODY])
            if answer == "e":
                source = self._edit(source)
            elif answer == "a":
                self.mode = "never"
                return decision(source, allowed=True)
            elif answer in ("r", "y"):
                return decision(source, allowed=True)
            elif answer in ("s", "n"):
                return decision(source, allowed=False, reasons=["the user skipped it"])

    def _edit(self, source: str) -> str:
        if hasattr(self._shell, "kernel"):
            print("Write the cell as it should be; an empty line ends it.")
            lines = list(iter(lambda: input(""), ""))
            return "\n".join(lines) or source
        import click

        edited = click.edit(source, extension=".py")
        source = source if edited is None else edited.rstrip("\n")
        print(source)
        return source


class _Terminal(Quiet):
    """A terminal: what is under way at the bottom, until a cell begins to print."""

    def __init__(self, shell: Any, asks: bool, mode: Approval) -> None:
        from rich.console import Console

        super().__init__(shell, asks, mode)
        self._display = _Display(Console(highlight=False))

    def show(self, event: events.Event) -> None:
        self._display.show(event)

    def status(self, status: EngineStatus) -> None:
        self._display.status(status)


class _Display(RichDisplay):
    """As on the command line, but what cells show is there already, and the result shows the answer."""

    def show(self, event: events.Event) -> None:
        match event:
            case events.CellWritten() | events.RunEnded():
                self._rest()
            case events.Executed():
                from rich.text import Text

                self._print(Text(outcome(event), style=STYLES[event.status]))
            case _:
                super().show(event)


class _Notebook(Quiet):
    """The outputs of a cell: words and code as Markdown, what the code shows in between."""

    def __init__(self, shell: Any, asks: bool, mode: Approval) -> None:
        super().__init__(shell, asks, mode)
        self._said = ""

    def show(self, event: events.Event) -> None:
        match event:
            case events.Reply():
                self._said = prose(event)
            case events.Action() if event.cell_type == "code":
                self._words()
                self._markdown(f"```python\n{event.source}\n```")
            case events.Action():
                self._words()
                self._markdown(event.source)
            case events.ApprovalResolved() if not event.allowed:
                self._markdown(f"*Not run: {'; '.join(event.reasons)}.*")
            case events.Observation():
                self._words()

    def status(self, status: EngineStatus) -> None:
        words = status.message or f"{status.model}: {status.state}"
        if status.state in BEFORE_READY and words != self._said:
            self._said = words
            print(words, file=sys.stderr)

    def _words(self) -> None:
        if self._said:
            self._markdown(self._said)
        self._said = ""

    def _markdown(self, text: str) -> None:
        self._shell.display_pub.publish({"text/markdown": text, "text/plain": text}, {})
