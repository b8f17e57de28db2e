"""The agent from Python: `run` and `arun`, on a notebook file or in the shell they are called in."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..agent.contracts import CodeActError, ModelSettings, ReasoningEffort
from ..agent.events import ApprovalRequested, Event, QuestionAsked
from ..agent.gate.gate import Decision, decision
from ..agent.gate.setting import Approval
from ..agent.run_limits import Guidance
from ..approval import RENAMED, nobody, understand
from ..mcp.client.configuration import read_servers
from ..notebooks import tools as tool_names
from ..options import RunOptions
from ..result import Result
from .inline import QuietFrontend, can_ask
from .session import Session
from .threads import Background, LoopThread, WaitingThread, call_in

if TYPE_CHECKING:
    from ..headless import HeadlessRun
    from ..notebooks.executing import Executed

Ask = Callable[[str, list[str]], bool | str]
Answer = Callable[[str, list[str]], str | None]
Watch = Callable[[Event], None]


def run(
    task: str,
    notebook: str | Path | None = None,
    *,
    output: str | Path | None = None,
    kernel: str | None = None,
    execute: bool = True,
    model: str | None = None,
    endpoint: str | None = None,
    api_key: str | None = None,
    max_turns: int | None = None,
    max_tokens: int | None = None,
    timeout: float | None = None,
    approval: Approval | None = None,
    ask: Ask | None = None,
    answer: Answer | None = None,
    watch: Watch | None = None,
    tools: Sequence[str] = (),
    mcp_servers: Mapping[str, Any] | None = None,
    action_format: str = "markdown",
    guidance: Guidance | None = None,
    without: Sequence[str] = (),
    reasoning_effort: ReasoningEffort | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    reply_tokens: int | None = None,
    extra_body: Mapping[str, Any] | None = None,
    approve: str | None = None,
) -> Result:
    """Let the agent work on a task, wait until it is done, and return what came of it.

    Ctrl-C stops the run; its result then says so. It may be called in a notebook's cell, where an event loop
    is running.

    Parameters
    ----------
    task : str
        What is to be done.
    notebook : str or Path, optional
        A notebook to work in a copy of, with a kernel of its own. Without it, in IPython or a notebook, the
        agent works in the namespace of the caller; elsewhere in a new notebook.
    output : str or Path, optional
        Where to write the notebook; by default beside it, under a free name.
    kernel : str, optional
        The kernel for it, by its name in ``jupyter kernelspec list``; by default the notebook's own.
    execute : bool
        Whether the notebook's own cells run first, in order and past those that fail, each with a warning.
    model : str, optional
        A model of this machine, or one of the endpoint's.
    endpoint : str, optional
        An OpenAI-compatible server, by its address or its saved name.
    api_key : str, optional
        The endpoint's key; by default JUPYTER_CODEACT_API_KEY of the environment.
    max_turns : int, optional
        Replies that the model may take.
    max_tokens : int, optional
        Tokens of all prompts and replies together.
    timeout : float, optional
        Seconds that the run may take.
    approval : {"always", "risky", "never"}, optional
        Which cells wait for approval. By default risky ones where somebody can be asked, else none.
    ask : callable, optional
        Asked about a cell that waits, with its source and what is risky about it. Returns whether it may
        run, or the source to run instead.
    answer : callable, optional
        Asked what the model wants to know, with its question and the answers that it proposes. Returns the
        answer, or ``None`` to let the model decide.
    watch : callable, optional
        Called with every event of the run, as in ``jupyter_codeact.events``.
    tools : sequence of str, optional
        Functions that the model may call, as ``"module:function"``.
    mcp_servers : mapping, optional
        MCP servers by name, in the form of ``.mcp.json``; their tools become functions in the kernel.
    action_format : {"markdown", "execute", "tools"}
        How the model writes what is to be run.
    guidance : {"small", "capable"}, optional
        How much help the model gets; by default what suits it.
    without : sequence of str, optional
        Names of hooks to leave out.
    reasoning_effort : {"off", "minimal", "low", "medium", "high"}, optional
        How much the model is to think before it replies.
    temperature, top_p : float, optional
        How freely the model chooses its words.
    reply_tokens : int, optional
        Most tokens of one reply, its thinking included.
    extra_body : mapping, optional
        Further fields of each request; they overrule all others.
    approve : str, optional
        The earlier name of ``approval``.

    Returns
    -------
    Result
        With ``answer``, ``ok``, ``message``, ``turns``, ``cells``, ``path`` and ``to_notebook``.

    Raises
    ------
    CodeActError
        If the run cannot begin: no such notebook or model, or another run is under way in this shell. That
        the agent came to no answer is not an error; ``ok`` is then false.

    Examples
    --------
    >>> result = run("Add up the prices.", "prices.ipynb", output="answered.ipynb")
    >>> print(result.answer)
    """
    options = RunOptions(
        model=model,
        endpoint=endpoint,
        api_key=api_key,
        max_turns=max_turns,
        max_tokens=max_tokens,
        timeout=timeout,
        approval=named_approval(approval, approve),
        action_format=action_format,
        tools=_names(tools),
        mcp_servers=mcp_servers or {},
        guidance=guidance,
        without=_names(without),
        settings=_settings(
            reasoning_effort=reasoning_effort,
            temperature=temperature,
            top_p=top_p,
            reply_tokens=reply_tokens,
            extra_body=extra_body,
        ),
        execute=execute,
    )
    call = _Call(task, notebook, output, kernel, options, ask, watch, answer)
    if call.shell is not None:
        return Session.of(call.shell).run(call.task, options, _InShell(call), shows_outputs=False)
    background, waiting = Background(), WaitingThread()
    try:
        headless = call.open()
        started = background.start(call.work(headless))
        return waiting.wait(started, lambda why: background.call(headless.stop, why))
    finally:
        background.close()


async def arun(
    task: str,
    notebook: str | Path | None = None,
    *,
    output: str | Path | None = None,
    kernel: str | None = None,
    execute: bool = True,
    model: str | None = None,
    endpoint: str | None = None,
    api_key: str | None = None,
    max_turns: int | None = None,
    max_tokens: int | None = None,
    timeout: float | None = None,
    approval: Approval | None = None,
    ask: Ask | None = None,
    answer: Answer | None = None,
    watch: Watch | None = None,
    tools: Sequence[str] = (),
    mcp_servers: Mapping[str, Any] | None = None,
    action_format: str = "markdown",
    guidance: Guidance | None = None,
    without: Sequence[str] = (),
    reasoning_effort: ReasoningEffort | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    reply_tokens: int | None = None,
    extra_body: Mapping[str, Any] | None = None,
    approve: str | None = None,
) -> Result:
    """Let the agent work on a task, and return what came of it; parameters and result are those of `run`.

    Cancelling the call stops the run.
    """
    options = RunOptions(
        model=model,
        endpoint=endpoint,
        api_key=api_key,
        max_turns=max_turns,
        max_tokens=max_tokens,
        timeout=timeout,
        approval=named_approval(approval, approve),
        action_format=action_format,
        tools=_names(tools),
        mcp_servers=mcp_servers or {},
        guidance=guidance,
        without=_names(without),
        settings=_settings(
            reasoning_effort=reasoning_effort,
            temperature=temperature,
            top_p=top_p,
            reply_tokens=reply_tokens,
            extra_body=extra_body,
        ),
        execute=execute,
    )
    call = _Call(task, notebook, output, kernel, options, ask, watch, answer)
    if call.shell is None:
        return await call.work(call.open())
    session = Session.of(call.shell)
    started = session.start(call.task, options, _InShell(call, LoopThread()), shows_outputs=False)
    try:
        return await asyncio.shield(asyncio.wrap_future(started))
    except asyncio.CancelledError:
        session.stop("Stopped, because the call was cancelled.")
        raise


def _settings(**given: Any) -> ModelSettings | None:
    """Return the settings that a caller gives, if there are any."""
    from ..models.preferences import read_settings

    found = {name: value for name, value in given.items() if value is not None}
    return read_settings(found) if found else None


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return names as a tuple; a string is one name."""
    return (names,) if isinstance(names, str) else tuple(names)


