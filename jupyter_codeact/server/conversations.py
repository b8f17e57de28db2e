"""Where the pages' requests arrive: each goes to the session of the notebook it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath
from typing import Any

from .. import protocol as p
from ..agent.contracts import CodeActError
from ..agent.events import RunUndone
from ..agent.gate.gate import Approval
from ..agent.secrets import environment_secrets, hide
from ..journal.undo import last_run, undo
from ..markdown_page import page as as_page
from .approvals import Approvals
from .attachments import Attachments
from .checks import Checks
from .page_notebook import PageNotebook
from .pages import Page, Send
from .runs import Runs
from .session import NotebookSession
from .setup import Setup
from .tasks import TaskSet

NOT_OPEN = "This notebook is not open here. Reload the page and ask again."
DELETED = "The notebook was deleted, so the run stopped."
UNDER_WAY = "A run is under way in this notebook. Stop it, or wait until it is done."
STOP_FIRST = "Stop the run first, then {what}."
UNDOING = "A run is being undone in this notebook. Ask again in a moment."
CHECKING = "This notebook is being checked already."
UNKNOWN = "This conversation is not one of this notebook's. It may have been deleted."
NOTHING_TO_UNDO = "There is no run in this conversation that changed a cell and is not undone."
NO_QUESTION = "No question waits for your answer any more."
NOT_WAITING = "This cell is not waiting for your approval any more."


class RefusalError(CodeActError):
    """A request cannot be met; the message says why, and what to do."""


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
        self._runs, self._checks = Runs(setup), Checks(setup.folder)
        setup.models.on_settings = self._tell_approval
        self._default_approval: Approval | None = None
        self._attachments = Attachments(setup.contents)
        self._tasks = TaskSet()
        self._handlers: dict[type, Callable[[Page, NotebookSession, Any], None]] = {
            p.Ask: self._ask,
            p.Attend: lambda _page, session, request: self._runs.read_ahead.begin(session, request.below),
            p.Stop: lambda _page, session, _request: session.stop(),
            p.NewConversation: self._new,
            p.ListConversations: lambda page, session, _request: self._list(page, session),
            p.OpenConversation: self._switch,
            p.RenameConversation: self._rename,
            p.DeleteConversation: self._delete,
            p.ResolveApproval: self._resolve_approval,
            p.AnswerQuestion: self._answer_question,
            p.SetApproval: self._set_approval,
            p.Undo: self._undo,
            p.Check: self._check,
            p.StopCheck: lambda _page, session, _request: self._checks.stop(session),
            p.ListVariables: self._list_variables,
            p.ExportConversation: self._export,
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
        """Take a message from a page; a request that cannot be met is refused."""
        if isinstance(message, p.Began | p.Done | p.Failed):
            page.receive(message)
            return
        try:
            self._take(page, message)
        except CodeActError as error:
            page.refuse(message, str(error))

    def moved(self, old: str, new: str) -> None:
        """Let conversations follow a notebook, or a folder of notebooks, that was renamed."""
        # what had the new name before is no more, though nobody may have said so
        self.journal.detach(self.setup.key(new))
        self.journal.move(self.setup.key(old), self.setup.key(new))
        for path in self._within(old):
            session = self._sessions.pop(path)
            session.notebook = str(PurePosixPath(new) / PurePosixPath(path).relative_to(old))
            early = self._sessions.get(session.notebook)
            self._sessions[session.notebook] = session
            for page in early.pages if early else ():
                if page not in session.pages:
                    session.join(page)
                    page.send(self._history(session))

    def deleted(self, path: str) -> None:
        """Let go of the conversations of a deleted notebook or folder; new ones of that name start afresh."""
        self.journal.detach(self.setup.key(path))
        for notebook in self._within(path):
            self._sessions.pop(notebook).stop(DELETED)

    async def close(self) -> None:
        """End all that is under way and close the journal."""
        await self._tasks.close()
        await self._checks.close()
        await self._runs.close()
        await asyncio.gather(*(session.close() for session in self._sessions.values()))
        self.journal.close()

    def in_use(self) -> set[str]:
        """Return the conversations that are open here."""
        return {session.conversation for session in self._sessions.values()}

    def _take(self, page: Page, request: p.NotebookRequest | p.ModelRequest) -> None:
        if isinstance(request, p.ModelRequest):
            self.setup.models.receive(page, request)
        elif isinstance(request, p.Open):
            self._open(page, request)
        elif isinstance(request, p.Close):
            if session := self._sessions.get(request.notebook):
                session.leave(page)
        else:
            session = self._sessions.get(request.notebook)
            if session is None or page not in session.pages:
                raise RefusalError(NOT_OPEN)
            self._handlers[type(request)](page, session, request)

    def _within(self, path: str) -> list[str]:
        """Return the paths of sessions whose notebook has that path or is in that folder."""
        return [notebook for notebook in self._sessions if PurePosixPath(notebook).is_relative_to(path)]

    def _open(self, page: Page, request: p.Open) -> None:
        session = self._sessions.get(request.notebook)
        if request.approval is not None and (request.approval or None) != self._default_approval:
            self._default_approval = request.approval or None
            self._tell_approval()
        if session is None:
            key = self.setup.key(request.notebook)
            conversation = self.journal.latest(key) or self.journal.begin(key)
            self.journal.close_unfinished(conversation)
            session = self._sessions[request.notebook] = NotebookSession(
                request.notebook,
                conversation,
                approvals=Approvals(self.journal.approval(key), self._usual_approval),
                reconnect_seconds=self.setup.reconnect_seconds,
            )
        if request.kernel_id or not session.running:
            session.kernel_id = request.kernel_id  # a page that is loading does not know it yet
        page.send(self._history(session))
        if self.journal.problem:
            page.send(p.Refused(id=None, notebook=session.notebook, message=self.journal.problem))
        session.join(page)

    def _usual_approval(self, model: str | None) -> Approval:
        """Return which cells wait in a notebook where the user has not chosen.

        As set for the model, else by the user's default, else by the server's.
        """
        of_server = self.setup.options.approval or "risky"
        return self.setup.models.approval(model) or self._default_approval or of_server

    def _tell_approval(self) -> None:
        """Tell every page which cells wait, after another model was chosen or one has other settings."""
        for session in self._sessions.values():
            current = session.approvals.current()
            session.send(p.ApprovalChanged(notebook=session.notebook, approval=current))

    def _history(self, session: NotebookSession) -> p.History:
        session.send()  # or a page would get events again that its history has
        return p.History(
            notebook=session.notebook,
            conversation=session.conversation,
            events=[*self.journal.events(session.conversation), *session.reply_so_far()],
            running=session.running,
            approval=session.approvals.current(),
        )

    def _ask(self, page: Page, session: NotebookSession, request: p.Ask) -> None:
        self._require_idle(session, UNDER_WAY)
        if not request.task.strip() and not request.attachments:
            raise RefusalError("Say what you would like done.")
        if not request.attachments:
            return self._runs.start(session, page, request, [])

        async def start() -> None:
            attachments = await self._attachments.prepare(request.attachments, session.notebook)
            self._runs.start(session, page, request, attachments)

        self._fulfil(page, session, request, start, busy=UNDER_WAY)

    def _new(self, _page: Page, session: NotebookSession, _request: p.NewConversation) -> None:
        self._require_idle(session, STOP_FIRST.format(what="begin a new conversation"))
        self._show(session, self.journal.begin(self.setup.key(session.notebook)))

    def _list(self, page: Page, session: NotebookSession) -> None:
        conversations = self.journal.conversations(self.setup.key(session.notebook))
        page.send(p.ConversationList(notebook=session.notebook, conversations=conversations))

    def _switch(self, _page: Page, session: NotebookSession, request: p.OpenConversation) -> None:
        self._require_idle(session, STOP_FIRST.format(what="open another conversation"))
        self._require_own(session, request.conversation)
        self.journal.close_unfinished(request.conversation)
        self._show(session, request.conversation)

    def _rename(self, page: Page, session: NotebookSession, request: p.RenameConversation) -> None:
        self._require_own(session, request.conversation)
        self.journal.rename(request.conversation, request.title)
        self._list(page, session)

    def _delete(self, page: Page, session: NotebookSession, request: p.DeleteConversation) -> None:
        self._require_own(session, request.conversation)
        if request.conversation == session.conversation:
            self._require_idle(session, STOP_FIRST.format(what="delete its conversation"))
        self.journal.delete(request.conversation)
        if request.conversation == session.conversation:
            self._show(session, self.journal.begin(self.setup.key(session.notebook)))
        self._list(page, session)

    def _export(self, page: Page, session: NotebookSession, request: p.ExportConversation) -> None:
        self._require_own(session, request.conversation)
        info, events = self.journal.find(request.conversation), self.journal.events(request.conversation)
        name = PurePosixPath(session.notebook)
        text = as_page(info, name.name, events, secrets=environment_secrets())
        page.send(
            p.ConversationFile(
                notebook=session.notebook, conversation=info.id, name=f"{name.stem}-{info.id}.md", text=text
            )
        )

    def _list_variables(self, page: Page, session: NotebookSession, request: p.ListVariables) -> None:
        kernel = self.setup.kernel(lambda: session.kernel_id)

        async def read() -> None:
            try:
                found = await kernel.variables()
            finally:
                kernel.close()
            secrets = environment_secrets()
            shown = [
                one.model_copy(update={"summary": hide(one.summary, secrets)})
                for one in found
                if one.type != "tool"
            ]
            page.send(p.VariableList(notebook=session.notebook, variables=shown))

        self._tasks.start(page.fulfil(request, read))

    def _resolve_approval(self, _page: Page, session: NotebookSession, request: p.ResolveApproval) -> None:
        if not session.approvals.resolve(request):
            raise RefusalError(NOT_WAITING)
        if request.rest:
            session.send(p.ApprovalChanged(notebook=session.notebook, approval=session.approvals.current()))

    def _answer_question(self, _page: Page, session: NotebookSession, request: p.AnswerQuestion) -> None:
        if not session.questions.resolve(request):
            raise RefusalError(NO_QUESTION)

    def _set_approval(self, _page: Page, session: NotebookSession, request: p.SetApproval) -> None:
        self.journal.set_approval(self.setup.key(session.notebook), request.approval)
        session.approvals.set(request.approval)
        session.send(p.ApprovalChanged(notebook=session.notebook, approval=request.approval))

    def _undo(self, page: Page, session: NotebookSession, request: p.Undo) -> None:
        self._require_idle(session, STOP_FIRST.format(what="undo it"))
        events = list(self.journal.events(session.conversation))
        run = request.run or last_run(events)
        if run is None:
            raise RefusalError(NOTHING_TO_UNDO)
        session.set_acting_page(page)
        notebook, conversation = self._notebook(session), session.conversation

        async def take_back() -> None:
            left = await undo(notebook, events, run)
            event = RunUndone(conversation=conversation, run=run, left=left)
            self.journal.append(event)
            session.send(p.EventMessage(notebook=session.notebook, event=event))

        self._fulfil(page, session, request, take_back, busy=UNDOING)

    def _check(self, page: Page, session: NotebookSession, _request: p.Check) -> None:
        self._require_idle(session, STOP_FIRST.format(what="check the notebook"))
        if self._checks.under_way(session):
            raise RefusalError(CHECKING)
        session.set_acting_page(page)
        kernels, kernel = self.setup.kernels, session.kernel_id
        if kernel is None or kernel not in kernels:
            raise RefusalError("This notebook has no kernel. Choose one with Kernel > Change Kernel.")
        name = kernels.get_kernel(kernel).kernel_name
        self._checks.start(session, self._notebook(session).read_state, name)

    def _notebook(self, session: NotebookSession) -> PageNotebook:
        kernel = self.setup.kernel(lambda: session.kernel_id)
        return PageNotebook(session, kernel, folder=self.setup.folder)

    def _require_own(self, session: NotebookSession, conversation: str) -> None:
        """Refuse a conversation of another notebook."""
        if self.journal.notebook(conversation) != self.setup.key(session.notebook):
            raise RefusalError(UNKNOWN)

    def _require_idle(self, session: NotebookSession, refusal: str) -> None:
        """Refuse while a run, or something that a run must not meet, is under way."""
        if session.running:
            raise RefusalError(refusal)
        if session.busy:
            raise RefusalError(session.busy)

    def _show(self, session: NotebookSession, conversation: str) -> None:
        session.conversation = conversation
        session.send(self._history(session))

    def _fulfil(
        self,
        page: Page,
        session: NotebookSession,
        request: p.NotebookRequest,
        work: Callable[[], Awaitable[None]],
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
