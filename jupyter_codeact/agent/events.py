"""The events of a run.

Events are the record of a conversation: the journal stores them, the page and the terminal display them, and
the model's messages are built from them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, TypeAdapter

from .contracts import ExecutionStatus, Frozen, NotebookCell, Output, Place, Usage
from .event_parts import Attachment as Attachment
from .event_parts import Claim as Claim
from .event_parts import Taken as Taken
from .run_limits import Guidance
from .tool_servers import ToolServer

Ending = Literal["answered", "stopped", "out_of_turns", "out_of_tokens", "out_of_time", "stuck", "failed"]
"""The ways a run can end. Only ``answered`` is a success."""


def new_id() -> str:
    """Return a new id for a conversation or a run (12 hexadecimal digits)."""
    return uuid.uuid4().hex[:12]


class BaseEvent(Frozen):
    """The fields of every event. ``time`` is Unix time; ``turn`` counts from 1, and 0 is before the first."""

    conversation: str
    run: str
    turn: int = 0
    time: float = Field(default_factory=lambda: time.time())  # looked up each time, as the clock is


class RunStarted(BaseEvent):
    """A run has begun. ``system`` is the system prompt in journals before `ModelDescribed` was recorded.

    ``replaces`` is an earlier run that the user repeats: the model no longer sees that run and what followed.
    ``asked_in`` is the cell whose ``%codeact`` asked for it; ``target`` the cell that the run is to rewrite.
    ``executes`` says that the notebook's own cells run first. ``agent`` is the name of another agent that
    works here itself, through MCP; ``asked_by`` that of one that gave ours the task.
    """

    type: Literal["run_started"] = "run_started"
    task: str
    notebook: str
    model: str
    system: str = ""
    attachments: list[Attachment] = Field(default_factory=list)
    replaces: str | None = None
    asked_in: str | None = None
    target: str | None = None
    executes: bool = False
    agent: str | None = None
    asked_by: str | None = None


class ModelDescribed(BaseEvent):
    """The model is known: its context window in tokens, and the system prompt that it gets from now on."""

    type: Literal["model_described"] = "model_described"
    name: str
    guidance: Guidance
    system: str
    context_window: int | None = None


class ServersConnected(BaseEvent):
    """The user's MCP servers have been started, and their functions defined in the kernel."""

    type: Literal["servers_connected"] = "servers_connected"
    servers: list[ToolServer]


class ReplyDelta(BaseEvent):
    """A parsed part of a streaming reply. It is shown but not stored, because `Reply` has the whole.

    ``thinking``, ``prose`` and ``action`` are to be added to what is shown. ``restart`` says that this part
    replaces it: the model was asked again, or the reply is parsed differently now. ``thinking_tokens`` is
    about how many tokens the thinking has so far; ``prompt_tokens``, which comes alone and first, the prompt.
    """

    type: Literal["reply_delta"] = "reply_delta"
    thinking: str = ""
    prose: str = ""
    action: str = ""
    restart: bool = False
    thinking_tokens: int | None = None
    prompt_tokens: int | None = None


class Reply(BaseEvent):
    """The model's reply in one turn.

    ``text`` is the reply as it stays in the model's history, without its thinking. Frontends show
    ``thinking`` and ``prose``, and the action from the event `Action`. ``seconds`` is its whole duration,
    ``first_token_seconds`` the time to its first token, ``thinking_seconds`` that from the first to the last
    token of its thinking. ``thinking_tokens`` is an estimate unless the usage has ``reasoning_tokens``.
    ``thinking_unopened`` says that a mark closed the thinking that none had opened.
    """

    type: Literal["reply"] = "reply"
    text: str
    thinking: str = ""
    prose: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    first_token_seconds: float | None = None
    thinking_seconds: float | None = None
    thinking_tokens: int | None = None
    thinking_unopened: bool = False
    finish_reason: str | None = None


class PlanStep(Frozen):
    """A step of the model's plan."""

    text: str
    done: bool = False


class PlanChanged(BaseEvent):
    """The model wrote a plan into its reply, as a checklist, or ticked off some of its steps."""

    type: Literal["plan_changed"] = "plan_changed"
    steps: list[PlanStep]


class QuestionAsked(BaseEvent):
    """The model asks the user, and the run waits. ``options`` are the answers that it proposes."""

    type: Literal["question_asked"] = "question_asked"
    question: str
    options: list[str] = Field(default_factory=list)


class QuestionAnswered(BaseEvent):
    """The user's answer to the model's question; ``None`` if nobody can be asked, or wanted to answer."""

    type: Literal["question_answered"] = "question_answered"
    answer: str | None


class Action(BaseEvent):
    """The source of a cell: the executable part of a reply, with the changes of hooks.

    ``is_call`` says that it is no cell, but a call on the notebook: ``notebook.delete("a1b2")``.
    """

    type: Literal["action"] = "action"
    source: str
    cell_type: Literal["code", "markdown"] = "code"
    is_call: bool = False


class ApprovalRequested(BaseEvent):
    """The gate waits for the user's approval of a cell, which is written but has not run.

    ``sha256`` is the hash of the preceding `Action`'s source. If that is a call on the notebook
    (``is_call``), ``cell_id`` is the cell to be deleted or moved.
    """

    type: Literal["approval_requested"] = "approval_requested"
    cell_id: str
    sha256: str
    reasons: list[str] = Field(default_factory=list)
    is_call: bool = False


