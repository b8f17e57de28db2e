"""The run of another agent: what it does in a notebook, one call after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...agent import prompts
from ...agent.context.snapshot import NotebookSnapshot
from ...agent.contracts import CodeActError, Notebook
from ...agent.ending import Ended
from ...agent.events import (
    ApprovalRequested,
    ApprovalResolved,
    CellWritten,
    Event,
    Executed,
    Journal,
    NotebookRead,
    Observation,
    Reply,
    RunEnded,
    RunStarted,
)
from ...agent.gate.gate import Gate
from ...agent.hooks.running import Hooks
from ...agent.kernel_tools import KernelTools
from ...agent.notebook_calls.parse import Call
from ...agent.replies.markdown import MarkdownFormat
from ...agent.replies.reply import CodeAction
from ...agent.run import Budget, Run, StopSignal
from ...agent.turn import Turns
from ...agent.turn_state import Outcome, TurnState
from ...agent.unicode import valid_text

NAME = 60
"""Most characters of a client's name."""
UNNAMED = "An MCP client"
BUDGET = Budget(turns=1_000_000, tokens=1, seconds=float("inf"), observation=20_000)
"""A client pays for its own model; it may take the time it needs, and can take in more than a small model."""

NOTHING_RUNS = (
    "No cell of yours runs in this notebook. A cell that the user or somebody else has started is theirs to "
    "interrupt: the user can do so in JupyterLab."
)

CallStatus = Literal["ok", "error", "interrupted", "dead", "refused"]


def client_name(name: str) -> str:
    """Return how a client is called: its own word for itself, in one short line, which is never our name."""
    words = " ".join(valid_text(name[: 4 * NAME]).split())
    short = "".join(letter for letter in words if letter.isprintable())[:NAME].strip()
    return f"{short} (MCP client)" if "codeact" in short.casefold() else short or UNNAMED


class RunOverError(CodeActError):
    """The run ended before the call was done; the message says why."""


class NotBegunError(RunOverError):
    """The run ended before the call began, and not by the user's word: another run may take the call."""


@dataclass(frozen=True)
class CallResult:
    """What came of a call.

    Attributes
    ----------
    text, images
        What the agent is shown; images are data URIs.
    status : {"ok", "error", "interrupted", "dead", "refused"}
        That of the cell that ran; ``"refused"`` if nothing was changed or run.
    cell : str or None
        The id of the cell that was written.
    execution_count : int or None
        Its number.
    seconds : float or None
        How long it ran.
    """

    text: str
    images: tuple[str, ...] = ()
    status: CallStatus = "ok"
    cell: str | None = None
    execution_count: int | None = None
    seconds: float | None = None


