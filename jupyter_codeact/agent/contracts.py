"""The interfaces that the agent works with: a chat model and a notebook. The journal's is in `events`.

Everything that crosses these interfaces is a frozen pydantic model, so that it has one form over a WebSocket,
in the journal and in tests.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from .run_limits import Guidance

Output = dict[str, Any]
"""One output of a cell, in the form of nbformat 4."""

Message = dict[str, Any]
"""One chat message: ``{"role": ..., "content": str | list of OpenAI content parts}``."""

NotebookCell = dict[str, Any]
"""A complete cell with its metadata, in the form of nbformat 4."""


class Frozen(BaseModel):
    """Base class of everything that crosses an interface: immutable, without unknown fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), json_schema_serialization_defaults_required=True
    )


class Usage(Frozen):
    """The tokens of a model's reply.

    ``cached_tokens`` is the part of ``prompt_tokens`` that a prefix cache served; ``reasoning_tokens`` the
    part of ``completion_tokens`` that was thinking, ``None`` if the endpoint does not say. ``estimated`` says
    that the endpoint did not count tokens, so that the numbers are estimates.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int | None = None
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        """Return the sum of two replies' tokens."""
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            reasoning_tokens=_sum(self.reasoning_tokens, other.reasoning_tokens),
            estimated=self.estimated or other.estimated,
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


class Delta(Frozen):
    """A chunk of a streamed reply, with the usage so far, counted or estimated.

    ``thinking`` is what the endpoint itself marks as reasoning; thinking between tags comes as ``text``, and
    is separated when the reply is parsed. ``restart`` says that the connection was lost and the model was
    asked again: the reply begins again with this chunk, and all earlier chunks are void.
    """

    text: str = ""
    thinking: str = ""
    restart: bool = False
    usage: Usage | None = None
    finish_reason: str | None = None


class CodeActError(Exception):
    """An error that the user can understand; its message is a plain sentence for them."""


class ModelError(CodeActError):
    """The model could not be reached, refused the request, or broke off."""


class TooLongError(ModelError):
    """The conversation does not fit the model's context window; no reply has begun."""


class NotebookError(CodeActError):
    """The notebook or its kernel cannot do what it was asked to do."""


class Cell(Frozen):
    """A cell as the agent sees it. ``protected`` says that the user marked it as never to run or edit."""

    id: str
    cell_type: Literal["code", "markdown", "raw"]
    source: str
    outputs: list[Output] = Field(default_factory=list)
    execution_count: int | None = None
    protected: bool = False


class Kernel(Frozen):
    """The notebook's kernel: its language (``"python"``), and its status in Jupyter's terms.

    ``session`` changes when the kernel restarts and loses its variables; it is empty if that is unknown.
    """

    language: str
    status: str = "idle"
    session: str = ""


class Variable(Frozen):
    """A variable in the kernel: its name, the name of its type, and a short summary.

    For a function marked as a tool (type ``"tool"``), the summary is its signature and docstring. ``names``
    are its first columns or keys.
    """

    name: str
    type: str
    summary: str = ""
    names: list[str] = Field(default_factory=list)


RESERVED_NAMES = ("notebook", "ask_user")
"""Names that the agent gives a meaning in an action, unless the user has defined them.

A kernel therefore always tells of variables with these names, however many others there are.
"""


class NotebookState(Frozen):
    """The state of a notebook. ``active_cell`` is the id of the user's active cell, if there is one.

    ``variables`` is ``None`` if they are unknown: a busy kernel cannot tell.
    ``tools`` are functions that the notebook's metadata proposes (``codeact.tools``, each as
    ``"module:function"``): text for the model, and never a reason to run anything. ``name`` is that of the
    notebook's file, ``files`` are those beside it; ``previews`` tell what is in those that the task names.
    """

    cells: list[Cell] = Field(default_factory=list)
    active_cell: str | None = None
    kernel: Kernel | None = None
    variables: list[Variable] | None = Field(default_factory=list)
    tools: list[str] = Field(default_factory=list)
    name: str = ""
    files: list[str] = Field(default_factory=list)
    previews: dict[str, str] = Field(default_factory=dict)


