"""What the agent needs of the world: a chat model and a notebook; `events` has the third, the journal.

Frontends hand the agent one of each. Everything that crosses such a contract is a frozen pydantic model,
so that the same shape travels over a WebSocket, into the journal and through a test.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Output = dict[str, Any]
"""One output of a cell, exactly as nbformat 4 spells it."""

Message = dict[str, Any]
"""One chat message: ``{"role": ..., "content": str | list of OpenAI content parts}``."""

NotebookCell = dict[str, Any]
"""One whole cell, metadata and all, exactly as nbformat 4 spells it."""


class Frozen(BaseModel):
    """Base of everything that crosses a contract: immutable, and strict about unknown fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), json_schema_serialization_defaults_required=True
    )


class Usage(Frozen):
    """Tokens of one model reply.

    ``cached_tokens`` is the part of ``prompt_tokens`` that a prefix cache served.
    ``estimated`` says that the endpoint did not count and these are our estimates.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        """Return what two replies took together."""
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            estimated=self.estimated or other.estimated,
        )


class Delta(Frozen):
    """A piece of a streamed reply, and what the reply has cost so far, counted or estimated.

    ``thinking`` is what the endpoint itself sets apart as reasoning; thinking that a model writes between
    tags comes as ``text``, and is told apart when the reply is parsed. ``restart`` says that the connection
    was lost and the model was asked again: what came of the reply before no longer counts, and it begins
    anew with this piece.
    """

    text: str = ""
    thinking: str = ""
    restart: bool = False
    usage: Usage | None = None
    finish_reason: str | None = None


class CodeActError(Exception):
    """Something went wrong that the user can understand; its message is a plain sentence for them."""


class ModelError(CodeActError):
    """The model could not be reached, refused, or broke off."""


class TooLongError(ModelError):
    """The conversation is longer than the model's window; nothing of a reply had come."""


class NotebookError(CodeActError):
    """The notebook or its kernel cannot do what was asked of it."""


class Cell(Frozen):
    """A cell as the agent sees it. ``protected``: the user marked it as one never to run or edit."""

    id: str
    cell_type: Literal["code", "markdown", "raw"]
    source: str
    outputs: list[Output] = Field(default_factory=list)
    execution_count: int | None = None
    protected: bool = False


class Kernel(Frozen):
    """The notebook's kernel: its language (``"python"``) and its state in Jupyter's words.

    ``session`` differs from before when the kernel was started anew, so that its variables are gone; empty
    where nobody can tell.
    """

    language: str
    status: str = "idle"
    session: str = ""


class Variable(Frozen):
    """A variable of the user's in the kernel: its type's name, and what can be said of it in a few words.

    Of a function marked as a tool (type ``"tool"``), the summary is its signature and its docstring.
    ``names`` are its columns or keys, the first of them.
    """

    name: str
    type: str
    summary: str = ""
    names: list[str] = Field(default_factory=list)


class NotebookState(Frozen):
    """A notebook at one moment. ``active_cell`` is the id of the cell the user is at, if any.

    ``tools`` are functions that the notebook's metadata proposes (``codeact.tools``, each as
    ``"module:function"``): words for the model, and never a reason to run anything.
    """

    cells: list[Cell] = Field(default_factory=list)
    active_cell: str | None = None
    kernel: Kernel | None = None
    variables: list[Variable] = Field(default_factory=list)
    tools: list[str] = Field(default_factory=list)


ExecutionStatus = Literal["ok", "error", "interrupted", "dead"]


class Execution(Frozen):
    """How running a cell went: nbformat outputs in order, and the time it took in seconds."""

    status: ExecutionStatus
    outputs: list[Output] = Field(default_factory=list)
    execution_count: int | None = None
    seconds: float = 0.0


class ConversationInfo(Frozen):
    """A conversation in a list. ``title`` is what the user called it, else its first task."""

    id: str
    title: str
    created: float
    updated: float
    runs: int


class CellCheck(Frozen):
    """How a cell did in a fresh kernel. ``message`` says in a sentence what is wrong, if anything is."""

    cell_id: str
    state: Literal["waiting", "running", "same", "different", "failed", "not_run"]
    message: str = ""


Guidance = Literal["small", "capable"]
"""How much help a model gets: *small* models get every hook, *capable* ones those that never change code."""


class ModelInfo(Frozen):
    """What is known of a model.

    ``name`` is what to call it when talking to people; ``context_window`` the tokens that a conversation may
    have, ``None`` while unknown; ``supports_images`` whether it is to be sent images; ``thinks`` whether it
    reasons before it replies; ``guidance`` how much help it gets.
    """

    name: str
    context_window: int | None = None
    supports_images: bool = False
    thinks: bool = False
    guidance: Guidance = "small"


class ChatModel(Protocol):
    """A model that continues a conversation."""

    @property
    def info(self) -> ModelInfo:
        """What is known of the model now."""
        ...

    async def describe(self) -> ModelInfo:
        """Return what is known of the model, having asked its endpoint if that may tell more.

        Never raises: an endpoint that does not answer tells nothing, and its replies will say why.
        """
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        stop: Sequence[str] = (),
        max_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
    ) -> AsyncGenerator[Delta, None]:
        """Stream the reply. Closing the generator cancels the request at the engine.

        ``max_tokens`` and ``temperature`` are the endpoint's own where they are ``None``.

        ``tools`` are functions the model may call, as OpenAI's protocol declares them; a call comes as text,
        the way `tool_calls.ToolsFormat.render` writes it.

        Raises
        ------
        ModelError
            With a sentence for the user; nothing of the reply was lost that had been yielded. `TooLongError`
            if the messages do not fit the model's window, which the agent can help.
        """
        ...


class Notebook(Protocol):
    """A notebook with a kernel. Every method may raise `NotebookError` with a sentence for the user."""

    async def state(self, *, brief: bool = False) -> NotebookState:
        """Read the notebook; changes nothing.

        ``brief`` leaves out outputs and variables, and is cheap enough for every turn.
        """
        ...

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a whole cell, as `restore_cell` takes it."""
        ...

    async def restore_cell(self, cell: NotebookCell, *, after: str | None = None) -> None:
        """Put a cell back exactly as it was: source, outputs, execution count and metadata.

        A cell of that id is replaced where it is; otherwise it goes below ``after`` (first if ``None``).
        """
        ...

    async def write_cell(
        self,
        source: str,
        *,
        cell_type: Literal["code", "markdown"] = "code",
        cell_id: str | None = None,
        after: str | None = None,
    ) -> str:
        """Rewrite cell ``cell_id`` in place, or insert one below ``after`` (at the end if ``None``).

        Returns the cell's id. Rewriting clears the cell's outputs. A protected cell is not rewritten.
        """
        ...

    async def run_cell(self, cell_id: str, *, source: str, timeout: float | None = None) -> Execution:
        """Run a cell whose source must equal ``source``; wait until it is done.

        After ``timeout`` seconds the kernel is interrupted and the status is ``"interrupted"``.
        """
        ...

    async def delete_cell(self, cell_id: str) -> None:
        """Remove a cell."""
        ...

    async def interrupt(self) -> None:
        """Interrupt the kernel; a `run_cell` under way then returns by itself."""
        ...

    async def load_tools(self, tools: Sequence[str]) -> None:
        """Define functions (``"module:function"``) in the kernel, leaving no trace but their names.

        They come from the user's configuration only: this runs in the kernel without asking the gate.
        """
        ...
