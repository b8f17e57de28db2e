"""The interface of hooks: each is one kind of help for the model, called at fixed points of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Protocol

from ..contracts import Execution, Output, Variable
from ..events import Event
from ..replies.reply import ParsedReply
from ..source import normalized

Group = Literal["repetition", "names", "imports", "tools", "results", "answers", "nudges"]


_DATA_FILE = re.compile(
    r"[\w-]\.(?:csv|tsv|xlsx?|parquet|feather|jsonl?|sqlite3?|db|txt|h5|pkl|npy|npz)\b", re.IGNORECASE
)
_RUN_NOTHING = re.compile(
    r"\b(?:(?:change|run|execute) nothing\b(?! (?:else|more|but))"
    r"|(?:do not|don.t) (?:run|execute) (?:anything|any code|code)\b(?! (?:else|more|but))"
    r"|without (?:running|executing) (?:anything|any code|code)\b)"
    r"|\A\W*(?:please )?(?:only|just) explain\b",
    re.IGNORECASE,
)
"""How a user says that no code is to be run."""
_WORD = re.compile(r"[^\W\d]\w*")


class RunView(Protocol):
    """A hook's view of its run."""

    @property
    def id(self) -> str:
        """The run's id."""
        ...

    @property
    def task(self) -> str:
        """The user's request."""
        ...

    @property
    def events(self) -> Sequence[Event]:
        """All events of the conversation, those of this run included."""
        ...

    @property
    def turn(self) -> int:
        """The current turn, counted from 1."""
        ...

    @property
    def last_turn(self) -> int:
        """The last turn that the budget allows."""
        ...

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools, except those that the task itself mentions."""
        ...

    @property
    def servers(self) -> frozenset[str]:
        """The names in the kernel that have the functions of MCP servers."""
        ...


@dataclass(frozen=True)
class Opening:
    """The message that opens a run: the task, the variables in the kernel, and the tools among them.

    ``files`` are the names of files beside the notebook.
    """

    task: str
    variables: Sequence[Variable] = ()
    tools: Sequence[Variable] = ()
    files: Sequence[str] = ()

    @property
    def forbids_code(self) -> bool:
        """Whether the user wants no code to be run."""
        return _RUN_NOTHING.search(self.task) is not None

    @property
    def names_data(self) -> bool:
        """Whether the task names a data file, a variable, or a column or key of one."""
        known = {name for variable in self.variables for name in (variable.name, *variable.names)}
        return bool(_DATA_FILE.search(self.task) or known & set(_WORD.findall(self.task)))


@dataclass(frozen=True)
class Resample:
    """How to ask the model, again or for the first time.

    ``temperature`` is that of the next attempt, by default the run's; ``hide_failed`` hides this run's
    failed cells from the model; ``note`` is added to the last message.
    """

    temperature: float | None = None
    hide_failed: bool = False
    note: str = ""


@dataclass(frozen=True)
class ProposedCell:
    """A code cell about to be written. ``corrects`` is the source of the failed cell that it replaces.

    ``notes`` tell the model why hooks changed its code; without a note, the model is not told.
    """

    source: str
    corrects: str | None = None
    notes: tuple[str, ...] = ()

    def changed(self, source: str, note: str = "") -> ProposedCell:
        """Return the cell with another source, and with a note if the model is to be told."""
        return replace(self, source=source, notes=(*self.notes, *([note] if note else [])))


@dataclass(frozen=True)
class Reject:
    """A refusal of a cell or an answer: ``reason`` is for the user, ``message`` for the model."""

    reason: str
    message: str


@dataclass(frozen=True)
class RanCell:
    """A cell that was written and, if it is code, run.

    ``execution`` is ``None`` for a text cell. ``variables`` are those in the kernel; they are only read if
    the cell failed, showed nothing, or hides values (`source.hides_values`).
    """

    source: str
    execution: Execution | None
    variables: Sequence[Variable] = ()

    @property
    def outputs(self) -> list[Output]:
        """The outputs of the cell."""
        return self.execution.outputs if self.execution else []

    @property
    def failed(self) -> bool:
        """Whether the kernel says that the cell failed; its outputs need not show an error."""
        return self.execution is not None and self.execution.status == "error"

    @property
    def error(self) -> Output | None:
        """The error output of a failed cell, in nbformat's form, if it has one."""
        if not self.failed:
            return None
        return next((output for output in reversed(self.outputs) if output["output_type"] == "error"), None)


@dataclass(frozen=True)
class TurnOutcome:
    """The outcome of a turn: the ``source`` of its code cell, if it has one, and whether that ``ran``.

    ``message`` is for the model; ``errors`` are the cell's errors, as text.
    """

    message: str
    source: str | None = None
    ran: bool = False
    refused: bool = False
    errors: tuple[str, ...] = field(default=())

    @property
    def fingerprints(self) -> list[str]:
        """What a repetition of this turn would share with it."""
        if self.source is None or self.refused:
            return [self.message]
        return [normalized(self.source), *self.errors]


class Hook:
    """Base class of hooks, which help the model at certain points of a run. An instance serves one run.

    Hooks are called in the order in which the agent has them: that is their priority. A hook's docstring is
    its entry in the documentation.

    Parameters
    ----------
    run : RunView
        The run it serves.
    """

    name: ClassVar[str]
    """Its name in the configuration and for `jupyter codeact eval run --without`."""
    group: ClassVar[Group]
    """The kind of help it gives; ``--without`` accepts groups too."""
    for_capable: ClassVar[bool] = False
    """Whether capable models get it: only if it never changes code."""

    def __init__(self, run: RunView) -> None:
        self.run = run

    def on_prompt(self, opening: Opening) -> str | None:
        """Return text to add to the message that opens the run."""

    def before_reply(self) -> Resample | None:
        """Return how to ask for the next reply, if not in the usual way."""

    def on_reply(self, reply: ParsedReply) -> Resample | ParsedReply | None:
        """Return how to ask again, or the reply to accept, changed or not. The first hook's result counts."""

    def before_cell(self, cell: ProposedCell) -> ProposedCell | Reject | None:
        """Return a changed cell, or a refusal."""

    def after_cell(self, cell: RanCell) -> str | None:
        """Return text to add to the observation of the cell."""

    def after_turn(self, outcome: TurnOutcome) -> str | None:
        """Return text to add to the message at the end of a turn, whatever its outcome.

        Raises
        ------
        Ended
            To end the run.
        """

    def on_answer(self, answer: str) -> Reject | None:
        """Return a refusal of the answer. It counts once in a run and not in the last turn."""