class Place(Frozen):
    """The place of a cell: the ids of the cells above and below it, ``None`` at an end of the notebook."""

    above: str | None = None
    below: str | None = None


ExecutionStatus = Literal["ok", "error", "interrupted", "dead"]


class Execution(Frozen):
    """The result of running a cell: its outputs in nbformat's form, in order, and its duration in seconds.

    ``status`` is the kernel's word, whatever the outputs look like. ``exit_code`` is that of the cell's last
    shell command (``!ls``), if it failed: to the kernel, such a cell is a success.
    """

    status: ExecutionStatus
    outputs: list[Output] = Field(default_factory=list)
    execution_count: int | None = None
    exit_code: int | None = None
    seconds: float = 0.0


class ConversationInfo(Frozen):
    """A conversation in a list. ``title`` is the user's name for it, by default its first task."""

    id: str
    title: str
    created: float
    updated: float
    runs: int


class CellCheck(Frozen):
    """The result of a cell in a fresh kernel. ``message`` is a sentence about what is wrong, if anything."""

    cell_id: str
    state: Literal["waiting", "running", "same", "different", "failed", "not_run"]
    message: str = ""


ReasoningEffort = Literal["off", "minimal", "low", "medium", "high"]
"""How much a model is to think before it replies; ``"off"`` asks it not to."""


class ModelSettings(Frozen):
    """How a model is asked; ``None`` leaves a setting to whoever is asked next, and at last to the endpoint.

    ``reply_tokens`` limits one reply, its thinking included. ``extra_body`` is added to the body of each
    request as it is.
    """

    reasoning_effort: ReasoningEffort | None = None
    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    top_p: float | None = Field(default=None, gt=0.0, le=1.0)
    reply_tokens: int | None = Field(default=None, ge=1)
    extra_body: dict[str, Any] | None = None

    def over(self, other: ModelSettings) -> ModelSettings:
        """Return these settings, completed with ``other`` ones; the extra bodies are merged."""
        merged = other.model_dump(exclude_none=True) | self.model_dump(exclude_none=True)
        if self.extra_body and other.extra_body:
            merged["extra_body"] = {**other.extra_body, **self.extra_body}
        return ModelSettings.model_validate(merged)


class Prices(Frozen):
    """What a model's tokens cost, in dollars for a million of them; ``None`` is unknown.

    ``price_in`` is for tokens of prompts, ``price_cached`` for those that a prefix cache served (the same if
    it is not given), ``price_out`` for tokens of replies.
    """

    price_in: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    price_cached: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    price_out: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)

    def over(self, other: Prices) -> Prices:
        """Return these prices, completed with ``other`` ones."""
        return Prices.model_validate(other.model_dump(exclude_none=True) | self.model_dump(exclude_none=True))

    def cost(self, usage: Usage) -> float | None:
        """Return what a reply, or a run, has cost in dollars; ``None`` without prices."""
        if self.price_in is None and self.price_out is None:
            return None
        price_in, price_out = self.price_in or 0.0, self.price_out or 0.0
        cached = price_in if self.price_cached is None else self.price_cached
        fresh = usage.prompt_tokens - usage.cached_tokens
        paid = fresh * price_in + usage.cached_tokens * cached + usage.completion_tokens * price_out
        return paid / 1_000_000


class ModelInfo(Frozen):
    """The known facts about a model.

    ``name`` is its name for people; ``context_window`` the number of tokens that a conversation may have,
    ``None`` if unknown; ``supports_images`` says whether to send it images; ``thinks`` whether it reasons
    before it replies, ``None`` if unknown; ``guidance`` how much help it gets; ``settings`` how it is asked
    unless a run says otherwise: what the user set for the model or its endpoint, then what its own files
    recommend; ``prices`` what its tokens cost.
    """

    name: str
    context_window: int | None = None
    supports_images: bool = False
    thinks: bool | None = None
    guidance: Guidance = "small"
    settings: ModelSettings = ModelSettings()
    prices: Prices = Prices()


