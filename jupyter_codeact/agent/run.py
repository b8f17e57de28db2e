"""A run: its events, its budget, and its end."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from .context.history import Window
from .contracts import Frozen, ModelInfo, ModelSettings, Prices, Usage
from .ending import Ended
from .events import Claim, Event, Journal, RunEnded, new_id
from .recorder import Recorder
from .run_limits import SECONDS, TOKENS, TURNS, Guidance
from .secrets import all_secrets
from .unicode import valid_text

T = TypeVar("T")
E = TypeVar("E", bound=Event)

WIND_UP = 20.0
"""Seconds that an interrupted cell gets to stop, before the run ends without it."""
WIND_UP_AGAIN = 2.0
"""Seconds after which a cell that still runs is interrupted again."""
PATIENCE = 0.3
"""Seconds that a run which was stopped, or is out of time, waits for the journal, twice, before its end is
told."""


class Budget(Frozen):
    """The limits of a run.

    ``turns`` limits the model's replies; ``tokens`` the prompt and completion tokens of all turns together,
    without those that a prefix cache served; ``seconds`` the whole run; ``cell_seconds`` one cell;
    ``observation`` the characters of a cell's outputs that the model is shown. Without limits of their own,
    turns and tokens get those of the model's guidance.
    """

    turns: int | None = None
    tokens: int | None = None
    seconds: float = SECONDS
    cell_seconds: float | None = None
    observation: int = 4000


def new_nonce() -> str:
    """Return a random word for the fences around data, which nothing between them can close."""
    return secrets.token_hex(3)


class StopSignal:
    """Ends a run from outside; ``why`` is a sentence for the user."""

    def __init__(self) -> None:
        self._event, self.why = asyncio.Event(), ""

    def set(self, why: str) -> None:
        """Ask for the run's end."""
        self.why = self.why or why
        self._event.set()

    def is_set(self) -> bool:
        """Tell whether the end was asked for."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until the end is asked for."""
        await self._event.wait()