def named_approval(approval: str | None, earlier: str | None = None) -> Approval | None:
    """Return the approval that a caller names, by today's parameter or by ``approve``, its earlier name."""
    notes = [] if earlier is None else [RENAMED.format(old="approve=", new="approval=")]
    word = approval if approval is not None else earlier
    understood = None if word is None else understand(word, notes.append)
    for text in notes:
        warnings.warn(text, FutureWarning, stacklevel=3)
    return understood


class _Call:
    """One call of `run` or `arun`."""

    def __init__(
        self,
        task: str,
        notebook: str | Path | None,
        output: str | Path | None,
        kernel: str | None,
        options: RunOptions,
        ask: Ask | None,
        watch: Watch | None,
        answer: Answer | None,
    ) -> None:
        if not task.strip():
            raise CodeActError("The task is empty. Say what you would like done.")
        tool_names.check(options.tools)
        read_servers(options.mcp_servers, "mcp_servers")
        self.task, self.options, self.ask, self.watch = task.strip(), options, ask, watch
        self.answer = answer
        self._notebook = None if notebook is None else Path(notebook)
        self._output = None if output is None else Path(output)
        self._kernel = kernel
        self.shell = _shell() if notebook is output is kernel is None else None

    def open(self) -> HeadlessRun:
        """Return a run in a notebook file."""
        from ..headless import HeadlessRun

        return HeadlessRun(self.options, notebook=self._notebook, output=self._output, kernel=self._kernel)

    async def work(self, headless: HeadlessRun) -> Result:
        """Work in a notebook file."""
        watch = self.watch or (lambda _event: None)

        def warn(done: Executed) -> None:
            for problem in done.problems:
                warnings.warn(problem, stacklevel=2)

        return await headless.work(
            self.task, _Callback(self), watch=watch, note=warnings.warn, on_executed=warn
        )

    def decide(self, requested: ApprovalRequested, source: str) -> Decision:
        """Have the caller's function decide about a cell."""
        assert self.ask is not None
        said = self.ask(source, list(requested.reasons))
        if isinstance(said, str):
            return decision(said, allowed=True)
        return decision(source, allowed=bool(said), reasons=[] if said else ["the user said no"])


