"""The live door's desks: which pages show which notebook, and the run under way in each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from .. import protocol as p
from ..agent.agent import Agent
from ..agent.contracts import ChatModel, CodeActError
from ..agent.events import Event, RunEnded, new_id
from ..agent.run import Budget
from ..journal import SqliteJournal
from ..notebooks.live import PAGE_GONE, KernelAccess, LiveNotebook
from .pages import Page, PageNotebook

log = logging.getLogger(__name__)

NOT_OPEN = "This notebook is not open here. Reload the page and ask again."
DELETED = "The notebook was deleted, so the run stopped."


class Desk:
    """One notebook: its conversation, the pages that show it, and the run under way."""

    def __init__(self, notebook: str, conversation: str) -> None:
        self.notebook, self.conversation = notebook, conversation
        self.pages: set[Page] = set()
        self.kernel: str | None = None
        self.actor: Page | None = None
        self.agent: Agent | None = None
        self.task: asyncio.Task[None] | None = None
        self.run = ""
        self.turn = 0

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self.task is not None and not self.task.done()

    def tell(self, event: Event) -> None:
        """Show an event to every page with this notebook."""
        self.run, self.turn = event.run, event.turn
        for page in self.pages:
            page.send(p.Happened(notebook=self.notebook, event=event))

    def mark(self) -> dict[str, Any]:
        """Return the metadata of a cell written now."""
        return {"codeact": {"run": self.run, "turn": self.turn}}


class Conversations:
    """Takes what pages say, and runs the agent for them.

    Parameters
    ----------
    model
        The model every run uses.
    journal
        Where events are kept.
    kernel
        Makes the way to a kernel from what returns its id, which changes when the user changes kernels.
    root
        The folder that the pages' notebook paths start from; it tells one server's notebooks from another's.
    budget
        What a run may spend.
    """

    def __init__(
        self,
        *,
        model: ChatModel,
        journal: SqliteJournal,
        kernel: Callable[[Callable[[], str | None]], KernelAccess],
        root: str,
        budget: Budget,
    ) -> None:
        self.model, self.journal, self.budget = model, journal, budget
        self._kernel, self._root = kernel, root
        self._desks: dict[str, Desk] = {}
        self._pages: set[Page] = set()
        self._runs: set[asyncio.Task[None]] = set()
        self._status: p.ModelStatus | None = None

    def join(self, page: Page) -> None:
        """Greet a page that has connected."""
        self._pages.add(page)
        if self._status:
            page.send(self._status)

    def leave(self, page: Page) -> None:
        """Forget a page that has gone; a run that worked through it ends."""
        self._pages.discard(page)
        page.gone()
        for desk in self._desks.values():
            self._withdraw(desk, page)

    def receive(self, page: Page, message: Any) -> None:
        """Take one of `protocol.FromPage`."""
        if isinstance(message, p.Done | p.Failed):
            page.answered(message)
        elif isinstance(message, p.Open):
            self._open(page, message)
        elif isinstance(message, p.Close):
            if desk := self._desks.get(message.notebook):
                self._withdraw(desk, page)
        elif isinstance(message, p.Ask):
            self._ask(page, message)
        elif isinstance(message, p.Stop):
            desk = self._desks.get(message.notebook)
            if desk and desk.agent and desk.running:
                desk.agent.stop()
        elif isinstance(message, p.NewConversation):
            self._new(page, message.notebook)

    def show_status(self, status: p.ModelStatus) -> None:
        """Tell every page how the model is."""
        self._status = status
        for page in self._pages:
            page.send(status)

    def moved(self, old: str, new: str) -> None:
        """Let conversations follow a notebook, or a folder of notebooks, that was renamed."""
        # what had the new name before is no more, though nobody may have said so
        self.journal.detach(self._key(new))
        self.journal.move(self._key(old), self._key(new))
        for path in self._within(old):
            desk = self._desks.pop(path)
            desk.notebook = str(PurePosixPath(new) / PurePosixPath(path).relative_to(old))
            early = self._desks.get(desk.notebook)
            self._desks[desk.notebook] = desk
            for page in early.pages - desk.pages if early else ():
                desk.pages.add(page)
                page.send(self._history(desk))

    def deleted(self, path: str) -> None:
        """Let go of the conversations of a deleted notebook or folder; new ones of that name start afresh."""
        self.journal.detach(self._key(path))
        for notebook in self._within(path):
            desk = self._desks.pop(notebook)
            if desk.running and desk.agent:
                desk.agent.stop(DELETED)

    async def close(self) -> None:
        """End every run and let go of the journal."""
        for task in self._runs:
            task.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        self.journal.close()

    def _within(self, path: str) -> list[str]:
        """Return the notebook of that path, or those in the folder of that path, with a desk here."""
        return [notebook for notebook in self._desks if PurePosixPath(notebook).is_relative_to(path)]

    def _key(self, notebook: str) -> str:
        return f"{self._root}/{notebook}"

    def _open(self, page: Page, message: p.Open) -> None:
        desk = self._desks.get(message.notebook)
        if desk is None:
            key = self._key(message.notebook)
            conversation = self.journal.latest(key) or self.journal.begin(key)
            self.journal.close_unfinished(conversation)
            desk = self._desks[message.notebook] = Desk(message.notebook, conversation)
        desk.kernel = message.kernel_id
        desk.pages.add(page)
        page.send(self._history(desk))

    def _history(self, desk: Desk) -> p.History:
        return p.History(
            notebook=desk.notebook,
            conversation=desk.conversation,
            events=list(self.journal.events(desk.conversation)),
            running=desk.running,
        )

    def _withdraw(self, desk: Desk, page: Page) -> None:
        desk.pages.discard(page)
        page.closed(desk.notebook)
        if desk.running and desk.actor is page and desk.agent:
            desk.agent.stop(PAGE_GONE)

    def _ask(self, page: Page, message: p.Ask) -> None:
        desk = self._desks.get(message.notebook)
        task = message.task.strip()
        if desk is None or page not in desk.pages:
            refusal = NOT_OPEN
        elif desk.running:
            refusal = "A run is under way in this notebook. Stop it, or wait until it is done."
        elif not task:
            refusal = "Say what you would like done."
        else:
            return self._start(desk, page, task)
        page.send(p.Refused(notebook=message.notebook, message=refusal))

    def _start(self, desk: Desk, page: Page, task: str) -> None:
        notebook = LiveNotebook(
            PageNotebook(page, lambda: desk.notebook, desk.mark), self._kernel(lambda: desk.kernel)
        )
        agent = Agent(self.model, notebook, self.journal, budget=self.budget, watch=desk.tell)
        desk.actor, desk.agent = page, agent
        desk.run, desk.turn, conversation = "", 0, desk.conversation

        async def work() -> None:
            try:
                await agent.run(conversation, task, title=self._key(desk.notebook))
            except CodeActError as error:  # the journal's: not even the run's end could be recorded
                log.error("A CodeAct run in %s failed: %s", desk.notebook, error)
                place = {"conversation": conversation, "run": desk.run or new_id(), "turn": desk.turn}
                desk.tell(RunEnded(**place, ending="failed", message=str(error)))
            except Exception:
                log.exception("A CodeAct run in %s failed", desk.notebook)

        desk.task = asyncio.ensure_future(work())
        self._runs.add(desk.task)
        desk.task.add_done_callback(self._runs.discard)

    def _new(self, page: Page, notebook: str) -> None:
        desk = self._desks.get(notebook)
        if desk is None or page not in desk.pages or desk.running:
            running = "Stop the run first, then begin a new conversation."
            refusal = running if desk and page in desk.pages else NOT_OPEN
            page.send(p.Refused(notebook=notebook, message=refusal))
            return
        desk.conversation = self.journal.begin(self._key(notebook))
        for shown in desk.pages:
            shown.send(self._history(desk))
