"""Writes the events of a run to the journal, in order and beside the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from .events import Event, Journal, ReplyDelta

log = logging.getLogger(__name__)

_late: set[asyncio.Task[None]] = set()


class Recorder:
    """Records events one after the other, and shows each once it is recorded.

    A journal may take long: the disk is slow, or another program has locked the file. Nothing else waits
    meanwhile. Parts of replies are shown in their order and not recorded.

    Parameters
    ----------
    journal : Journal
        Where events are recorded.
    show : callable
        Called with each event.
    """

    def __init__(self, journal: Journal, show: Callable[[Event], None]) -> None:
        self._journal, self._show = journal, show
        self._waiting: deque[Event] = deque()
        self._shown_early = 0  # how many of those that wait are shown already
        self._last: Event | None = None
        self._error: Exception | None = None
        self._work: asyncio.Task[None] | None = None

    def add(self, event: Event) -> None:
        """Record an event as soon as it is its turn.

        Raises
        ------
        CodeActError
            If an earlier one could not be recorded.
        """
        self.check()
        if isinstance(event, ReplyDelta) and not self._waiting:
            self._show(event)
            return
        self._waiting.append(event)
        self._begin()

    @property
    def waits(self) -> bool:
        """Whether an event is not recorded yet."""
        return bool(self._waiting)

    def check(self) -> None:
        """Raise what kept an event from being recorded."""
        if self._error is not None:
            raise self._error

    async def done(self) -> None:
        """Wait until every event is recorded and shown.

        Raises
        ------
        CodeActError
            If one could not be recorded.
        """
        if self._waiting and self._work is not None:
            await asyncio.shield(self._work)
        self.check()

    async def end(self, event: Event, patience: float | None) -> None:
        """Record the last event, and once more what could not be recorded before.

        Parameters
        ----------
        event : Event
            The last event.
        patience : float or None
            Seconds after which the events are shown although they are not recorded yet, which goes on.

        Raises
        ------
        CodeActError
            If an event cannot be recorded.
        """
        if self._work is not None and not self._work.done():
            await asyncio.wait({self._work}, timeout=patience)
        self._error, self._last = None, event
        self._waiting.append(event)
        self._begin()
        assert self._work is not None
        done, _ = await asyncio.wait({self._work}, timeout=patience)
        if done:
            self.check()
            self._show(event)  # and nothing comes between that and what its sender does next
            return
        log.warning("A run has ended, and its last events still wait for the journal.")
        _late.add(self._work)
        self._work.add_done_callback(_late.discard)
        self._show_early()

    def _begin(self) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.ensure_future(self._record())

    async def _record(self) -> None:
        while self._waiting:
            event = self._waiting[0]
            try:
                if not isinstance(event, ReplyDelta):
                    await asyncio.to_thread(self._journal.append, event)
                self._waiting.popleft()
                if self._shown_early:
                    self._shown_early -= 1
                elif event is not self._last:
                    self._show(event)
            except Exception as error:
                self._error = error
                if self._shown_early:
                    log.error("The end of a run could not be recorded: %s", error)
                return

    def _show_early(self) -> None:
        for event in list(self._waiting)[self._shown_early :]:
            self._show(event)
        self._shown_early = len(self._waiting)