class _Callback:
    """The caller's function as who decides about cells in a notebook file, if there is one."""

    def __init__(self, call: _Call) -> None:
        self._call = call
        self.approval: Approval = call.options.approval_where(call.ask is not None)

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        if self._call.ask is None:
            return nobody(requested, source)
        return await asyncio.to_thread(self._call.decide, requested, source)

    async def answer_question(self, asked: QuestionAsked) -> str | None:
        if self._call.answer is None:
            return None
        return await asyncio.to_thread(self._call.answer, asked.question, list(asked.options))


class _InShell(QuietFrontend):
    """A run in the shell whose code called for it."""

    def __init__(self, call: _Call, main: LoopThread | None = None) -> None:
        asks = call.ask is not None or can_ask(call.shell)
        super().__init__(call.shell, asks, call.options.approval_where(asks))
        self._call = call
        if main is not None:
            self.main = main

    def show(self, event: Event) -> None:
        if self._call.watch is not None:
            self._call.watch(event)

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        if self._call.ask is None:
            return await super().ask(requested, source)
        return await call_in(self.main, lambda: self._call.decide(requested, source))

    async def answer_question(self, asked: QuestionAsked) -> str | None:
        answer = self._call.answer
        if answer is None:
            return await super().answer_question(asked)
        return await call_in(self.main, lambda: answer(asked.question, list(asked.options)))


def _shell() -> Any:
    """Return the IPython shell this is called in, if it is."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()