class ChatModel(Protocol):
    """A model that continues a conversation."""

    @property
    def info(self) -> ModelInfo:
        """The known facts about the model."""
        ...

    async def describe(self) -> ModelInfo:
        """Return the facts about the model, after asking its endpoint if that may add any.

        Never raises: if the endpoint does not answer, the next request for a reply says why.
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
        settings: ModelSettings | None = None,
    ) -> AsyncGenerator[Delta, None]:
        """Stream the reply. Closing the generator cancels the request at the engine.

        ``settings`` say how to ask, completed with those of `info`; ``max_tokens`` and ``temperature`` go
        before both. What nobody sets is the endpoint's own default. ``tools`` are
        functions that the model may call, declared as in OpenAI's protocol; a call arrives as text, in the
        form of `tool_calls.ToolsFormat.render`.

        Raises
        ------
        ModelError
            With a sentence for the user; chunks that were yielded remain valid. A `TooLongError` says that
            the messages do not fit the context window; the agent can then compact them.
        """
        ...


class Notebook(Protocol):
    """A notebook with a kernel. Every method may raise `NotebookError` with a sentence for the user."""

    async def state(self, *, brief: bool = False, task: str = "") -> NotebookState:
        """Return the state of the notebook, without changing it.

        A ``brief`` state has no outputs, variables and files, and is cheap enough for every turn. Data files
        that the ``task`` names are previewed.
        """
        ...

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets in the kernel's environment, as far as they were read, by their names."""
        ...

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a complete cell, for `restore_cell`."""
        ...

    async def restore_cell(self, cell: NotebookCell, *, after: str | None = None) -> None:
        """Restore a cell completely: source, outputs, execution count and metadata.

        A cell with its id is replaced in place; otherwise the cell is inserted below ``after``, at the top if
        that is ``None``.
        """
        ...

    async def write_cell(
        self,
        source: str,
        *,
        cell_type: Literal["code", "markdown"] = "code",
        cell_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> str:
        """Rewrite the cell ``cell_id`` in place, or insert a cell below ``after`` or above ``before``.

        Without either, the new cell is the last one. Returns the cell's id. Rewriting clears the cell's
        outputs. A protected cell is not rewritten.
        """
        ...

    async def run_cell(self, cell_id: str, *, source: str, timeout: float | None = None) -> Execution:
        """Run a cell, whose source must equal ``source``, and wait until it is done.

        After ``timeout`` seconds the kernel is interrupted and the status is ``"interrupted"``.
        """
        ...

    async def delete_cell(self, cell_id: str) -> None:
        """Delete a cell."""
        ...

    async def move_cell(self, cell_id: str, *, after: str | None) -> None:
        """Move a cell below ``after``, to the top if that is ``None``. A protected cell is not moved."""
        ...

    async def interrupt(self, *, hurry: bool = False) -> None:
        """Interrupt the kernel; a pending `run_cell` then returns by itself.

        ``hurry`` says that the run's time is out: who may end the kernel does so soon, if that does not help.
        """
        ...

    async def load_tools(self, tools: Sequence[str]) -> None:
        """Define functions (``"module:function"``) in the kernel, and leave nothing else behind.

        They come only from the user's configuration, because this runs in the kernel without the gate.
        """
        ...

    async def define_servers(self, kernel: Mapping[str, Any]) -> Mapping[str, str]:
        """Define the functions of servers (`tool_servers.ServerDefinitions.kernel`) in the kernel.

        Returns the names that the servers have there: of a name that the notebook uses, another is made.
        """
        ...
