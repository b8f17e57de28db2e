"""A run within the cell that asked for it: how it looks in a terminal and in a notebook, and who is asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .. import transcript as t
from ..agent import events
from ..agent.gate.gate import Decision
from ..agent.gate.setting import Approval
from ..approval import ask_person, ask_question, edit_in_editor, nobody
from .session import Frontend
from .threads import call_in

if TYPE_CHECKING:
    from ..models.status import EngineStatus
    from ..options import RunOptions


def can_ask(shell: Any) -> bool:
    """Tell whether somebody is there who could answer a question."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()


def frontend_of(shell: Any, options: RunOptions, *, quiet: bool) -> Frontend:
    """Return how a run is seen in this shell."""
    asks = can_ask(shell)
    kind = QuietFrontend if quiet else InNotebook if hasattr(shell, "kernel") else InTerminal
    return kind(shell, asks, options.approval_where(asks))


class QuietFrontend(Frontend):
    """Shows nothing but questions, in the shell that waits.

    Parameters
    ----------
    shell
        The shell.
    asks
        Whether somebody is there who can be asked.
    approval
        Which cells wait.
    """

    def __init__(self, shell: Any, asks: bool, approval: Approval) -> None:
        super().__init__(approval=approval)
        self._shell, self._asks = shell, asks

    async def ask(self, requested: events.ApprovalRequested, source: str) -> Decision:
        """Ask the user about a cell; where nobody is there, it does not run."""
        if not self._asks:
            return nobody(requested, source)
        decided, rest = await ask_person(self, requested, source)
        if rest:
            self.approval = "never"
        return decided

    async def answer_question(self, asked: events.QuestionAsked) -> str | None:
        """Ask the user what the model wants to know."""
        return await ask_question(self, asked) if self._asks else None

    async def answer(self, question: str) -> str | None:
        """Return what the user types."""
        return await call_in(self.main, lambda: _input(question))

    async def edit(self, source: str) -> str:
        """Let the user edit a cell: in their editor, or line by line where a notebook asks."""
        in_notebook = hasattr(self._shell, "kernel")
        return await call_in(self.main, lambda: (_retyped if in_notebook else _edited)(source))

    async def tell(self, text: str) -> None:
        """Print a line."""
        await call_in(self.main, lambda: print(text))


def _input(question: str) -> str | None:
    try:
        return input(question)
    except (EOFError, NotImplementedError):  # StdinNotImplementedError among them
        return None


def _retyped(source: str) -> str:
    print("Write the cell as it should be; an empty line ends it.")
    lines = list(iter(lambda: _input("") or "", ""))
    return "\n".join(lines) or source


def _edited(source: str) -> str:
    edited = edit_in_editor(source)
    print(edited)
    return edited


class InTerminal(QuietFrontend):
    """A terminal: what is under way at the bottom, until a cell begins to print."""

    def __init__(self, shell: Any, asks: bool, approval: Approval) -> None:
        from rich.console import Console

        from ..terminal import RichDisplay

        super().__init__(shell, asks, approval)
        self._display = RichDisplay(Console(highlight=False), in_shell=True)

    def show(self, event: events.Event) -> None:
        self._display.show(event)

    def status(self, status: EngineStatus) -> None:
        self._display.status(status)


class InNotebook(QuietFrontend):
    """The outputs of a cell: prose and code as Markdown, and between them what the code shows."""

    def __init__(self, shell: Any, asks: bool, approval: Approval) -> None:
        super().__init__(shell, asks, approval)
        self._transcript = t.Transcript()
        self._status = ""

    def show(self, event: events.Event) -> None:
        for block in self._transcript.add(event):
            # The task stands in the cell, and the result shows the answer.
            if not isinstance(block, t.Started | t.Question | t.Ended) and (text := t.markdown(block)):
                self._shell.display_pub.publish({"text/markdown": text, "text/plain": text}, {})

    def status(self, status: EngineStatus) -> None:
        text = t.describe_status(status)
        if text and text != self._status:
            print(text, file=sys.stderr)
        self._status = text or self._status