class ApprovalResolved(BaseEvent):
    """The gate's decision. ``edited`` is the source that may run, if the user changed the `Action`'s.

    ``sha256`` is the hash of the source that may run. ``comment`` is what the user said to the model when
    they skipped the cell.
    """

    type: Literal["approval_resolved"] = "approval_resolved"
    cell_id: str
    sha256: str
    allowed: bool
    reasons: list[str] = Field(default_factory=list)
    edited: str | None = None
    comment: str = ""


class CellWritten(BaseEvent):
    """The action is in the notebook. ``rewritten`` says that it replaced a cell's content.

    ``before`` is the complete earlier cell, when a run first changes a cell that it did not create. ``after``
    is the cell that a new one was put below: empty at the top, ``None`` if unknown.
    """

    type: Literal["cell_written"] = "cell_written"
    cell_id: str
    rewritten: bool = False
    before: NotebookCell | None = None
    after: str | None = None


class CellDeleted(BaseEvent):
    """The action deleted a cell. ``before`` is the complete cell, ``was`` the place where it stood.

    ``name`` is what the user calls it: ``cell [3]``.
    """

    type: Literal["cell_deleted"] = "cell_deleted"
    cell_id: str
    name: str
    before: NotebookCell
    was: Place


class CellMoved(BaseEvent):
    """The action moved a cell from the place where it ``was`` to where it ``now`` is.

    ``name`` is what the user calls it: ``cell [3]``.
    """

    type: Literal["cell_moved"] = "cell_moved"
    cell_id: str
    name: str
    was: Place
    now: Place


class NotebookRead(BaseEvent):
    """The action read the notebook. ``message`` tells the user what was read, in a sentence."""

    type: Literal["notebook_read"] = "notebook_read"
    message: str


class Executed(BaseEvent):
    """The cell ran. ``outputs`` are in nbformat's form; ``exit_code`` as in `Execution`."""

    type: Literal["executed"] = "executed"
    cell_id: str
    status: ExecutionStatus
    outputs: list[Output] = Field(default_factory=list)
    execution_count: int | None = None
    exit_code: int | None = None
    seconds: float = 0.0


class Observation(BaseEvent):
    """The next message to the model: the task with its notebook, or the outcome of a turn."""

    type: Literal["observation"] = "observation"
    text: str
    images: list[str] = Field(default_factory=list, description="data URIs, for models that support images")


class HooksApplied(BaseEvent):
    """These hooks of `agent.hooks` were of use in this turn."""

    type: Literal["hooks_applied"] = "hooks_applied"
    hooks: list[str]


class AnswerRejected(BaseEvent):
    """The answer in this turn's reply was rejected, and the model continues.

    ``message`` tells the user why.
    """

    type: Literal["answer_rejected"] = "answer_rejected"
    message: str


class HistoryCompacted(BaseEvent):
    """The context window was nearly full: from now on the model sees a summary of everything before.

    ``room`` is the summary's size in characters.
    """

    type: Literal["history_compacted"] = "history_compacted"
    room: int = 4000


class RunUndone(BaseEvent):
    """The cells of ``run``, or ``cells`` of it, were restored; those in ``left`` were changed since.

    ``taken`` is what the undo changed, in its order; ``None`` in journals before there was a redo.
    """

    type: Literal["run_undone"] = "run_undone"
    cells: list[str] | None = None
    left: list[str] = Field(default_factory=list, description="ids of cells")
    taken: list[Taken] | None = None


class RunRedone(BaseEvent):
    """What was undone of ``run``, or ``cells`` of it, is back; those in ``left`` were changed since."""

    type: Literal["run_redone"] = "run_redone"
    cells: list[str] | None = None
    left: list[str] = Field(default_factory=list, description="ids of cells")


class RunKept(BaseEvent):
    """The user has looked at the changes of ``run``, or of ``cells`` of it, and keeps them."""

    type: Literal["run_kept"] = "run_kept"
    cells: list[str] | None = None


class RunEnded(BaseEvent):
    """The run has ended. ``message`` is a sentence for the user if there is no answer.

    ``cost`` is what its tokens cost in dollars, if the prices are known; ``claims`` are the values in the
    answer that an output shows, or should have shown.
    """

    type: Literal["run_ended"] = "run_ended"
    ending: Ending
    answer: str = ""
    message: str = ""
    turns: int = 0
    usage: Usage = Usage()
    seconds: float = 0.0
    cost: float | None = None
    claims: list[Claim] = Field(default_factory=list)


Event = Annotated[
    RunStarted
    | ModelDescribed
    | ServersConnected
    | ReplyDelta
    | Reply
    | PlanChanged
    | QuestionAsked
    | QuestionAnswered
    | Action
    | CellWritten
    | CellDeleted
    | CellMoved
    | NotebookRead
    | ApprovalRequested
    | ApprovalResolved
    | Executed
    | Observation
    | HooksApplied
    | AnswerRejected
    | HistoryCompacted
    | RunEnded
    | RunUndone
    | RunRedone
    | RunKept,
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
    """The append-only record of all conversations."""

    def append(self, event: Event) -> int:
        """Store an event durably and return its sequence number."""
        ...

    def events(self, conversation: str, since: int = 0) -> Iterable[Event]:
        """Return a conversation's events with a sequence number above ``since``, oldest first."""
        ...
