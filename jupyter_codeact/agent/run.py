"""One run's book-keeping: its events, its budget, and how it stops."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from . import prompts
from .context.history import Window
from .contracts import Frozen, Journal, Usage
from .events import Ending, Event, RunEnded, new_id
from .source import normalized

T = TypeVar("T")
E = TypeVar("E", bound=Event)

WIND_UP = 20.0
"""Seconds that a cell gets to come to its end after it was interrupted, before the run ends without it."""
WIND_UP_AGAIN = 2.0
"""Seconds after which a cell that still runs is interrupted again."""


class Budget(Frozen):
    """What a run may spend.

    ``turns`` counts model replies; ``tokens`` prompt and completion tokens of all turns together;
    ``seconds`` everything from the task to its end; ``cell_seconds`` one cell; ``reply_tokens`` one reply;
    ``observation`` is how many characters of a cell's outputs the model is shown.
    """

    turns: int = 12
    tokens: int = 300_000
    seconds: float = 1800.0
    cell_seconds: float | None = None
    observation: int = 4000
    reply_tokens: int = 1024


class Ended(Exception):  # noqa: N818 - an ending is not an error
    """Raised inside a run to end it."""

    def __init__(self, ending: Ending, *, answer: str = "", message: str = "") -> None:
        super().__init__(ending)
        self.ending, self.answer, self.message = ending, answer, message


class StopSign:
    """Set once, from outside, to end a run; ``why`` is the sentence the user reads."""

    def __init__(self) -> None:
        self._event, self.why = asyncio.Event(), ""

    def set(self, why: str) -> None:
        """Ask for the run's end."""
        self.why = self.why or why
        self._event.set()

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until the end is asked for."""
        await self._event.wait()


class Run:
    """The run of one task: emits its events to the journal first, then to whoever watches."""

    def __init__(
        self,
        conversation: str,
        task: str,
        journal: Journal,
        budget: Budget,
        stop: StopSign,
        watch: Callable[[Event], None],
    ) -> None:
        self.conversation, self.id, self.nonce = conversation, new_id(), secrets.token_hex(3)
        self.task = task
        self.events: list[Event] = list(journal.events(conversation))
        self.budget, self.turn, self.usage, self.window = budget, 0, Usage(), Window()
        self._journal, self._stop, self._watch = journal, stop, watch
        self._started = time.monotonic()
        self._seen: Counter[str] = Counter()
        self._warned = False
        self.repeating = self.doubted = False
        self._failed: set[str] = set()
        self._mended: dict[str, str] = {}
        self._ran: str | None = None

    def emit(self, kind: Callable[..., E], **fields: Any) -> E:
        """Record an event, show it and return it. A reply's pieces are shown only: the whole is recorded."""
        event = kind(conversation=self.conversation, run=self.id, turn=self.turn, **fields)
        if event.type != "reply_delta":
            self._journal.append(event)
            self.events.append(event)
        self._watch(event)
        return event

    def next_turn(self) -> None:
        """Begin a turn, or end the run when a budget is spent.

        Raises
        ------
        Ended
            Out of turns, tokens or time.
        """
        self._end_if_over()
        spent = self.usage.prompt_tokens + self.usage.completion_tokens
        if self.turn >= self.budget.turns:
            raise Ended("out_of_turns", message=f"No answer after {self.turn} turns. Ask again to go on.")
        if spent >= self.budget.tokens:
            raise Ended("out_of_tokens", message=f"Stopped after {spent:,} tokens. Ask again to go on.")
        self.turn += 1

    def spend(self, usage: Usage) -> None:
        """Add a reply's tokens to what the run has used."""
        self.usage += usage

    def executed(self, source: str, *, ok: bool) -> None:
        """Keep in mind how a cell ended."""
        self._ran = normalized(source) if ok else None
        if not ok:
            self._failed.add(normalized(source))

    def repeats(self, source: str) -> bool:
        """Whether a code cell that does the same failed already, or was what ran just before."""
        return normalized(source) in self._failed or self.just_ran(source)

    def just_ran(self, source: str) -> bool:
        """Whether a code cell that does the same was what ran just before, without an error."""
        return normalized(source) == self._ran

    def mend(self, source: str, better: str) -> None:
        """Keep in mind what a failed cell should have been."""
        if better != source:
            self._mended[normalized(source)] = better

    def mended(self, source: str) -> str | None:
        """Return what a cell should have been that failed already, if that is known."""
        return self._mended.get(normalized(source))

    def advise(self, outcome: str, *marks: str) -> str:
        """Return what the model is told of a turn, with a word when it repeats itself or must come to an end.

        ``marks`` are what the turn did and what went wrong; the third time any of them comes is a repetition.

        Raises
        ------
        Ended
            When it goes on repeating itself after it was told.
        """
        self._seen.update(marks)
        self.repeating = any(self._seen[mark] >= 2 for mark in marks)
        if any(self._seen[mark] >= 3 for mark in marks):
            if self._warned:
                raise Ended("stuck", message="The model kept repeating the same step, so the run was ended.")
            self._warned = True
            outcome = f"{outcome}\n{prompts.REPEATED}"
        if self.turn == self.budget.turns - 1:
            outcome = f"{outcome}\n{prompts.LAST_TURN}"
        return outcome

    async def unless_stopped(
        self, work: Coroutine[Any, Any, T], *, wind_up: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> T:
        """Await ``work`` until the user stops the run or its time is out.

        Without ``wind_up`` the work is then cancelled and the run ends. With it, the work is asked to come
        to its end by itself and its result is returned; the run ends when its next turn would begin.

        Raises
        ------
        Ended
            Stopped, or out of time.
        """
        if self.over:
            work.close()
            self._end_if_over()
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, timeout=self._left(), return_when=asyncio.FIRST_COMPLETED)
            patience = time.monotonic() + WIND_UP
            while not task.done() and wind_up is not None and time.monotonic() < patience:
                await wind_up()  # again and again: a kernel that had not begun yet misses the first
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

    def end(self, end: Ended) -> RunEnded:
        """Record and return the run's end."""
        seconds = time.monotonic() - self._started
        return self.emit(
            RunEnded,
            ending=end.ending,
            answer=end.answer,
            message=end.message,
            turns=self.turn,
            usage=self.usage,
            seconds=seconds,
        )

    @property
    def over(self) -> bool:
        """Whether the user stopped the run, or its time is out."""
        return self._stop.is_set() or self._left() <= 0

    def _left(self) -> float:
        return max(0.0, self.budget.seconds - (time.monotonic() - self._started))

    def _end_if_over(self) -> None:
        if self._stop.is_set():
            raise Ended("stopped", message=self._stop.why)
        if self._left() <= 0:
            raise Ended("out_of_time", message=f"No answer within {self.budget.seconds:.0f} seconds.")
