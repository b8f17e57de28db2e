"""The agent from Python: `run` and `arun`, on a notebook file or in the shell they are called in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .agent.agent import Agent
from .agent.contracts import CodeActError
from .agent.events import ApprovalRequested, Event
from .agent.gate.gate import Approval, ApprovalGate, Decision, decision
from .cli.approve import MODES, NOBODY
from .cli.endpoints import saved
from .journal import default_path, open_journal
from .models.open import KEY_VARIABLE, open_model
from .notebooks import tools as tool_names
from .notebooks.headless import HeadlessNotebook
from .result import Result, result_of
from .shell.inline import Quiet, can_ask
from .shell.session import Options, Session
from .shell.threads import Background, Looping, Waiting, call_in

Ask = Callable[[str, list[str]], bool | str]
Watch = Callable[[Event], None]


def run(task: str, notebook: str | Path | None = None, **options: Any) -> Result:
    """Let the agent work on a task, wait until it is done, and return what came of it.

    Takes what `arun` takes. Ctrl-C stops the run; its result then says so. It may be called in a notebook's
    cell, where an event loop is running.

    Examples
    --------
    >>> result = run("Add up the prices.", "prices.ipynb", output="answered.ipynb")
    >>> print(result.answer)
    """
    wish = _Wish(task, notebook, **options)
    if wish.shell is not None:
        door = _Door(wish)
        return Session.of(wish.shell).run(task, wish.options, door, shows=False)
    background, waiting = Background(), Waiting()
    try:
        headless = _Headless(wish)
        started = background.start(headless.work())
        return waiting.wait(started, lambda: background.call(headless.stop, "Stopped by Ctrl-C."))
    finally:
        background.close()


async def arun(task: str, notebook: str | Path | None = None, **options: Any) -> Result:
    """Let the agent work on a task, and return what came of it.

    Parameters
    ----------
    task : str
        What is to be done.
    notebook : str or Path, optional
        A notebook to work in a copy of, with a kernel of its own. Without it, in IPython or a notebook, the
        agent works in the namespace of the caller; elsewhere in a new notebook.
    output : str or Path, optional
        Where to write the notebook; by default beside it, under a free name.
    model : str, optional
        A model of this machine, or one of the endpoint's.
    endpoint : str, optional
        An OpenAI-compatible server, by its address or the name it was given.
    api_key : str, optional
        The endpoint's key; by default JUPYTER_CODEACT_API_KEY of the environment.
    max_turns : int, optional
        Replies that the model may take.
    timeout : float, optional
        Seconds that the run may take.
    approve : {"auto", "risky", "ask"}, optional
        Which cells wait for approval. By default risky ones where somebody can be asked, else none.
    ask : callable, optional
        Asked about a cell that waits, with its source and what is risky about it. Returns whether it may
        run, or the source to run instead.
    watch : callable, optional
        Called with every event of the run, as in ``jupyter_codeact.agent.events``.
    tools : sequence of str, optional
        Functions that the model may call, as ``"module:function"``.

    Returns
    -------
    Result
        With ``answer``, ``ok``, ``message``, ``turns``, ``cells``, ``path`` and ``to_notebook``.

    Raises
    ------
    CodeActError
        If the run cannot begin: no such notebook or model, or another run is under way in this shell. That
        the agent came to no answer is not an error; ``ok`` is then false.
    """
    wish = _Wish(task, notebook, **options)
    if wish.shell is None:
        return await _Headless(wish).work()
    session = Session.of(wish.shell)
    started = session.start(task, wish.options, _Door(wish, Looping()), shows=False)
    try:
        return await asyncio.shield(asyncio.wrap_future(started))
    except asyncio.CancelledError:
        session.stop("Stopped, because the call was cancelled.")
        raise


class _Wish:
    """What a caller wants."""

    def __init__(
        self,
        task: str,
        notebook: str | Path | None = None,
        *,
        output: str | Path | None = None,
        model: str | None = None,
        endpoint: str | None = None,
        api_key: str | None = None,
        max_turns: int | None = None,
        timeout: float | None = None,
        approve: str | None = None,
        ask: Ask | None = None,
        watch: Watch | None = None,
        tools: Sequence[str] = (),
    ) -> None:
        if not task.strip():
            raise CodeActError("The task is empty. Say what you would like done.")
        if approve is not None and approve not in MODES:
            raise ValueError(f"approve is one of {', '.join(map(repr, MODES))}, not {approve!r}.")
        tool_names.check(tools)
        self.task, self.ask, self.watch, self.approve = task.strip(), ask, watch, approve
        self.notebook = None if notebook is None else Path(notebook)
        self.output = None if output is None else Path(output)
        self.options = Options(model, endpoint, api_key, max_turns, timeout, tuple(tools))
        self.shell = _shell() if notebook is None and output is None else None

    def mode(self, somebody: bool) -> Approval:
        """Return which cells wait, when ``somebody`` can be asked or not."""
        return MODES[self.approve or ("risky" if somebody else "never")]


class _Door(Quiet):
    """A run in a shell, asked for by its code."""

    def __init__(self, wish: _Wish, main: Looping | None = None) -> None:
        asks = wish.ask is not None or can_ask(wish.shell)
        super().__init__(wish.shell, asks, wish.mode(asks))
        self._wish = wish
        if main is not None:
            self.main = main

    def show(self, event: Event) -> None:
        if self._wish.watch is not None:
            self._wish.watch(event)

    async def ask(self, asked: ApprovalRequested) -> Decision:
        ask = self._wish.ask
        if ask is None:
            return await super().ask(asked)
        return await call_in(self.main, lambda: _decision(ask, asked))


class _Headless:
    """A run in a notebook file."""

    def __init__(self, wish: _Wish) -> None:
        self._wish = wish
        self._agent: Agent | None = None

    def stop(self, why: str) -> None:
        if self._agent is not None:
            self._agent.stop(why)

    async def work(self) -> Result:
        wish, options = self._wish, self._wish.options
        notebook = HeadlessNotebook(wish.notebook, wish.output, withhold={KEY_VARIABLE})
        model = open_model(
            options.model, endpoint=options.endpoint, endpoints=saved(), api_key=options.api_key
        )
        mode = wish.mode(wish.ask is not None)
        journal = open_journal(default_path())
        try:
            self._agent = Agent(
                model,
                notebook,
                journal,
                gate=ApprovalGate(lambda: mode, self._ask, notebook.folder),
                budget=options.budget,
                watch=wish.watch or (lambda _event: None),
                tools=options.tools,
            )
            title = str(notebook.path)
            conversation = journal.begin(title)
            async with notebook:
                ended = await self._agent.run(conversation, wish.task, title=title)
                if ended.ending == "answered":
                    await notebook.save()
            path = notebook.path if notebook.written else None
            return result_of(wish.task, journal.events(conversation), ended.run, notebook.cells, path)
        finally:
            await model.close()
            journal.close()

    async def _ask(self, asked: ApprovalRequested) -> Decision:
        if self._wish.ask is None:
            return decision(asked.source, allowed=False, reasons=[*asked.reasons, NOBODY])
        return await asyncio.to_thread(_decision, self._wish.ask, asked)


def _decision(ask: Ask, asked: ApprovalRequested) -> Decision:
    said = ask(asked.source, list(asked.reasons))
    if isinstance(said, str):
        return decision(said, allowed=True)
    return decision(asked.source, allowed=bool(said), reasons=[] if said else ["the user said no"])


def _shell() -> Any:
    """Return the IPython shell this is called in, if it is."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()
