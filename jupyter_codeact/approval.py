"""Asking a person, in every frontend where one types: whether a cell may run, and what the model asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .agent.events import ApprovalRequested, QuestionAsked
from .agent.gate.gate import ApprovalGate, Decision, decision
from .agent.gate.setting import Approval, is_earlier_spelling, read_approval

QUESTION = "Run this cell? [r]un, [e]dit, [s]kip, run [a]ll from now on: "
ANSWER = "Your answer (Enter lets the model decide): "
CALL_QUESTION = "Allow it? [y]es, [n]o, [a]ll from now on: "
NOBODY = "nobody is there to approve it"
SKIPPED = "the user skipped it"
RENAMED = "{old} is now called {new}."
"""What a user is told who uses a name of the first release."""


class Approver(Protocol):
    """Decides about the cells that wait, and answers questions of the model.

    ``approval``, which says which cells wait, may change during a run.
    """

    approval: Approval

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Decide about a cell that waits."""
        ...

    async def answer_question(self, asked: QuestionAsked) -> str | None:
        """Return the user's answer to a question of the model; ``None`` if nobody can be asked."""
        ...


class Person(Protocol):
    """Somebody who can be asked, one line at a time."""

    async def answer(self, question: str) -> str | None:
        """Return the line typed at a question; ``None`` when nobody is there any more."""
        ...

    async def edit(self, source: str) -> str:
        """Return what the person made of a cell's source."""
        ...

    async def tell(self, text: str) -> None:
        """Show a line of text."""
        ...


def gate_for(approver: Approver, folder: Path | str) -> ApprovalGate:
    """Return a gate that asks ``approver``; files may be written in ``folder`` without asking."""
    return ApprovalGate(lambda: approver.approval, approver.ask, folder)


async def ask_person(person: Person, requested: ApprovalRequested, source: str) -> tuple[Decision, bool]:
    """Ask whether a cell that is shown already may run.

    Returns
    -------
    Decision
        What the person decided.
    bool
        Whether they want to be asked no more in this run.
    """
    if requested.reasons:
        what = "This call" if requested.is_call else "This cell"
        await person.tell(f"{what} {'; '.join(requested.reasons)}.")
    while (line := await person.answer(CALL_QUESTION if requested.is_call else QUESTION)) is not None:
        match line.strip().lower()[:1]:
            case "e" if not requested.is_call:
                source = await person.edit(source)
            case "a":
                return decision(source, allowed=True), True
            case "r" | "y":
                return decision(source, allowed=True), False
            case "s" | "n":
                return skipped(source), False
    return nobody(requested, source), False


async def ask_question(person: Person, asked: QuestionAsked) -> str | None:
    """Ask what the model wants to know; the number of a proposed answer stands for it."""
    await person.tell(asked.question)
    for number, option in enumerate(asked.options, 1):
        await person.tell(f"  {number}. {option}")
    line = await person.answer(ANSWER)
    line = (line or "").strip()
    if line.isdecimal() and 1 <= int(line) <= len(asked.options):
        return asked.options[int(line) - 1]
    return line or None


def skipped(source: str) -> Decision:
    """Return the decision of a user who does not want a cell to run."""
    return decision(source, allowed=False, reasons=[SKIPPED])


def nobody(requested: ApprovalRequested, source: str) -> Decision:
    """Return the decision on a cell that waits where nobody can be asked: it does not run."""
    return decision(source, allowed=False, reasons=[*requested.reasons, NOBODY])


def edit_in_editor(source: str) -> str:
    """Let the user edit a source in their editor (``$VISUAL`` or ``$EDITOR``)."""
    import click

    edited = click.edit(source, extension=".py")
    return source if edited is None else edited.rstrip("\n")


def understand(word: str, note: Callable[[str], None]) -> Approval:
    """Return the approval that a user named; ``note`` is told the new name of an earlier one.

    Raises
    ------
    ValueError
        With a sentence for the user, if it names none.
    """
    approval = read_approval(word)
    if is_earlier_spelling(word):
        note(RENAMED.format(old=f"approval “{word}”", new=f"“{approval}”"))
    return approval
