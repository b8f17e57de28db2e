"""Every message between a page and the server, on one WebSocket.

``src/protocol.ts`` is generated from this file (``make protocol``); a test fails when the two differ.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from .agent.contracts import Execution, Frozen, NotebookState
from .agent.events import Event


class Open(Frozen):
    """The page shows a notebook; the server answers with `History`.

    Sent again whenever the notebook is renamed, or its kernel changes or restarts. ``kernel_id`` is
    ``None`` without a kernel.
    """

    type: Literal["open"] = "open"
    notebook: str = Field(description="path in Jupyter's contents, which names the notebook on this socket")
    kernel_id: str | None = None


class Close(Frozen):
    """The page no longer shows a notebook."""

    type: Literal["close"] = "close"
    notebook: str


class Ask(Frozen):
    """The user gives a task for a notebook this page has open."""

    type: Literal["ask"] = "ask"
    notebook: str
    task: str


class Stop(Frozen):
    """The user stops the run of a notebook."""

    type: Literal["stop"] = "stop"
    notebook: str


class NewConversation(Frozen):
    """The user starts afresh; the old conversation stays in the journal."""

    type: Literal["new_conversation"] = "new_conversation"
    notebook: str


class Done(Frozen):
    """The page did what a command asked. Which field is set depends on the command's ``op``."""

    type: Literal["done"] = "done"
    id: int
    state: NotebookState | None = None
    cell_id: str | None = None
    execution: Execution | None = None


class Failed(Frozen):
    """The page could not do what a command asked; ``message`` is a sentence for the user.

    ``running`` says that the kernel may still be at the cell, and that nobody sees any more what it does.
    """

    type: Literal["failed"] = "failed"
    id: int
    message: str
    running: bool = False


FromPage = Annotated[Open | Close | Ask | Stop | NewConversation | Done | Failed, Field(discriminator="type")]


class History(Frozen):
    """All events so far of the notebook's conversation, and whether a run is under way."""

    type: Literal["history"] = "history"
    notebook: str
    conversation: str
    events: list[Event]
    running: bool


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
    """How the model is. ``progress`` is 0 to 1 while downloading or loading and known, else ``None``."""

    type: Literal["model_status"] = "model_status"
    model: str
    state: Literal["absent", "downloading", "loading", "ready", "busy", "stopped", "failed"]
    progress: float | None = None
    message: str = ""


class ReadState(Frozen):
    """Command: read the notebook. Answered by `Done` with ``state``."""

    type: Literal["read_state"] = "read_state"
    id: int
    notebook: str


class WriteCell(Frozen):
    """Command: rewrite ``cell_id`` in place, or insert below ``after`` (at the end if ``None``).

    Answered by `Done` with ``cell_id``. Must not move focus, selection or scroll of a user at work elsewhere.
    """

    type: Literal["write_cell"] = "write_cell"
    id: int
    notebook: str
    source: str
    cell_type: Literal["code", "markdown"] = "code"
    cell_id: str | None = None
    after: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict, description="for information only, never obeyed")


class RunCell(Frozen):
    """Command: run the cell if its source is still exactly ``source``.

    Answered by `Done` with ``execution`` once the cell is done.
    """

    type: Literal["run_cell"] = "run_cell"
    id: int
    notebook: str
    cell_id: str
    source: str


class DeleteCell(Frozen):
    """Command: remove a cell. Answered by `Done`."""

    type: Literal["delete_cell"] = "delete_cell"
    id: int
    notebook: str
    cell_id: str


Command = ReadState | WriteCell | RunCell | DeleteCell
FromServer = Annotated[
    History | Happened | Refused | ModelStatus | ReadState | WriteCell | RunCell | DeleteCell,
    Field(discriminator="type"),
]

FROM_PAGE: TypeAdapter[FromPage] = TypeAdapter(FromPage)
FROM_SERVER: TypeAdapter[FromServer] = TypeAdapter(FromServer)


def schema() -> dict[str, Any]:
    """Return one JSON schema with a property each for what the page sends and what the server sends."""
    roots, definitions = TypeAdapter.json_schemas(
        [("FromPage", "serialization", FROM_PAGE), ("FromServer", "serialization", FROM_SERVER)],
        ref_template="#/$defs/{model}",
    )
    properties = {name: root | {"title": name} for (name, _), root in roots.items()}
    for definition in definitions["$defs"].values():
        for field in definition.get("properties", {}).values():
            field.pop("title", None)  # or every field would become a TypeScript type of its own
    return {
        "title": "Protocol",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **definitions,
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