class AgentRun:
    """A run of another agent. It begins with the agent's first call that changes something.

    Its calls are carried out one after the other, as the actions of our own agent are: through the gate, and
    into the journal.

    Parameters
    ----------
    client : str
        The agent's name.
    notebook, journal, gate
        What it works with.
    watch : callable
        Called with each event once it is recorded.
    conversation : str
        The conversation that it is part of.
    title : str
        The notebook's name in the journal.
    events : sequence of Event
        Those of the conversation so far.
    connection : str
        What tells the client from another of its name.
    tools : KernelTools, optional
        The functions that the kernel was given for our own agent, whose calls in a cell are watched.
    """

    def __init__(
        self,
        client: str,
        notebook: Notebook,
        journal: Journal,
        gate: Gate,
        *,
        watch: Callable[[Event], None],
        conversation: str,
        title: str,
        events: Sequence[Event],
        connection: str = "",
        tools: KernelTools | None = None,
    ) -> None:
        self.client, self.connection = client, connection
        self._notebook, self._gate, self._title = notebook, gate, title
        self._tools = tools or KernelTools()
        self._stop = StopSignal()
        self._run = Run(
            *(conversation, "", journal, list(events), BUDGET, self._stop, watch),
            kernel_secrets=notebook.secrets,
        )
        self._turns: Turns | None = None
        self._calling = asyncio.Lock()
        self._work: set[asyncio.Task[CallResult]] = set()
        self._last = time.monotonic()
        self._over: Ended | None = None
        self._yields = self._cancelled = False
        self._changed = asyncio.Event()

    @property
    def id(self) -> str:
        """The run's id."""
        return self._run.id

    @property
    def is_busy(self) -> bool:
        """Whether a call is being carried out."""
        return bool(self._work)

    @property
    def is_over(self) -> bool:
        """Whether no call is taken any more."""
        return self._over is not None or self._stop.is_set()

    @property
    def doing(self) -> str:
        """What a call waits for just now, as a sentence."""
        last = self._run.events[-1]
        if isinstance(last, ApprovalRequested):
            return "The cell waits for the user's approval in JupyterLab."
        if isinstance(last, ApprovalResolved):
            return f"The cell has been running for {time.time() - last.time:.0f} seconds."
        return "The notebook is being read or written."

    def begin(self) -> None:
        """Record that the run has begun."""
        task = f"{self.client} works in this notebook."
        self._run.emit(RunStarted, task=task, notebook=self._title, model=self.client, agent=self.client)
        self._run.emit(Observation, text=prompts.OTHER_AGENT.format(agent=self.client))

    def stop(self, why: str = "Stopped.") -> None:
        """End the run; a cell that runs is interrupted, and what it has shown is kept."""
        self._stop.set(why)
        self._changed.set()

    def finish(self) -> None:
        """End the run if no call is being carried out: the agent is done, or somebody else is to work."""
        if not self.is_busy and self._over is None:
            self._over = Ended("answered")
            self._changed.set()

    def make_way(self) -> None:
        """End the run as soon as no call is being carried out: the user wants to work."""
        self._yields = True
        self._changed.set()

    def note(self, message: str) -> None:
        """Record that the agent has read something."""
        if not self.is_over:
            self._run.emit(NotebookRead, message=message)

    def note_interrupt(self) -> None:
        """Record that the agent interrupts its cell.

        Raises
        ------
        CodeActError
            If none runs.
        """
        if not self.is_busy:
            raise CodeActError(NOTHING_RUNS)
        self.note("Interrupted the cell.")

    def call(self, name: str, **arguments: Any) -> asyncio.Task[CallResult]:
        """Begin one of the calls on the notebook (`agent.notebook_calls.parse.Calls`).

        The run is busy at once, so that nobody takes it for one that does nothing. The task raises
        `CodeActError` if the call cannot be carried out, or the run is over; `cancel` ends it.
        """
        call = Call(name, arguments, _as_source(name, arguments))
        work = asyncio.ensure_future(self._carry_out(call))
        self._work.add(work)
        work.add_done_callback(self._done)
        return work

    def cancel(self, work: asyncio.Task[CallResult]) -> None:
        """Stop the run if a call of it is not done: its client has cancelled it."""
        if not work.done():
            self._cancelled = True
            self.stop(f"{self.client} cancelled its call.")

    async def until_over(self, idle: float) -> RunEnded:
        """Wait for the run's end, and record it: it ends when it is stopped, or idle for so many seconds."""
        try:
            await self._idle(idle)
        except asyncio.CancelledError:
            self.stop("Stopped, because the program was shutting down.")
            await self._end()
            raise
        return await self._end()

    async def _end(self) -> RunEnded:
        if self._work:
            await asyncio.wait(self._work)
        return await self._run.end(self._over or self._run.overrun() or Ended("answered"))

    async def _idle(self, idle: float) -> None:
        """Wait until no call is taken any more."""
        while not self.is_over:
            self._changed.clear()
            left = 0.0 if self._yields else self._last + idle - time.monotonic()
            if not self.is_busy and left <= 0:
                self.finish()
                break
            try:
                async with asyncio.timeout(None if self.is_busy else left):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _done(self, work: asyncio.Task[CallResult]) -> None:
        self._work.discard(work)
        self._last = time.monotonic()
        self._changed.set()
        if not work.cancelled():
            work.exception()  # whoever called it has it, unless they cancelled the call

    async def _carry_out(self, call: Call) -> CallResult:
        async with self._calling:
            if self._cancelled or (self._over is not None and self._over.ending == "answered"):
                raise NotBegunError("The run is over. Call again to begin another.")
            if self._over is not None:
                raise RunOverError(self._over.message)
            run = self._run
            try:
                turns = await self._ready()
                run.next_turn()
                run.emit(Reply, text=MarkdownFormat().write(CodeAction(_shown(call))))
                start = len(run.events)
                outcome = await turns.carry_out_call(call)
            except Ended as ended:
                self._over = self._over or ended
                raise RunOverError(ended.message) from None
            if outcome.end is not None:
                self._over = outcome.end
                outcome = outcome.with_message(f"{outcome.turn.message}\n{outcome.end.message}")
            elif self._stop.is_set():
                outcome = outcome.with_message(f"{outcome.turn.message}\n{self._stop.why}")
            return _result(outcome, run.events[start:])

    async def _ready(self) -> Turns:
        """Return what carries out the calls, once the notebook was read."""
        if self._turns is None:
            run = self._run
            state = await run.unless_stopped(self._notebook.state())
            position = TurnState(None, NotebookSnapshot(state), supports_images=True)
            self._turns = Turns(
                *(run, self._notebook, self._gate, Hooks((), run), self._tools, MarkdownFormat()), position
            )
        return self._turns


def _result(outcome: Outcome, events: Sequence[Event]) -> CallResult:
    """Return what a client is told of a call, from its events."""
    ran = next((event for event in events if isinstance(event, Executed)), None)
    cell = next((event.cell_id for event in reversed(events) if isinstance(event, CellWritten)), None)
    denied = any(isinstance(event, ApprovalResolved) and not event.allowed for event in events)
    status: CallStatus = "ok"
    if ran is not None:
        status = ran.status
    elif denied or outcome.failed:
        status = "refused"
    return CallResult(
        outcome.turn.message,
        tuple(outcome.images),
        status,
        cell,
        ran.execution_count if ran else None,
        ran.seconds if ran else None,
    )


def _shown(call: Call) -> str:
    """Return what a reply of our own model would have as the action."""
    if call.name in ("insert", "replace") and call.arguments.get("cell_type", "code") == "code":
        return str(call.arguments["source"])
    return call.source


def _as_source(name: str, arguments: dict[str, Any]) -> str:
    """Return a call as Python, as it is recorded."""
    return f"notebook.{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
