"""Where the pages' requests arrive: each goes to the session of the notebook it is about."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from .. import protocol as p
from ..agent.contracts import CodeActError
from ..agent.events import Event
from ..agent.gate.setting import Approval
from . import refusals
from .approvals import OTHERS_MODEL, Approvals
from .attachments import Attachments
from .checks import Checks
from .pages import Page, Send
from .refusals import RefusalError
from .reports import REPORTS, conversation_file
from .review import Reviews
from .runs import Runs
from .session import NotebookSession
from .setup import Setup
from .tasks import TaskSet

NEEDS_IDLE = (p.Ask, p.NewConversation, p.OpenConversation, p.DeleteConversation, p.Undo, p.Redo, p.Check)
"""Requests that nobody else's work must meet."""


class Conversations:
    """Takes the pages' requests and runs the agent for them.

    Parameters
    ----------
    setup
        What conversations and runs are set up with.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup, self.journal = setup, setup.journal
        self._sessions: dict[str, NotebookSession] = {}
        self._pages: dict[str, Page] = {}
        self.runs, self.reviews = Runs(setup, lambda: self.at_work), Reviews(setup)
        setup.models.on_settings = self._tell_approval
        self._default_approval: Approval | None = None
        self._checks, self._attachments = Checks(setup.folder), Attachments(setup.contents)
        self._tasks = TaskSet()
        self._in_order: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._moving = asyncio.Lock()
        self._handlers: dict[type, Callable[[Page, NotebookSession, Any], Awaitable[None] | None]] = {
            p.Ask: self._ask,
            p.Attend: lambda _page, session, request: self.runs.read_ahead.begin(session, request),
            p.Stop: lambda _page, session, _request: session.stop(),
            p.MakeWay: lambda _page, session, _request: session.push_out(),
            p.NewConversation: self._new,
            p.ListConversations: lambda page, session, _request: self._list(page, session),
            p.OpenConversation: self._switch,
            p.RenameConversation: self._rename,
            p.DeleteConversation: self._delete,
            p.ResolveApproval: self._resolve_approval,
            p.AnswerQuestion: self._answer_question,
            p.SetApproval: self._set_approval,
            p.Undo: self._undo,
            p.Redo: self._redo,
            p.Keep: self._keep,
            p.Check: self._check,
            p.StopCheck: lambda _page, session, _request: self._checks.stop(session),
            p.ConfirmServers: self.runs.servers.confirm,
            p.ExportConversation: self._export,
            **dict.fromkeys(REPORTS, self._report),
        }

    def join(self, name: str, send: Send) -> Page:
        """Greet a page that has connected; one with a known name was connected before."""
        page = self._pages.setdefault(name, Page(send))
        page.send, page.connected = send, True
        self.setup.models.join(page)
        return page

    def leave(self, page: Page, send: Send) -> None:
        """Note that a page has lost its connection; it may come back while a run expects it."""
        if page.send != send:
            return  # it is back already
        page.connected = False
        for session in self._sessions.values():
            session.leave(page, may_return=True)
        self._pages = {
            name: known
            for name, known in self._pages.items()
            if known.connected or any(session.expects(known) for session in self._sessions.values())
        }

    def receive(self, page: Page, message: p.FromPage) -> None:
        """Take a message from a page; a request that cannot be met is refused.

        The requests about one notebook are met one after the other, for the journal may keep some waiting.
        What the user decides during a run waits for nothing.
        """
        if isinstance(message, p.Began | p.Done | p.Failed):
            page.receive(message)
            return
        try:
            if isinstance(message, p.ModelRequest):
                self.setup.models.receive(page, message)
            elif isinstance(message, p.Stop | p.StopCheck | p.ResolveApproval | p.AnswerQuestion) and (
                session := self._session(page, message)
            ):
                self._handlers[type(message)](page, session, message)
            else:
                self._tasks.start(self._serve(page, message))
        except CodeActError as error:
            page.refuse(message, str(error))

    async def moved(self, old: str, new: str) -> None:
        """Let conversations follow a notebook, or a folder of notebooks, that was renamed."""
        for path in self._within(old):
            session = self._sessions.pop(path)
            session.notebook = str(PurePosixPath(new) / PurePosixPath(path).relative_to(old))
            early = self._sessions.get(session.notebook)
            self._sessions[session.notebook] = session
            self.runs.servers.forget(early)
            for page in early.pages if early else ():
                if page not in session.pages:
                    self._tasks.start(self._greet(page, session))
        async with self._moving:
            # what had the new name before is no more, though nobody may have said so
            await asyncio.to_thread(self.journal.detach, self.setup.key(new))
            await asyncio.to_thread(self.journal.move, self.setup.key(old), self.setup.key(new))

    async def deleted(self, path: str) -> None:
        """Let go of the conversations of a deleted notebook or folder; new ones of that name start afresh."""
        for notebook in self._within(path):
            session = self._sessions.pop(notebook)
            session.stop(refusals.DELETED)
            self.runs.servers.forget(session)
        async with self._moving:
            await asyncio.to_thread(self.journal.detach, self.setup.key(path))

    async def close(self) -> None:
        """End all that is under way and close the journal."""
        await self._tasks.close()
        await self._checks.close()
        await self.runs.close()
        await asyncio.gather(*(session.close() for session in self._sessions.values()))
        await asyncio.to_thread(self.journal.close)

    @property
    def at_work(self) -> bool:
        """Whether a run in any notebook goes on by itself, and waits for nobody."""
        return any(session.at_work for session in self._sessions.values())

    def in_use(self) -> set[str]:
        """Return the conversations that are open here."""
        return {session.conversation for session in self._sessions.values()}

    @property
    def sessions(self) -> list[NotebookSession]:
        """The sessions of all notebooks."""
        return list(self._sessions.values())

    async def _serve(self, page: Page, request: p.NotebookRequest) -> None:
        async with self._moving:
            pass  # or the conversations would not have the notebook's new name yet
        async with self._in_order[request.notebook]:
            await page.fulfil(request, lambda: self._take(page, request))

    async def _take(self, page: Page, request: p.NotebookRequest) -> None:
        if isinstance(request, p.Open):
            await self._open(page, request)
        elif isinstance(request, p.Close):
            if session := self._sessions.get(request.notebook):
                session.leave(page)
                self.runs.servers.left(session)
        elif session := self._session(page, request):
            if isinstance(request, NEEDS_IDLE):
                await session.make_way()
            if work := self._handlers[type(request)](page, session, request):
                await work
        else:
            raise RefusalError(refusals.NOT_OPEN)

    def _session(self, page: Page, request: p.NotebookRequest) -> NotebookSession | None:
        """Return the session that a request is about, if the page shows its notebook."""
        session = self._sessions.get(request.notebook)
        return session if session and page in session.pages else None

    def _within(self, path: str) -> list[str]:
        """Return the paths of sessions whose notebook has that path or is in that folder."""
        return [notebook for notebook in self._sessions if PurePosixPath(notebook).is_relative_to(path)]

    async def _open(self, page: Page, request: p.Open) -> None:
        if request.approval is not None and (request.approval or None) != self._default_approval:
            self._default_approval = request.approval or None
            self._tell_approval()
        session = await self.session(request.notebook)
        if request.kernel_id or not session.running:
            session.kernel_id = request.kernel_id  # a page that is loading does not know it yet
        await self._greet(page, session)

    async def session(self, notebook: str) -> NotebookSession:
        """Return a notebook's session, a new one if there is none."""
        if notebook not in self._sessions:
            conversation, approval = await asyncio.to_thread(self._look_up, notebook)
            approvals, seconds = Approvals(approval, self._usual_approval), self.setup.reconnect_seconds
            new = NotebookSession(notebook, conversation, approvals=approvals, reconnect_seconds=seconds)
            self._sessions.setdefault(notebook, new)
        return self._sessions[notebook]

    def _look_up(self, notebook: str) -> tuple[str, Approval | None]:
        """Return a notebook's conversation, its runs ended that no process works on, and the approval."""
        key = self.setup.key(notebook)
        conversation = self.journal.latest(key) or self.journal.begin(key)
        self.journal.close_unfinished(conversation)
        return conversation, self.journal.approval(key)

    async def _greet(self, page: Page, session: NotebookSession) -> None:
        """Give a page what there is of a conversation, and from then on what happens in it."""
        history = await self._history(session)
        if not page.connected:
            return
        page.send(history)
        if self.journal.problem:
            page.send(p.Refused(id=None, notebook=session.notebook, message=self.journal.problem))
        session.join(page)
        self._tasks.start(self.runs.servers.tell(page, session))

    def _usual_approval(self, model: str | None) -> Approval:
        """Return which cells wait in a notebook where the user has not chosen.

        As set for the model, else by the user's default, else by the server's.
        """
        of_server = self.setup.options.approval or "risky"
        of_model = None if model == OTHERS_MODEL else self.setup.models.approval(model)
        return of_model or self._default_approval or of_server

    def _tell_approval(self) -> None:
        """Tell every page which cells wait, after another model was chosen or one has other settings."""
        for session in self._sessions.values():
            session.tell_approval()

    def _events(self, conversation: str) -> list[Event]:
        return list(self.journal.events(conversation))

    async def _history(self, session: NotebookSession) -> p.History:
        """Return the conversation as it is now; send it, or let the page join, before anything else."""
        while True:
            conversation, told = session.conversation, session.told
            events = await asyncio.to_thread(self._events, conversation)
            if session.conversation == conversation and session.told is told:
                break
        session.send()  # or a page would get events again that its history has
        return p.History(
            notebook=session.notebook,
            conversation=conversation,
            events=[*session.as_told(events), *session.reply_so_far()],
            running=session.running,
            approval=session.approvals.current(),
            approval_for_run=session.approvals.for_run,
        )

    def _ask(self, page: Page, session: NotebookSession, request: p.Ask) -> None:
        self._require_idle(session, refusals.UNDER_WAY)
        if not request.task.strip() and not request.attachments:
            raise RefusalError("Say what you would like done.")
        if not request.attachments and request.replaces is None:
            return self.runs.start(session, page, request, [])

        async def start() -> None:
            if request.replaces is not None:
                session.set_acting_page(page)
                await self.reviews.take_back(session, request.replaces)
            attachments = await self._attachments.prepare(request.attachments, session.notebook)
            self.runs.start(session, page, request, attachments)

        self._fulfil(page, session, request, start, busy=refusals.UNDER_WAY)

    async def _new(self, _page: Page, session: NotebookSession, _request: p.NewConversation) -> None:
        self._require_idle(session, refusals.STOP_FIRST.format(what="begin a new conversation"))
        await self._show(session, await self._begin(session))

    async def _begin(self, session: NotebookSession) -> str:
        return await asyncio.to_thread(self.journal.begin, self.setup.key(session.notebook))

    async def _list(self, page: Page, session: NotebookSession) -> None:
        found = await asyncio.to_thread(self.journal.conversations, self.setup.key(session.notebook))
        page.send(p.ConversationList(notebook=session.notebook, conversations=found))

    async def _switch(self, _page: Page, session: NotebookSession, request: p.OpenConversation) -> None:
        self._require_idle(session, refusals.STOP_FIRST.format(what="open another conversation"))
        await self._require_own(session, request.conversation)
        await asyncio.to_thread(self.journal.close_unfinished, request.conversation)
        await self._show(session, request.conversation)

    async def _rename(self, page: Page, session: NotebookSession, request: p.RenameConversation) -> None:
        await self._require_own(session, request.conversation)
        await asyncio.to_thread(self.journal.rename, request.conversation, request.title)
        await self._list(page, session)

    async def _delete(self, page: Page, session: NotebookSession, request: p.DeleteConversation) -> None:
        await self._require_own(session, request.conversation)
        if request.conversation == session.conversation:
            self._require_idle(session, refusals.STOP_FIRST.format(what="delete its conversation"))
        await asyncio.to_thread(self.journal.delete, request.conversation)
        if request.conversation == session.conversation:
            await self._show(session, await self._begin(session))
        await self._list(page, session)

    async def _export(self, page: Page, session: NotebookSession, request: p.ExportConversation) -> None:
        await self._require_own(session, request.conversation)
        page.send(await asyncio.to_thread(conversation_file, self.journal, session, request.conversation))

    def _report(self, page: Page, session: NotebookSession, request: p.NotebookRequest) -> None:
        async def read() -> None:
            page.send(await REPORTS[type(request)](self.setup, session))

        self._tasks.start(page.fulfil(request, read))

    def _resolve_approval(self, _page: Page, session: NotebookSession, request: p.ResolveApproval) -> None:
        if not session.approvals.resolve(request):
            raise RefusalError(refusals.NOT_WAITING)
        if request.rest:
            session.tell_approval()

    def _answer_question(self, _page: Page, session: NotebookSession, request: p.AnswerQuestion) -> None:
        if not session.questions.resolve(request):
            raise RefusalError(refusals.NO_QUESTION)

    async def _set_approval(self, _page: Page, session: NotebookSession, request: p.SetApproval) -> None:
        session.approvals.set(request.approval)  # it holds at once, whatever the journal does
        session.tell_approval()
        key = self.setup.key(session.notebook)
        await asyncio.to_thread(self.journal.set_approval, key, request.approval)

    def _undo(self, page: Page, session: NotebookSession, request: p.Undo) -> None:
        self._require_idle(session, refusals.STOP_FIRST.format(what="undo it"))
        session.set_acting_page(page)
        work = partial(self.reviews.undo, session, request.run, request.cells)
        self._fulfil(page, session, request, work, busy=refusals.UNDOING)

    def _redo(self, page: Page, session: NotebookSession, request: p.Redo) -> None:
        self._require_idle(session, refusals.STOP_FIRST.format(what="redo what was undone"))
        session.set_acting_page(page)
        work = partial(self.reviews.redo, session, request.run, request.cells)
        self._fulfil(page, session, request, work, busy=refusals.UNDOING)

    async def _keep(self, _page: Page, session: NotebookSession, request: p.Keep) -> None:
        await self.reviews.keep(session, request.run, request.cells)

    def _check(self, page: Page, session: NotebookSession, _request: p.Check) -> None:
        self._require_idle(session, refusals.STOP_FIRST.format(what="check the notebook"))
        if self._checks.under_way(session):
            raise RefusalError(refusals.CHECKING)
        session.set_acting_page(page)
        kernels, kernel = self.setup.kernels, session.kernel_id
        if kernel is None or kernel not in kernels:
            raise RefusalError("This notebook has no kernel. Choose one with Kernel > Change Kernel.")
        name = kernels.get_kernel(kernel).kernel_name
        self._checks.start(session, self.reviews.notebook(session).read_state, name)

    async def _require_own(self, session: NotebookSession, conversation: str) -> None:
        """Refuse a conversation of another notebook."""
        if await asyncio.to_thread(self.journal.notebook, conversation) != self.setup.key(session.notebook):
            raise RefusalError(refusals.UNKNOWN)

    def _require_idle(self, session: NotebookSession, refusal: str) -> None:
        """Refuse while a run, or something that a run must not meet, is under way."""
        if session.running:
            agent = session.other_agent
            raise RefusalError(refusals.OTHER_AGENT.format(agent=agent.client) if agent else refusal)
        if session.busy:
            raise RefusalError(session.busy)

    async def _show(self, session: NotebookSession, conversation: str) -> None:
        session.conversation, session.told = conversation, []
        session.send(await self._history(session))

    def _fulfil(
        self,
        page: Page,
        session: NotebookSession,
        request: p.NotebookRequest,
        work: Callable[[], Awaitable[object]],
        *,
        busy: str,
    ) -> None:
        """Do the work of a request in the background; meanwhile the session is ``busy``."""

        async def task() -> None:
            try:
                await page.fulfil(request, work)
            finally:
                session.busy = ""

        session.busy = busy
        self._tasks.start(task())
