"""What a hook is: one kind of help for the model, with state of its own, called at fixed points of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Protocol

from ..contracts import Execution, Output, Variable
from ..events import Event
from ..replies.reply import ParsedReply
from ..source import normalized

Group = Literal["repetition", "names", "imports", "tools", "results", "answers", "nudges"]


class RunView(Protocol):
    """What a hook may know of its run."""

    @property
    def id(self) -> str:
        """The run's id."""
        ...

    @property
    def task(self) -> str:
        """What the user asked for."""
        ...

    @property
    def events(self) -> Sequence[Event]:
        """Everything that has happened in the conversation, this run included."""
        ...

    @property
    def turn(self) -> int:
        """The turn under way, from 1."""
        ...

    @property
    def last_turn(self) -> int:
        """The turn after which the budget is spent."""
        ...

    @property
    def tools(self) -> frozenset[str]:
        """Names of functions that are there for the work, but for those that the task itself names."""
        ...


@dataclass(frozen=True)
class Opening:
    """The message that opens a run: the task, and the functions that are there for the work."""

    task: str
    tools: Sequence[Variable] = ()


@dataclass(frozen=True)
class Resample:
    """Ask the model again, or ask it differently in the first place.

    ``temperature`` is that of the next attempt; ``hide_failed`` leaves cells that failed in this run out of
    the messages; ``note`` is added to the last message.
    """

    temperature: float
    hide_failed: bool = False
    note: str = ""


@dataclass(frozen=True)
class ProposedCell:
    """A code cell about to be written. ``corrects`` is the source of the failed cell that it replaces.

    ``notes`` say why it is no longer what the model wrote; without one, the model is not told.
    """

    source: str
    corrects: str | None = None
    notes: tuple[str, ...] = ()

    def changed(self, source: str, note: str = "") -> ProposedCell:
        """Return the cell with another source, and the reason if the model is to know."""
        return replace(self, source=source, notes=(*self.notes, *([note] if note else [])))


@dataclass(frozen=True)
class Reject:
    """Do not run the cell, or do not take the answer. ``reason`` is for the user, ``told`` for the model."""

    reason: str
    told: str


@dataclass(frozen=True)
class RanCell:
    """A cell that was written and, if it is code, run.

    ``execution`` is ``None`` for a text cell. ``variables`` are those in the kernel; they are read when the
    cell failed or showed nothing.
    """

    source: str
    execution: Execution | None
    variables: Sequence[Variable] = ()

    @property
    def outputs(self) -> list[Output]:
        """What it showed."""
        return self.execution.outputs if self.execution else []

    @property
    def error(self) -> Output | None:
        """The error it failed with, as nbformat spells it; ``None`` if there is none."""
        if self.execution is None or self.execution.status != "error":
            return None
        return next((one for one in reversed(self.outputs) if one["output_type"] == "error"), None)


@dataclass(frozen=True)
class TurnOutcome:
    """What came of a turn: ``source`` is the code cell it asked for, if any, and ``ran`` whether that ran.

    ``told`` is what the model is told, ``errors`` the errors of the cell, in words.
    """

    told: str
    source: str | None = None
    ran: bool = False
    refused: bool = False
    errors: tuple[str, ...] = field(default=())

    @property
    def marks(self) -> list[str]:
        """What a repetition of this turn would have in common with it."""
        if self.source is None or self.refused:
            return [self.told]
        return [normalized(self.source), *self.errors]


class Hook:
    """Helps the model at the points of a run whose methods it overrides. One instance serves one run.

    Hooks are asked in the order in which the agent has them, which is their priority. A hook's docstring is
    its line in the documentation.

    Parameters
    ----------
    run : RunView
        The run it serves.
    """

    name: ClassVar[str]
    """What the configuration and `jupyter codeact eval run --without` call it."""
    group: ClassVar[Group]
    """What kind of help it is; ``--without`` takes a group, too."""
    for_capable: ClassVar[bool] = False
    """Whether capable models get it: only what never changes code, and does not steer them."""

    def __init__(self, run: RunView) -> None:
        self.run = run

    def on_prompt(self, opening: Opening) -> str | None:
        """Return what to add to the message that opens the run."""

    def before_reply(self) -> Resample | None:
        """Return how to ask for the next reply, if not as usual."""

    def on_reply(self, reply: ParsedReply) -> Resample | ParsedReply | None:
        """Return how to ask once more, or the reply to take, as it is or changed; the first answer counts."""

    def before_cell(self, cell: ProposedCell) -> ProposedCell | Reject | None:
        """Return the cell as it should run, or why it should not."""

    def after_cell(self, cell: RanCell) -> str | None:
        """Return what to tell the model beside what the cell showed."""

    def after_turn(self, outcome: TurnOutcome) -> str | None:
        """Return what to tell the model at the end of a turn, whatever came of it.

        Raises
        ------
        Ended
            To end the run.
        """

    def on_answer(self, answer: str) -> Reject | None:
        """Return why the answer should not be taken; heeded once in a run, and not in its last turn."""
