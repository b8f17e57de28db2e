"""What the server says to a page, its commands included."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ..agent.contracts import CellCheck, ConversationInfo, Frozen
from ..agent.events import Event
from ..agent.gate import Mode
from .commands import DeleteCell, ReadCell, ReadState, RestoreCell, RunCell, WriteCell


class History(Frozen):
    """All events so far of the notebook's conversation, and whether a run is under way."""

    type: Literal["history"] = "history"
    notebook: str
    conversation: str
    events: list[Event]
    running: bool
    mode: Mode = "auto"


class Happened(Frozen):
    """An event of the notebook's conversation, as it happens."""

    type: Literal["happened"] = "happened"
    notebook: str
    event: Event


class Refused(Frozen):
    """The server could not take a message; ``message`` is a sentence for the user."""

    type: Literal["refused"] = "refused"
    notebook: str
    message: str


class ModelStatus(Frozen):
    """How the model is. ``progress`` is 0 to 1 while downloading or loading and known, else ``None``.

    ``where`` is what runs it and on what, as in "llama.cpp on 2 CPU cores".
    """

    type: Literal["model_status"] = "model_status"
    model: str
    state: Literal["absent", "downloading", "loading", "ready", "busy", "stopped", "failed"]
    progress: float | None = None
    message: str = ""
    where: str = ""


class ModeIs(Frozen):
    """Which cells wait for approval in the notebook from now on."""

    type: Literal["mode_is"] = "mode_is"
    notebook: str
    mode: Mode


class ConversationList(Frozen):
    """The notebook's conversations, the newest first."""

    type: Literal["conversation_list"] = "conversation_list"
    notebook: str
    conversations: list[ConversationInfo]


class Checking(Frozen):
    """How far a check is. ``holds`` is ``None`` until it is over; ``message`` sums it up."""

    type: Literal["checking"] = "checking"
    notebook: str
    cells: list[CellCheck]
    holds: bool | None = None
    message: str = ""


class ModelChoice(Frozen):
    """A model the user can choose. ``fits`` says in words whether and how well it runs here."""

    id: str
    name: str
    kind: Literal["auto", "catalog", "file", "endpoint"]
    where: str = Field("", description="the endpoint's address, or what runs it")
    detail: str = ""
    present: bool = True
    fits: str = ""
    has_key: bool = False


class ModelList(Frozen):
    """What can be chosen, and what is."""

    type: Literal["model_list"] = "model_list"
    choices: list[ModelChoice]
    chosen: str = Field(description="id of a choice")


FromServer = Annotated[
    History
    | Happened
    | Refused
    | ModeIs
    | ConversationList
    | Checking
    | ModelStatus
    | ModelList
    | ReadState
    | ReadCell
    | WriteCell
    | RestoreCell
    | RunCell
    | DeleteCell,
    Field(discriminator="type"),
]

FROM_SERVER: TypeAdapter[FromServer] = TypeAdapter(FromServer)
