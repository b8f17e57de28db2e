"""Everything that can happen in a run, as one event each.

Events are the one truth of a conversation: the journal stores them, the page and the terminal draw them,
and the messages a model gets are read from them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, TypeAdapter

from .contracts import ExecutionStatus, Frozen, NotebookCell, Output, Usage

Ending = Literal["answered", "stopped", "out_of_turns", "out_of_tokens", "out_of_time", "stuck", "failed"]
"""How a run can end. Only ``answered`` is a success."""


def new_id() -> str:
    """Return a fresh identifier for a conversation or a run (12 hexadecimal digits)."""
    return uuid.uuid4().hex[:12]


class BaseEvent(Frozen):
    """What every event carries. ``time`` is Unix time in seconds; ``turn`` counts from 1, 0 is before."""

    conversation: str
    run: str
    turn: int = 0
    time: float = Field(default_factory=time.time)


class Attachment(Frozen):
    """What the user gave along with a task.

    ``name`` is what to call it; ``text`` its content (a cell's source, what was selected, the beginning of a
    file); ``cell_id`` the cell it is or comes from; ``path`` a file, as the kernel can open it; ``image`` a
    picture as a data URI.
    """

    kind: Literal["cell", "selection", "file", "image"]
    name: str
    text: str = ""
    cell_id: str | None = None
    path: str | None = None
    image: str | None = None


class RunStarted(BaseEvent):
    """A task was given. ``system`` is the prompt that the conversation with the model begins with.

    ``replaces`` is an earlier run that the user asked anew: it and all that came after it are no longer part
    of what the model is told.
    """

    type: Literal["run_started"] = "run_started"
    task: str
    notebook: str
    model: str
    system: str
    attachments: list[Attachment] = Field(default_factory=list)
    replaces: str | None = None


class ReplyDelta(BaseEvent):
    """A piece of the reply being written, parsed. Shown as it comes, not stored: `Reply` has the whole.

    ``thinking``, ``prose`` and ``action`` are what is to be added to each. ``restart`` says that the reply
    begins anew with this piece: the model was asked again, or what came so far is read otherwise now.
    """

    type: Literal["reply_delta"] = "reply_delta"
    thinking: str = ""
    prose: str = ""
    action: str = ""
    restart: bool = False


class Reply(BaseEvent):
    """What the model said in one turn.

    ``text`` is the reply as it stays in the model's history, without its thinking; ``thinking`` and ``prose``
    are what frontends show of it, beside the action, which the event `Action` has. ``seconds`` is all of its
    time, ``first_token_seconds`` that until its first word.
    """

    type: Literal["reply"] = "reply"
    text: str
    thinking: str = ""
    prose: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    first_token_seconds: float | None = None
    finish_reason: str | None = None


class Action(BaseEvent):
    """What is put into a cell: the executable part of a reply, as the hooks left it."""

    type: Literal["action"] = "action"
    source: str
    cell_type: Literal["code", "markdown"] = "code"


class ApprovalRequested(BaseEvent):
    """The gate waits for the user's answer on a cell that is written and not run.

    ``sha256`` is that of the source of the `Action` before it.
    """

    type: Literal["approval_requested"] = "approval_requested"
    cell_id: str
    sha256: str
    reasons: list[str] = Field(default_factory=list)


class ApprovalResolved(BaseEvent):
    """What the gate said. ``edited`` is what may run if the user changed the `Action`'s source first.

    ``sha256`` is that of what may run.
    """

    type: Literal["approval_resolved"] = "approval_resolved"
    cell_id: str
    sha256: str
    allowed: bool
    reasons: list[str] = Field(default_factory=list)
    edited: str | None = None


class CellWritten(BaseEvent):
    """The action is in the notebook. ``rewritten`` says that it replaced what was in the cell.

    ``before`` is the whole cell as it was, when the run touches for the first time one that it did not make.
    """

    type: Literal["cell_written"] = "cell_written"
    cell_id: str
    rewritten: bool = False
    before: NotebookCell | None = None


class Executed(BaseEvent):
    """The cell ran. Outputs as nbformat spells them."""

    type: Literal["executed"] = "executed"
    cell_id: str
    status: ExecutionStatus
    outputs: list[Output] = Field(default_factory=list)
    execution_count: int | None = None
    seconds: float = 0.0


class Observation(BaseEvent):
    """What the model is shown next: the task with the notebook around it, or what a turn came to."""

    type: Literal["observation"] = "observation"
    text: str
    images: list[str] = Field(default_factory=list, description="data URIs, for models that see")


class HooksApplied(BaseEvent):
    """These hooks had something to say in this turn, or changed something; `agent.hooks` has them."""

    type: Literal["hooks_applied"] = "hooks_applied"
    hooks: list[str]


class AnswerRejected(BaseEvent):
    """The answer in this turn's reply was not taken, and the model looks again.

    ``message`` tells the user why.
    """

    type: Literal["answer_rejected"] = "answer_rejected"
    message: str


class HistoryCompacted(BaseEvent):
    """The model's window was nearly full: what was before this is told in brief from now on.

    ``room`` is how many characters it may take.
    """

    type: Literal["history_compacted"] = "history_compacted"
    room: int = 4000


class RunUndone(BaseEvent):
    """The cells of ``run`` are as they were before it. ``left`` were changed since, and were left alone."""

    type: Literal["run_undone"] = "run_undone"
    left: list[str] = Field(default_factory=list, description="ids of cells")


class RunEnded(BaseEvent):
    """The run is over. ``message`` is a sentence for the user when there is no answer."""

    type: Literal["run_ended"] = "run_ended"
    ending: Ending
    answer: str = ""
    message: str = ""
    turns: int = 0
    usage: Usage = Usage()
    seconds: float = 0.0


Event = Annotated[
    RunStarted
    | ReplyDelta
    | Reply
    | Action
    | CellWritten
    | ApprovalRequested
    | ApprovalResolved
    | Executed
    | Observation
    | HooksApplied
    | AnswerRejected
    | HistoryCompacted
    | RunEnded
    | RunUndone,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Validates and serialises any event."""


def dump(event: Any) -> str:
    """Return an event as one line of JSON."""
    return EVENT.dump_json(event).decode()


def load(line: str | bytes) -> Any:
    """Read an event back from its line of JSON."""
    return EVENT.validate_json(line)


class Journal(Protocol):
    """The append-only record of what happened in every conversation."""

    def append(self, event: Event) -> int:
        """Store an event durably and return its sequence number."""
        ...

    def events(self, conversation: str, since: int = 0) -> Iterable[Event]:
        """Events of a conversation with a sequence number above ``since``, oldest first."""
        ...
