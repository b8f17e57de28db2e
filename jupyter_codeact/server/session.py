"""One notebook's desk: the pages that show it, and the run under way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .. import protocol as p
from ..agent.contracts import NotebookError
from ..agent.events import Event, ReplyDelta
from ..agent.gate.gate import Approval
from .approvals import Approvals
from .pages import Page

if TYPE_CHECKING:
    from ..agent.agent import Agent
    from .page_notebook import DeskNotebook

DESERTED = (
    "No page has shown this notebook for {minutes} minutes, so the run stopped. "
    "What ran before is kept; ask again to go on."
)


TELLING = 0.05
"""Seconds that events are kept, to be told together: a page that draws them is slow to do what it is told."""


class Desk:
    """One notebook: its conversation, the pages that show it, and the run under way.

    A run's commands go to the page that asked. When that is gone, to another that shows the notebook; when
    there is none, the run waits for one.

    Parameters
    ----------
    notebook
        Its path, which changes when the user renames it.
    conversation
        The conversation that is open.
    approval
        Which cells wait for approval.
    patience
        Seconds that a run waits for a page.
    """

    def __init__(self, notebook: str, conversation: str, *, approval: Approval, patience: float) -> None:
        self.notebook, self.conversation = notebook, conversation
        self.pages: list[Page] = []
        self.kernel: str | None = None
        self.approvals = Approvals(approval)
        self.hands: DeskNotebook | None = None
        self.task: asyncio.Task[None] | None = None
        self.run, self.turn = "", 0
        self.busy = ""
        """What keeps a run from being started, as a sentence; empty if nothing does."""
        self.actor: Page | None = None
        self._agent: Agent | None = None
        self._patience = patience
        self._arrival = asyncio.Event()
        self._leaving: asyncio.TimerHandle | None = None
        self._why_stopped = ""
        self._writing = ""
        self._untold: list[Event] = []
        self._telling: asyncio.TimerHandle | None = None
        self._showing: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self.task is not None and not self.task.done()

    def path(self) -> str:
        """Return the notebook's path as it is now."""
        return self.notebook

    def begin(self, page: Page, agent: Agent, hands: DeskNotebook) -> None:
        """Get ready for a run that ``page`` asked for."""
        self.take(page)
        self._agent, self.hands = agent, hands
        self.run, self.turn, self._writing = "", 0, ""

    def take(self, page: Page) -> None:
        """Let ``page`` be the one that is commanded."""
        self.actor, self._why_stopped = page, ""

    def stop(self, why: str = "Stopped.") -> None:
        """End the run under way."""
        if not self.running or self._agent is None:
            return
        self._agent.stop(why)
        self._why_stopped = why
        if self.actor and self.actor not in self.pages:
            self.actor.withdrawn(self.notebook)  # or it would be waited for
        self._arrival.set()

    def tell(self, event: Event) -> None:
        """Show an event to every page with this notebook."""
        self.run, self.turn = event.run, event.turn
        self._writing = self._writing + event.text if isinstance(event, ReplyDelta) else ""
        before = self._untold[-1] if self._untold else None
        if isinstance(event, ReplyDelta) and isinstance(before, ReplyDelta):
            self._untold[-1] = before.model_copy(update={"text": before.text + event.text})
        else:
            self._untold.append(event)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELLING, self.send)

    def send(self, *messages: Any) -> None:
        """Send messages to every page with this notebook, after what happened before them."""
        if self._telling:
            self._telling.cancel()
        untold, self._untold, self._telling = self._untold, [], None
        for message in (
            *(p.EventMessage(notebook=self.notebook, event=event) for event in untold),
            *messages,
        ):
            for page in self.pages:
                page.send(message)

    def written(self) -> list[Event]:
        """Return what there is of a reply being written, which the journal does not have."""
        if not self._writing:
            return []
        place = {"conversation": self.conversation, "run": self.run, "turn": self.turn}
        return [ReplyDelta(**place, text=self._writing)]

    def join(self, page: Page) -> None:
        """Take a page on that shows the notebook, for the first time or again."""
        if page in self.pages:
            return
        self.send()  # to those who were there; this one has it from the history
        self.pages.append(page)
        if self._leaving:
            self._leaving.cancel()
        if self.actor is page:
            page.back(page.send, self.notebook)
        elif self.actor and self.actor not in self.pages:
            self.actor.withdrawn(self.notebook)
        self._arrival.set()
        if self.hands and not self.hands.complete:
            task = asyncio.ensure_future(self._show(self.hands))
            self._showing.add(task)
            task.add_done_callback(self._showing.discard)

    def leave(self, page: Page, *, comes_back: bool = False) -> None:
        """Take a page off; one whose connection was lost may come back to what it was told to do."""
        if page not in self.pages:
            return
        self.pages.remove(page)
        if self.pages or not comes_back:
            page.withdrawn(self.notebook)
        if self.running and not self.pages:
            why = DESERTED.format(minutes=f"{self._patience / 60:.0f}")
            self._leaving = asyncio.get_running_loop().call_later(self._patience, self.stop, why)

    async def hand(self) -> Page:
        """Return the page to command; wait for one if there is none.

        Raises
        ------
        NotebookError
            When the run was stopped while it waited.
        """
        while self.actor is None or self.actor not in self.pages:
            if self.pages:
                self.actor = self.pages[0]
            elif self._why_stopped:
                raise NotebookError(self._why_stopped)
            else:
                self._arrival.clear()
                await self._arrival.wait()
        return self.actor

    def over(self) -> None:
        """Let go of what a run needed; what no page has seen of it yet is kept for the next one."""
        self._agent = None
        self._writing = ""
        if self._leaving:
            self._leaving.cancel()
        if self.hands and self.hands.complete:
            self.hands = None

    async def _show(self, hands: DeskNotebook) -> None:
        await hands.show()
        if not self.running and hands.complete and self.hands is hands:
            self.hands = None
