"""What a frontend asks of a run, and the agent that carries it out.

Importing this is cheap: ``%load_ext`` does, and so does every command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from .agent.agent import Agent
    from .agent.contracts import ChatModel, ModelSettings, Notebook
    from .agent.events import Event, Journal
    from .agent.gate.gate import Gate
    from .agent.gate.setting import Approval
    from .agent.project import ReadProject
    from .agent.questions import AskUser
    from .agent.run import Budget
    from .agent.run_limits import Guidance
    from .agent.tool_servers import ToolServers
    from .models.engines.launch import EngineOptions
    from .models.open import EndpointModel, LocalModel
    from .models.status import EngineStatus


@dataclass(frozen=True)
class RunOptions:
    """How a run is to be done; ``None`` stands for the default.

    Attributes
    ----------
    model : str, optional
        A model of this machine, or one of the endpoint's.
    endpoint : str, optional
        An OpenAI-compatible server, by its address or its saved name.
    api_key : str, optional
        The endpoint's key.
    max_turns : int, optional
        Replies that the model may take.
    max_tokens : int, optional
        Tokens of all prompts and replies together.
    timeout : float, optional
        Seconds from the task to the end of the run.
    approval : {"always", "risky", "never"}, optional
        Which cells wait for approval. By default what is set for the model or its endpoint, else risky ones
        where somebody can be asked, else none.
    action_format : str
        How the model writes actions: ``"markdown"``, ``"execute"`` or ``"tools"``.
    tools : tuple of str
        Functions that the kernel loads for the model, each as ``"module:function"``.
    mcp_servers : Mapping
        MCP servers of the configuration, in the form of ``.mcp.json``.
    mcp_seconds : float, optional
        Seconds that one call of a tool of theirs may take.
    guidance : {"small", "capable"}, optional
        Which hooks help the model. By default those that suit it.
    without : tuple of str
        Names of hooks to leave out.
    settings : ModelSettings, optional
        How the model is asked, before what is set for the model and its endpoint.
    instructions : str
        What the user wants the model to heed in every task.
    execute : bool
        Whether a notebook's own cells run first, where it gets a kernel of its own.
    project : bool
        Whether the model is told the instructions (``AGENTS.md``) and skills that lie around the notebook.
    """

    model: str | None = None
    endpoint: str | None = None
    api_key: str | None = None
    max_turns: int | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    approval: Approval | None = None
    action_format: str = "markdown"
    tools: tuple[str, ...] = ()
    mcp_servers: Mapping[str, Any] = field(default_factory=dict)
    mcp_seconds: float | None = None
    guidance: Guidance | None = None
    without: tuple[str, ...] = ()
    settings: ModelSettings | None = None
    instructions: str = ""
    execute: bool = True
    project: bool = True

    @property
    def budget(self) -> Budget:
        """What the run may spend."""
        from .agent.run import Budget

        limits = {"turns": self.max_turns, "tokens": self.max_tokens, "seconds": self.timeout}
        return Budget.model_validate({name: limit for name, limit in limits.items() if limit is not None})

    def approval_where(self, asks: bool) -> Approval:
        """Return which cells wait for approval, where somebody can be asked (``asks``) or not.

        The run's own setting comes before that of its model or endpoint.
        """
        if self.approval is not None:
            return self.approval
        from .models.endpoints.registry import user_endpoints
        from .models.open import preferred_approval

        default: Approval = "risky" if asks else "never"
        return preferred_approval(self.model, self.endpoint, user_endpoints()) or default


def open_model(
    options: RunOptions,
    *,
    on_status: Callable[[EngineStatus], None] | None = None,
    engine_options: EngineOptions | None = None,
) -> EndpointModel | LocalModel:
    """Return the model that the options name; it is started when it is first needed.

    Parameters
    ----------
    options
        Whose ``model``, ``endpoint`` and ``api_key`` count.
    on_status
        Called with each status of the model, from any thread.
    engine_options
        How to run a model of this machine.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    from .models.endpoints.registry import user_endpoints
    from .models.open import open_model

    return open_model(
        options.model,
        endpoint=options.endpoint,
        endpoints=user_endpoints(),
        api_key=options.api_key,
        on_status=on_status,
        engine_options=engine_options,
    )


def build_agent(
    model: ChatModel,
    notebook: Notebook,
    journal: Journal,
    *,
    options: RunOptions,
    gate: Gate | None = None,
    servers: ToolServers | None = None,
    watch: Callable[[Event], None] = lambda _event: None,
    ask_user: AskUser | None = None,
    project: ReadProject | None = None,
) -> Agent:
    """Return an agent that works as ``options`` say.

    Parameters
    ----------
    model, notebook, journal
        What it works with, opened already.
    options
        How to work.
    gate
        Decides what may run; everything may if there is none.
    servers
        The user's MCP servers, whose tools are functions in the kernel.
    watch
        Called with each event.
    ask_user
        Waits for the user's answer to a question of the model; nobody can be asked if there is none.
    project
        Reads the instructions and skills that hold where the notebook lies, if the options want them.

    Raises
    ------
    CodeActError
        If the options name a hook, a guidance or an action format that does not exist.
    """
    from .agent.agent import Agent
    from .agent.hooks import all_but
    from .agent.project import no_project
    from .agent.questions import nobody
    from .agent.replies.formats import FORMATS
    from .agent.run_limits import Guidance

    _require("action format", options.action_format, FORMATS)
    if options.guidance is not None:
        _require("guidance", options.guidance, get_args(Guidance))
    return Agent(
        model,
        notebook,
        journal,
        gate=gate,
        action_format=FORMATS[options.action_format],
        budget=options.budget,
        watch=watch,
        tools=options.tools,
        servers=servers,
        hooks=all_but(options.without),
        guidance=options.guidance,
        settings=options.settings,
        ask_user=ask_user or nobody,
        instructions=options.instructions,
        project=project if project and options.project else no_project,
    )


def _require(kind: str, name: str, names: Iterable[str]) -> None:
    from .agent.contracts import CodeActError

    if name not in names:
        raise CodeActError(f"There is no {kind} {name!r}; there are {', '.join(sorted(names))}.")
