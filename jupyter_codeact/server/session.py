"""One notebook's session: its conversation, the pages that show it, and the run under way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from .. import protocol as p
from ..agent.contracts import NotebookError
from ..agent.events import Event, ReplyDelta, RunEnded, RunUndone
from ..agent.run import WIND_UP, new_nonce
from ..mcp.server.run import AgentRun
from .approvals import Approvals
from .pages import Page, PageGoneError
from .questions import Questions
from .run_cells import RunCells
from .tasks import TaskSet

NO_PAGE = (
    "No page has shown this notebook for {time}, so the run stopped. "
    "What ran before is kept; ask again to go on."
)

BROADCAST_INTERVAL = 0.05
"""Seconds for which events are gathered: a page that redraws for each piece of a reply is a slow one."""


class Stoppable(Protocol):
    """Whoever works in the notebook: our own agent, or another one's run."""

    def stop(self, why: str = "Stopped.") -> None:
        """End the run; ``why`` is the sentence that the user reads."""
        ...


class NotebookSession:
    """One notebook: its conversation, the pages that show it, and the run under way.

    A run's commands go to the page that asked for the run. When that page is gone, another one that shows the
    notebook takes over; when there is none, the run waits for one.

    Parameters
    ----------
    notebook
        The notebook's path, which changes when the user renames it.
    conversation
        The conversation that is open.
    approvals
        Which cells wait for approval, and those that do.
    reconnect_seconds
        How long a run waits for a page.
    """

    def __init__(
        self, notebook: str, conversation: str, *, approvals: Approvals, reconnect_seconds: float
    ) -> None:
        self.notebook, self.conversation, self.nonce = notebook, conversation, new_nonce()
        self.pages: list[Page] = []
        self.kernel_id: str | None = None
        self.kernel_secrets: Mapping[str, str] = {}
        """The secrets in the kernel's environment, as far as other agents have had it asked."""
        self.approvals = approvals
        self.questions = Questions()
        self.cells = RunCells(self.path)
        self.task: asyncio.Task[None] | None = None
        self.run, self.turn = "", 0
        self.busy = ""
        """Why no run can be started now, as a sentence; empty if one can."""
        self.other_agent: AgentRun | None = None
        """The run under way, if it is that of another agent."""
        self.beginning = asyncio.Lock()
        """Held while the run of another agent begins."""
        self._acting_page: Page | None = None
        self._agent: Stoppable | None = None
        self._reconnect_seconds = reconnect_seconds
        self._page_joined = asyncio.Event()
        self._waits_for_page = False
        self._giving_up: asyncio.TimerHandle | None = None
        self._why_stopped = ""
        self._reply: ReplyDelta | None = None
        self.told: list[Event] = []
        """The events of the last run that pages were told."""
        self._queue: list[Event] = []
        self._flush: asyncio.TimerHandle | None = None
        self._tasks = TaskSet()

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self.task is not None and not self.task.done()

    @property
    def at_work(self) -> bool:
        """Whether a run is under way that waits neither for the user, nor for a page, nor for its agent."""
        if self.other_agent is not None and not self.other_agent.is_busy:
            return False
        return self.running and not (self.approvals.waiting or self.questions.waiting or self._waits_for_page)

    @property
    def is_shown(self) -> bool:
        """Whether a user has the notebook before them."""
        return any(page.shows for page in self.pages)

    def path(self) -> str:
        """Return the notebook's path as it is now."""
        return self.notebook

    def begin(self, page: Page, agent: Stoppable) -> None:
        """Prepare for a run of ``agent`` whose commands go to ``page`` first."""
        self.set_acting_page(page)
        self._agent, self.cells = agent, RunCells(self.path)
        self.run, self.turn, self._reply, self.told = "", 0, None, []

    def end(self) -> None:
        """Let go of what a run needed; keep its cells for the next page if no page has them all."""
        self._agent = self._reply = None
        self._release()
        if self._giving_up:
            self._giving_up.cancel()
        self._forget_shown_cells()

    def stop(self, why: str = "Stopped.") -> None:
        """Stop the run under way."""
        if not self.running or self._agent is None:
            return
        self._agent.stop(why)
        self._why_stopped = why
        if self._acting_page and self._acting_page not in self.pages:
            self._acting_page.abandon_commands(self.notebook)  # or the run would wait for its answer
        self._page_joined.set()

    async def make_way(self) -> None:
        """Let the run of another agent end that does nothing, or was stopped, so that others can work."""
        other, task = self.other_agent, self.task
        if other is None or task is None or (other.is_busy and not other.is_over):
            return
        other.finish()
        await asyncio.wait({task}, timeout=WIND_UP)

    def push_out(self) -> None:
        """Let the run of another agent end after the call that is being carried out."""
        if self.other_agent is not None:
            self.other_agent.make_way()

    async def close(self) -> None:
        """End what still goes on for the pages."""
        await self._tasks.close()
        self._release()

    def broadcast(self, event: Event) -> None:
        """Show an event to every page with this notebook; neighbouring pieces of a reply are joined."""
        self.run, self.turn = event.run, event.turn
        last = self._queue[-1] if self._queue else None
        if isinstance(event, ReplyDelta):
            self._reply = _joined(self._reply, event) if self._reply else event
        else:
            self._reply = None
            self.told.append(event)
        if isinstance(event, ReplyDelta) and isinstance(last, ReplyDelta):
            self._queue[-1] = _joined(last, event)
        else:
            self._queue.append(event)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(BROADCAST_INTERVAL, self.send)

    def tell_approval(self) -> None:
        """Tell every page with this notebook which cells wait for approval."""
        approval, for_run = self.approvals.current(), self.approvals.for_run
        self.send(p.ApprovalChanged(notebook=self.notebook, approval=approval, for_run=for_run))

    def send(self, *messages: Any) -> None:
        """Send messages to every page with this notebook, after the events that came before them."""
        if self._flush:
            self._flush.cancel()
        events, self._queue, self._flush = self._queue, [], None
        for message in (
            *(p.EventMessage(notebook=self.notebook, event=event) for event in events),
            *messages,
        ):
            for page in self.pages:
                page.send(message)

    def as_told(self, recorded: list[Event]) -> list[Event]:
        """Return recorded events without those of the last run that pages are told only after this.

        The journal has an event a moment before the pages are told.
        """
        if self.told:
            last = {event.run for event in self.told}
        elif self.running:  # its first event may be recorded
            ended = {event.run for event in recorded if isinstance(event, RunEnded)}
            last = {event.run for event in recorded} - ended
        else:
            return recorded
        undone = [event for event in recorded if event.run in last and isinstance(event, RunUndone)]
        return [*(event for event in recorded if event.run not in last), *self.told, *undone]

    def reply_so_far(self) -> list[Event]:
        """Return what there is of a reply being written: the journal does not have it yet."""
        return [self._reply] if self._reply else []

    def join(self, page: Page) -> None:
        """Add a page that shows the notebook, for the first time or again."""
        if page in self.pages:
            return
        self.send()  # to the others; this page has these events from the history
        if page.shows:
            self._release()
            self.pages = [other for other in self.pages if other.shows]
        self.pages.append(page)
        if self._giving_up:
            self._giving_up.cancel()
        if self._acting_page is page:
            page.resend_commands(self.notebook)
        elif self._acting_page and self._acting_page not in self.pages:
            self._acting_page.abandon_commands(self.notebook)
        self._page_joined.set()
        if not self.cells.are_on(self.pages):
            self._tasks.start(self._show_missed_cells())

    def leave(self, page: Page, *, may_return: bool = False) -> None:
        """Remove a page; one that lost its connection may return and answer its commands then."""
        if page not in self.pages:
            return
        self.pages.remove(page)
        if self.pages or not may_return:
            page.abandon_commands(self.notebook)
        if self.running and not self.pages:
            seconds = round(self._reconnect_seconds)
            time = f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
            why = NO_PAGE.format(time=time)
            self._giving_up = asyncio.get_running_loop().call_later(self._reconnect_seconds, self.stop, why)

    def set_acting_page(self, page: Page) -> None:
        """Let ``page`` carry out the commands."""
        self._acting_page, self._why_stopped = page, ""

    def expects(self, page: Page) -> bool:
        """Tell whether a run under way would go on with ``page`` if it came back."""
        return self.running and self._acting_page is page

    async def acting_page(self) -> Page:
        """Return the page that carries out commands, with all cells of the run; wait for one if need be.

        Raises
        ------
        NotebookError
            If the run was stopped meanwhile, or the page cannot show the cells.
        """
        while True:
            if page := self._available_page():
                with suppress(PageGoneError):
                    await self.cells.replay(page)
                    return page
            elif self._why_stopped:
                raise NotebookError(self._why_stopped)
            else:
                self._page_joined.clear()
                self._waits_for_page = True
                try:
                    await self._page_joined.wait()
                finally:
                    self._waits_for_page = False

    async def catch_up(self) -> None:
        """Give the run's cells to a page that lacks some, if there is one; the run need not wait for it."""
        if not self.cells.are_on(self.pages) and (page := self._available_page()):
            with suppress(PageGoneError, NotebookError):
                await self.cells.replay(page)

    def _release(self) -> None:
        for page in self.pages:
            page.release()

    def _available_page(self) -> Page | None:
        if self._acting_page not in self.pages and self.pages:
            self._acting_page = self.pages[0]
        return self._acting_page if self._acting_page in self.pages else None

    async def _show_missed_cells(self) -> None:
        await self.catch_up()
        if not self.running:
            self._forget_shown_cells()

    def _forget_shown_cells(self) -> None:
        """Leave the cells to the user once a page has them all."""
        if self.cells.are_on(self.pages):
            self.cells = RunCells(self.path)


def _joined(before: ReplyDelta, piece: ReplyDelta) -> ReplyDelta:
    """Return two neighbouring pieces of a reply as one."""
    if piece.restart:
        return piece
    return before.model_copy(
        update={
            "thinking": before.thinking + piece.thinking,
            "thinking_tokens": piece.thinking_tokens or before.thinking_tokens,
            "prompt_tokens": piece.prompt_tokens or before.prompt_tokens,
            "prose": before.prose + piece.prose,
            "action": before.action + piece.action,
        }
    )
