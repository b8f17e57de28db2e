"""The live door's desks: which pages show which notebook, and the run under way in each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from . import protocol as p
from .agent.agent import Agent
from .agent.contracts import ChatModel
from .agent.events import Event
from .agent.run import Budget
from .journal import SqliteJournal
from .notebooks.live import PAGE_GONE, KernelAccess, LiveNotebook
from .pages import Page, PageNotebook

log = logging.getLogger(__name__)


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
        self._status: p.ModelStatus | None = None

    def join(self, page: Page) -> None:
        """Greet a page that has connected."""
        self._pages.add(page)
        if self._status:
            page.send(self._status)

    def leave(self, page: Page) -> None:
        """Forget a page that has gone; a run that worked through it ends."""
        self._pages.discard(page)
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
        self.journal.move(self._key(old), self._key(new))
        for path in list(self._desks):
            if PurePosixPath(path).is_relative_to(old):
                desk = self._desks.pop(path)
                desk.notebook = str(PurePosixPath(new) / PurePosixPath(path).relative_to(old))
                early = self._desks.get(desk.notebook)
                if early and not early.running:
                    desk.pages.update(early.pages)
                self._desks[desk.notebook] = desk

    def deleted(self, path: str) -> None:
        """Let go of a deleted notebook's conversations, so that a new one of its name starts afresh."""
        self.journal.detach(self._key(path))
        desk = self._desks.get(path)
        if desk and not desk.running:
            del self._desks[path]

    async def close(self) -> None:
        """End every run and let go of the journal."""
        tasks = [desk.task for desk in self._desks.values() if desk.task and not desk.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.journal.close()

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
        page.gone(desk.notebook)
        if desk.running and desk.actor is page and desk.agent:
            desk.agent.stop(PAGE_GONE)

    def _ask(self, page: Page, message: p.Ask) -> None:
        desk = self._desks.get(message.notebook)
        task = message.task.strip()
        if desk is None or page not in desk.pages:
            refusal = "This notebook is not open here. Reload the page and ask again."
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

        async def work() -> None:
            try:
                await agent.run(desk.conversation, task, title=self._key(desk.notebook))
            except Exception:
                log.exception("A CodeAct run in %s failed", desk.notebook)

        desk.task = asyncio.ensure_future(work())

    def _new(self, page: Page, notebook: str) -> None:
        desk = self._desks.get(notebook)
        if desk is None or desk.running:
            refusal = "Stop the run first, then begin a new conversation."
            page.send(p.Refused(notebook=notebook, message=refusal))
            return
        desk.conversation = self.journal.begin(self._key(notebook))
        for shown in desk.pages:
            shown.send(self._history(desk))
