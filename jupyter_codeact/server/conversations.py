"""The live door's front: takes what pages say, and passes it to the desk of the notebook it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import PurePosixPath
from typing import Any

from .. import protocol as p
from ..agent.contracts import CodeActError
from ..agent.events import RunUndone
from ..journal.undo import last_run, undo
from .attachments import Attachments
from .checks import Checks
from .live import LiveNotebook
from .page_notebook import DeskNotebook
from .pages import Page, Send
from .runs import Runs
from .session import Desk
from .setup import Setup

NOT_OPEN = "This notebook is not open here. Reload the page and ask again."
DELETED = "The notebook was deleted, so the run stopped."
UNDER_WAY = "A run is under way in this notebook. Stop it, or wait until it is done."
STOP_FIRST = "Stop the run first, then {what}."
UNDOING = "A run is being undone in this notebook. Ask again in a moment."
CHECKING = "This notebook is being checked already."
UNKNOWN = "This conversation is not one of this notebook's. It may have been deleted."
NOTHING_TO_UNDO = "There is no run in this conversation that changed a cell and is not undone."


class RefusalError(CodeActError):
    """What a page asked for cannot be done; the message says why, and what to do."""


class Conversations:
    """Takes what pages say, and runs the agent for them.

    Parameters
    ----------
    setup
        What the runs are made of.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup, self.journal = setup, setup.journal
        self._desks: dict[str, Desk] = {}
        self._pages: dict[str, Page] = {}
        self._runs, self._checks = Runs(setup), Checks(setup.folder)
        self._attachments = Attachments(setup.contents)
        self._work: set[asyncio.Task[None]] = set()
        self._takes: dict[type, Callable[[Page, Desk, Any], None]] = {
            p.Ask: self._ask,
            p.Stop: lambda _page, desk, _message: desk.stop(),
            p.NewConversation: self._new,
            p.ListConversations: lambda page, desk, _message: self._list(page, desk),
            p.OpenConversation: self._switch,
            p.RenameConversation: self._rename,
            p.DeleteConversation: self._delete,
            p.ResolveApproval: self._decide,
            p.SetApproval: self._set_approval,
            p.Undo: self._undo,
            p.Check: self._check,
            p.StopCheck: lambda _page, desk, _message: self._checks.stop(desk),
        }

    def join(self, name: str, send: Send) -> Page:
        """Greet a page that has connected; one that is known by its name was connected before."""
        page = self._pages.setdefault(name, Page(send))
        page.send, page.connected = send, True
        self.setup.models.join(page)
        return page

    def leave(self, page: Page, send: Send) -> None:
        """Note that a page has lost its connection; while a run counts on it, it may come back."""
        if page.send != send:
            return  # it is back already
        page.connected = False
        for desk in self._desks.values():
            desk.leave(page, comes_back=True)
        expected = {desk.actor for desk in self._desks.values() if desk.running}
        self._pages = {name: one for name, one in self._pages.items() if one.connected or one in expected}

    def receive(self, page: Page, message: Any) -> None:
        """Take one of `protocol.FromPage`.

        Raises
        ------
        CodeActError
            With a sentence for the page, when nothing comes of it.
        """
        if isinstance(message, p.Began | p.Done | p.Failed):
            page.answered(message)
        elif isinstance(message, p.Open):
            self._open(page, message)
        elif isinstance(message, p.Close):
            if desk := self._desks.get(message.notebook):
                desk.leave(page)
        elif isinstance(
            message, p.ListModels | p.ChooseModel | p.SaveEndpoint | p.RemoveEndpoint | p.ControlModel
        ):
            self.setup.models.receive(page, message)
        elif take := self._takes.get(type(message)):
            desk = self._desks.get(message.notebook)
            if desk is None or page not in desk.pages:
                raise RefusalError(NOT_OPEN)
            take(page, desk, message)

    def moved(self, old: str, new: str) -> None:
        """Let conversations follow a notebook, or a folder of notebooks, that was renamed."""
        # what had the new name before is no more, though nobody may have said so
        self.journal.detach(self.setup.key(new))
        self.journal.move(self.setup.key(old), self.setup.key(new))
        for path in self._within(old):
            desk = self._desks.pop(path)
            desk.notebook = str(PurePosixPath(new) / PurePosixPath(path).relative_to(old))
            early = self._desks.get(desk.notebook)
            self._desks[desk.notebook] = desk
            for page in early.pages if early else ():
                if page not in desk.pages:
                    desk.join(page)
                    page.send(self._history(desk))

    def deleted(self, path: str) -> None:
        """Let go of the conversations of a deleted notebook or folder; new ones of that name start afresh."""
        self.journal.detach(self.setup.key(path))
        for notebook in self._within(path):
            self._desks.pop(notebook).stop(DELETED)

    async def close(self) -> None:
        """End all that is under way and let go of the journal."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._checks.close()
        await self._runs.close()
        self.journal.close()

    def shown(self) -> set[str]:
        """Return the conversations that are open here."""
        return {desk.conversation for desk in self._desks.values()}

    def _within(self, path: str) -> list[str]:
        """Return the notebook of that path, or those in the folder of that path, with a desk here."""
        return [notebook for notebook in self._desks if PurePosixPath(notebook).is_relative_to(path)]

    def _open(self, page: Page, message: p.Open) -> None:
        desk = self._desks.get(message.notebook)
        if desk is None:
            key = self.setup.key(message.notebook)
            conversation = self.journal.latest(key) or self.journal.begin(key)
            self.journal.close_unfinished(conversation)
            desk = self._desks[message.notebook] = Desk(
                message.notebook,
                conversation,
                approval=self.journal.approval(key) or self.setup.approval,
                patience=self.setup.patience,
            )
        if message.kernel_id or not desk.running:
            desk.kernel = message.kernel_id  # a page that is loading does not know it yet
        page.send(self._history(desk))
        if self.journal.problem:
            page.send(p.Refused(notebook=desk.notebook, message=self.journal.problem))
        desk.join(page)

    def _history(self, desk: Desk) -> p.History:
        desk.send()  # or a page would be told again what is in its history
        return p.History(
            notebook=desk.notebook,
            conversation=desk.conversation,
            events=[*self.journal.events(desk.conversation), *desk.written()],
            running=desk.running,
            approval=desk.approvals.current(),
        )

    def _ask(self, page: Page, desk: Desk, message: p.Ask) -> None:
        self._free(desk, UNDER_WAY)
        if not message.task.strip() and not message.attachments:
            raise RefusalError("Say what you would like done.")
        if not message.attachments:
            return self._runs.start(desk, page, message, [])

        async def start() -> None:
            attachments = await self._attachments.ready(message.attachments, desk.notebook)
            self._runs.start(desk, page, message, attachments)

        self._do(page, desk, start(), UNDER_WAY)

    def _new(self, _page: Page, desk: Desk, _message: p.NewConversation) -> None:
        self._free(desk, STOP_FIRST.format(what="begin a new conversation"))
        self._show(desk, self.journal.begin(self.setup.key(desk.notebook)))

    def _list(self, page: Page, desk: Desk) -> None:
        conversations = self.journal.conversations(self.setup.key(desk.notebook))
        page.send(p.ConversationList(notebook=desk.notebook, conversations=conversations))

    def _switch(self, _page: Page, desk: Desk, message: p.OpenConversation) -> None:
        self._free(desk, STOP_FIRST.format(what="open another conversation"))
        self._own(desk, message.conversation)
        self.journal.close_unfinished(message.conversation)
        self._show(desk, message.conversation)

    def _rename(self, page: Page, desk: Desk, message: p.RenameConversation) -> None:
        self._own(desk, message.conversation)
        self.journal.rename(message.conversation, message.title)
        self._list(page, desk)

    def _delete(self, page: Page, desk: Desk, message: p.DeleteConversation) -> None:
        self._own(desk, message.conversation)
        if message.conversation == desk.conversation:
            self._free(desk, STOP_FIRST.format(what="delete its conversation"))
        self.journal.delete(message.conversation)
        if message.conversation == desk.conversation:
            self._show(desk, self.journal.begin(self.setup.key(desk.notebook)))
        self._list(page, desk)

    def _decide(self, _page: Page, desk: Desk, message: p.ResolveApproval) -> None:
        if refusal := desk.approvals.decide(message):
            raise RefusalError(refusal)
        if message.rest:
            desk.send(p.ApprovalChanged(notebook=desk.notebook, approval=desk.approvals.current()))

    def _set_approval(self, _page: Page, desk: Desk, message: p.SetApproval) -> None:
        self.journal.set_approval(self.setup.key(desk.notebook), message.approval)
        desk.approvals.set(message.approval)
        desk.send(p.ApprovalChanged(notebook=desk.notebook, approval=message.approval))

    def _undo(self, page: Page, desk: Desk, message: p.Undo) -> None:
        self._free(desk, STOP_FIRST.format(what="undo it"))
        events = list(self.journal.events(desk.conversation))
        run = message.run or last_run(events)
        if run is None:
            raise RefusalError(NOTHING_TO_UNDO)
        desk.take(page)
        notebook = LiveNotebook(DeskNotebook(desk, dict), self.setup.kernel(lambda: desk.kernel))
        conversation = desk.conversation

        async def take_back() -> None:
            left = await undo(notebook, events, run)
            event = RunUndone(conversation=conversation, run=run, left=left)
            self.journal.append(event)
            desk.send(p.EventMessage(notebook=desk.notebook, event=event))

        self._do(page, desk, take_back(), UNDOING)

    def _check(self, page: Page, desk: Desk, _message: p.Check) -> None:
        self._free(desk, STOP_FIRST.format(what="check the notebook"))
        if self._checks.under_way(desk):
            raise RefusalError(CHECKING)
        desk.take(page)
        kernels, kernel = self.setup.kernels, desk.kernel
        if kernel is None or kernel not in kernels:
            raise RefusalError("This notebook has no kernel. Choose one with Kernel > Change Kernel.")
        name = kernels.get_kernel(kernel).kernel_name
        self._checks.start(desk, DeskNotebook(desk, dict).read_state(brief=False), name)

    def _own(self, desk: Desk, conversation: str) -> None:
        """Refuse a conversation that is not this notebook's."""
        if self.journal.notebook(conversation) != self.setup.key(desk.notebook):
            raise RefusalError(UNKNOWN)

    def _free(self, desk: Desk, running: str) -> None:
        """Refuse while a run, or something that a run must not meet, is under way."""
        if desk.running:
            raise RefusalError(running)
        if desk.busy:
            raise RefusalError(desk.busy)

    def _show(self, desk: Desk, conversation: str) -> None:
        desk.conversation = conversation
        desk.send(self._history(desk))

    def _do(self, page: Page, desk: Desk, work: Coroutine[Any, Any, None], busy: str) -> None:
        """Do something that takes a moment; meanwhile the desk is ``busy``."""

        async def done() -> None:
            try:
                await work
            except CodeActError as error:
                page.send(p.Refused(notebook=desk.notebook, message=str(error)))
            finally:
                desk.busy = ""

        desk.busy = busy
        task = asyncio.ensure_future(done())
        self._work.add(task)
        task.add_done_callback(self._work.discard)
