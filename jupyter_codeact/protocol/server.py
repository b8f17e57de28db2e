"""What the server says to a page, its commands included."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ..agent.contracts import CellCheck, ConversationInfo, Frozen, Variable
from ..agent.events import Event
from ..agent.gate.setting import Approval
from ..agent.project import Project
from .commands import DeleteCell, MoveCell, ReadCell, ReadState, RestoreCell, RunCell, WriteCell
from .preferences import Preferences


class History(Frozen):
    """All events so far of the notebook's conversation, and whether a run is under way."""

    type: Literal["history"] = "history"
    notebook: str
    conversation: str
    events: list[Event]
    running: bool
    approval: Approval
    approval_for_run: bool


class EventMessage(Frozen):
    """An event of the notebook's conversation, as it happens."""

    type: Literal["event"] = "event"
    notebook: str
    event: Event


class Refused(Frozen):
    """The server could not do what the request ``id`` asked; ``message`` is a sentence for the user.

    ``id`` is ``None`` when the sentence answers no request: a message that could not be read, or a warning.
    """

    type: Literal["refused"] = "refused"
    id: str | None
    notebook: str
    message: str


class ModelStatus(Frozen):
    """How the model is. ``progress`` is 0 to 1 while downloading or loading and known, else ``None``.

    ``where`` is what runs it and on what, as in "llama.cpp on 2 CPU cores". ``needs_key`` says that an
    endpoint refused its key, or wants one.
    """

    type: Literal["model_status"] = "model_status"
    model: str
    state: Literal["absent", "downloading", "loading", "ready", "busy", "stopped", "failed"]
    progress: float | None = None
    message: str = ""
    where: str = ""
    needs_key: bool = False


class ApprovalChanged(Frozen):
    """Which cells wait for approval in the notebook from now on; ``for_run``: in the run under way alone."""

    type: Literal["approval_changed"] = "approval_changed"
    notebook: str
    approval: Approval
    for_run: bool


class ConversationList(Frozen):
    """The notebook's conversations, the newest first."""

    type: Literal["conversation_list"] = "conversation_list"
    notebook: str
    conversations: list[ConversationInfo]


class ConversationFile(Frozen):
    """A conversation as a page to read, in Markdown."""

    type: Literal["conversation_file"] = "conversation_file"
    notebook: str
    conversation: str
    name: str = Field(description="a name for the file")
    text: str


class InstructionList(Frozen):
    """The instructions and skills that hold for a notebook, besides the user's own."""

    type: Literal["instruction_list"] = "instruction_list"
    notebook: str
    project: Project


class VariableList(Frozen):
    """The user's variables in a notebook's kernel; none while it is busy."""

    type: Literal["variable_list"] = "variable_list"
    notebook: str
    variables: list[Variable]


class ServerState(Frozen):
    """An MCP server that a notebook's runs use.

    ``what`` is the command that is started, or the address; no secret is in it. ``module`` is its name in the
    kernel, empty before it was started for a run; ``destructive`` are those of its ``tools`` that may change
    or delete something.
    """

    name: str
    what: str
    origin: Literal["configuration", "settings", "file"]
    module: str = ""
    tools: list[str] = Field(default_factory=list)
    destructive: list[str] = Field(default_factory=list)
    problem: str = ""


class ServerProposal(Frozen):
    """MCP servers that a file beside the notebook names, and that are not started before the user says so.

    ``servers`` has what would be started or reached, by name; ``digest`` stands for exactly this content.
    """

    file: str
    digest: str
    servers: dict[str, str]


class ServerList(Frozen):
    """The MCP servers of a notebook, and what could not be read of where they are named."""

    type: Literal["server_list"] = "server_list"
    notebook: str
    servers: list[ServerState]
    problems: list[str]
    proposal: ServerProposal | None = None


class Checking(Frozen):
    """How far a check is. ``reproduces`` is ``None`` until it is over; ``message`` sums it up."""

    type: Literal["checking"] = "checking"
    notebook: str
    cells: list[CellCheck]
    reproduces: bool | None = None
    message: str = ""


class ModelChoice(Preferences):
    """A model the user can choose.

    ``runs`` tells whether it runs here, ``fits`` in words how, or why not. A model of the catalogue has a
    ``size`` for people and a ``licence``; one that is not ``present`` is downloaded when it is chosen.
    ``suggested`` is the best of them for this machine. A ``tuned`` one was trained on this machine: from
    which model, its ``base`` tells.
    What is set for it is that of an endpoint or of a model of this machine; ``models`` has what is set for
    single models of an endpoint, by their names.
    """

    id: str
    name: str
    kind: Literal["auto", "catalog", "file", "tuned", "endpoint"]
    where: str = Field("", description="the endpoint's address, or what runs it")
    detail: str = ""
    present: bool = True
    runs: bool = True
    fits: str = ""
    size: str = ""
    licence: str = ""
    suggested: bool = False
    base: str = Field("", description="id of the choice that a tuned model was made of")
    has_key: bool = False
    models: dict[str, Preferences] = Field(default_factory=dict)


class ModelList(Frozen):
    """What can be chosen, and what is."""

    type: Literal["model_list"] = "model_list"
    choices: list[ModelChoice]
    chosen: str = Field(description="id of a choice")


class EndpointTested(Frozen):
    """The endpoint that the request ``id`` asked about answers; ``models`` are those that it lists."""

    type: Literal["endpoint_tested"] = "endpoint_tested"
    id: str
    models: list[str]


FromServer = Annotated[
    History
    | EventMessage
    | Refused
    | ApprovalChanged
    | ConversationList
    | ConversationFile
    | InstructionList
    | VariableList
    | ServerList
    | Checking
    | ModelStatus
    | ModelList
    | EndpointTested
    | ReadState
    | ReadCell
    | WriteCell
    | RestoreCell
    | RunCell
    | DeleteCell
    | MoveCell,
    Field(discriminator="type"),
]

FROM_SERVER: TypeAdapter[FromServer] = TypeAdapter(FromServer)