class Run:
    """The run of one task. Its events go to the journal first, then to ``watch``.

    Nothing is done in the notebook, and nothing asked of a model or a user, before the events until then are
    recorded.

    Attributes
    ----------
    task : str
        The user's request.
    events : list of Event
        All events of the conversation.
    tools : frozenset of str
        The names of the tools, except those that the task itself mentions.
    servers : frozenset of str
        The names in the kernel that have the functions of MCP servers.
    guidance : {"small", "capable"}
        How much help the model gets.
    settings : ModelSettings
        How the model is asked.
    prices : Prices
        What its tokens cost.
    needs_room : bool
        Whether a reply was cut off at its limit, and replies now get all that the context window leaves.
    """

    def __init__(
        self,
        conversation: str,
        task: str,
        journal: Journal,
        events: list[Event],
        budget: Budget,
        stop: StopSignal,
        watch: Callable[[Event], None],
        kernel_secrets: Callable[[], Mapping[str, str]] = dict,
        nonce: str | None = None,
    ) -> None:
        self.conversation, self.id, self.nonce = conversation, new_id(), nonce or new_nonce()
        self.task = task
        self.tools: frozenset[str] = frozenset()
        self.servers: frozenset[str] = frozenset()
        self.guidance: Guidance = "small"
        self.settings, self.prices, self.needs_room = ModelSettings(), Prices(), False
        self.events = events
        self.budget, self.turn, self.usage, self.window = budget, 0, Usage(), Window()
        self._stop, self._recorder = stop, Recorder(journal, watch)
        self._kernel_secrets = kernel_secrets
        self._started = time.monotonic()

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets of this process and of the kernel as they are now, by their names."""
        return all_secrets(self._kernel_secrets())

    def emit(self, kind: Callable[..., E], **fields: Any) -> E:
        """Return an event, which is recorded and then shown.

        Parts of a reply are not recorded, because `Reply` is.
        """
        event = self._event(kind, **fields)
        self._recorder.add(event)
        return event

    def _event(self, kind: Callable[..., E], **fields: Any) -> E:
        event = kind(conversation=self.conversation, run=self.id, turn=self.turn, **fields)
        if event.type != "reply_delta":
            self.events.append(event)
        return event

    def begin(self, info: ModelInfo, guidance: Guidance | None, settings: ModelSettings) -> None:
        """Take what is known of the model, and what the user set for the run."""
        self.window.tokens, self.guidance = info.context_window, guidance or info.guidance
        self.prices = info.prices
        self.settings = settings.over(info.settings)
        if self.settings.temperature is None and self.guidance == "small" and not info.thinks:
            self.settings = self.settings.model_copy(update={"temperature": 0.0})

    def next_turn(self) -> None:
        """Begin a turn.

        Raises
        ------
        Ended
            Stopped, or out of turns, tokens or time.
        """
        self._end_if_over()
        usage = self.usage
        spent = usage.prompt_tokens - usage.cached_tokens + usage.completion_tokens
        if self.turn >= self.last_turn:
            raise Ended("out_of_turns", message=f"No answer after {self.turn} turns. Ask again to go on.")
        if spent >= (self.budget.tokens or TOKENS[self.guidance]):
            raise Ended("out_of_tokens", message=f"Stopped after {spent:,} tokens. Ask again to go on.")
        self.turn += 1

    def spend(self, usage: Usage) -> None:
        """Add the tokens of a reply to the run's usage."""
        self.usage += usage

    async def unless_stopped(
        self, work: Coroutine[Any, Any, T], *, wind_up: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> T:
        """Await ``work``, but no longer than until the user stops the run or its time is out.

        Without ``wind_up`` the work is then cancelled and the run ends. With it, ``wind_up`` makes the work
        end by itself, and its result is returned; the run ends when its next turn would begin.

        Raises
        ------
        Ended
            Stopped, or out of time.
        """
        try:
            self._end_if_over()
            await self._until_recorded()
        except BaseException:
            work.close()
            raise
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, timeout=self._left(), return_when=asyncio.FIRST_COMPLETED)
            deadline = time.monotonic() + WIND_UP
            while not task.done() and wind_up is not None and time.monotonic() < deadline:
                await wind_up()  # repeatedly: a kernel that has not begun yet misses the first interrupt
                await asyncio.wait({task}, timeout=WIND_UP_AGAIN)
            if not task.done():
                self._end_if_over()
                raise AssertionError("work is given up only when the run is over")
            return task.result()
        finally:
            stop.cancel()
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _until_recorded(self) -> None:
        """Wait until all events so far are recorded, unless the run is over before."""
        if not self._recorder.waits:
            self._recorder.check()
            return
        recorded = asyncio.ensure_future(self._recorder.done())
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({recorded, stop}, timeout=self._left(), return_when=asyncio.FIRST_COMPLETED)
            if recorded.done():
                recorded.result()
            self._end_if_over()
        finally:
            stop.cancel()
            recorded.cancel()
            await asyncio.gather(recorded, return_exceptions=True)

    async def end(self, end: Ended, claims: Sequence[Claim] = ()) -> RunEnded:
        """Record and return the run's end, with the values that its answer claims."""
        ended = self._event(
            RunEnded,
            ending=end.ending,
            answer=end.answer,
            message=valid_text(end.message),  # an error may name a file
            turns=self.turn,
            usage=self.usage,
            seconds=time.monotonic() - self._started,
            cost=self.prices.cost(self.usage),
            claims=list(claims),
        )
        await self._recorder.end(ended, PATIENCE if self.over else None)
        return ended

    @property
    def last_turn(self) -> int:
        """The last turn that the budget allows."""
        return self.budget.turns or TURNS[self.guidance]

    @property
    def over(self) -> bool:
        """Whether the user stopped the run, or its time is out."""
        return self._stop.is_set() or self.out_of_time

    @property
    def out_of_time(self) -> bool:
        """Whether the run has taken as long as it may."""
        return self._left() <= 0

    def _left(self) -> float:
        return max(0.0, self.budget.seconds - (time.monotonic() - self._started))

    def overrun(self) -> Ended | None:
        """Return the end of a run that the user stopped, or whose time is out."""
        if self._stop.is_set():
            return Ended("stopped", message=self._stop.why)
        if self._left() <= 0:
            return Ended("out_of_time", message=f"No answer within {self.budget.seconds:.0f} seconds.")
        return None

    def _end_if_over(self) -> None:
        if ended := self.overrun():
            raise ended
