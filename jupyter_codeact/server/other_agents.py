"""Lets other agents work in this server's notebooks, in the page's if one shows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import PurePosixPath

from .. import protocol as p
from ..agent.contracts import (
    Cell,
    CodeActError,
    NotebookCell,
    NotebookState,
    Variable,
)
from ..agent.events import ApprovalRequested, Event, RunEnded, RunStarted
from ..agent.gate.gate import ApprovalGate, Decision, decision
from ..agent.kernel_tools import KernelTools
from ..journal.undo import changed_runs
from ..lab_settings import read_settings
from ..mcp.client.notebook import NotebookServers
from ..mcp.server.checking import check_with_progress
from ..mcp.server.notebooks import Client, Progress
from ..mcp.server.run import NOTHING_RUNS, AgentRun
from .approvals import OTHERS_MODEL
from .conversations import Conversations
from .file_page import FilePage
from .page_notebook import PageNotebook
from .pages import Page
from .session import NotebookSession
from .tasks import TaskSet

IDLE = 30.0
"""Seconds after its last call that the run of another agent ends: the next call begins another one."""
AT_WORK = "{who} is at work in {path}. Wait until it is done, then call again."
AWAY = "CodeAct is at work in {path}, whose page is gone for the moment. Call again when it is back."
NOBODY = "nobody sees it: open the notebook in JupyterLab to approve the cell there, and call again"
NOTHING_TO_UNDO = "There is no run of yours in this notebook that changed a cell and is not undone."


class ServedNotebook:
    """A notebook of this server, as another agent works in it.

    Parameters
    ----------
    conversations
        The sessions of this server's notebooks.
    session
        The notebook's.
    tasks
        Keeps the runs alive.
    """

    def __init__(self, conversations: Conversations, session: NotebookSession, tasks: TaskSet) -> None:
        self._conversations, self._setup = conversations, conversations.setup
        self._session, self._tasks = session, tasks

    @property
    def path(self) -> str:
        """The notebook's path below the server's folder."""
        return self._session.notebook

    async def state(self, *, brief: bool = False) -> NotebookState:
        """Return the cells, and unless ``brief`` the outputs and the variables."""
        async with self._reading() as notebook:
            state = await notebook.read_state(brief=brief)
            if brief:
                return state
            variables = await self._look(notebook)
            return state.model_copy(update={"variables": variables, "name": PurePosixPath(self.path).name})

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a complete cell."""
        async with self._reading() as notebook:
            await self._look(notebook)
            return await notebook.read_cell(cell_id)

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets in the kernel's environment, as they were when it was last asked."""
        return self._session.kernel_secrets

    async def _look(self, notebook: PageNotebook) -> list[Variable] | None:
        """Return the kernel's variables, and note its secrets; a busy kernel tells neither."""
        variables = await notebook.variables()
        if variables is not None:
            self._session.kernel_secrets = notebook.secrets()
        return variables

    @property
    def _servers(self) -> NotebookServers:
        return self._conversations.runs.servers.of(self._session)

    def run_of(self, client: Client) -> AgentRun | None:
        """Return the run of a client that is under way."""
        run = self._session.other_agent
        return run if run and (run.client, run.connection) == (client.name, client.connection) else None

    async def begin(self, client: Client) -> AgentRun:
        """Return the run of a client that is under way, or begin one."""
        async with self._session.beginning:
            return await self._begin(client)

    async def _begin(self, client: Client) -> AgentRun:
        session = self._session
        run = self.run_of(client)
        if run and not run.is_over:
            return run
        await self._free()
        events = await asyncio.to_thread(lambda: list(self._setup.journal.events(session.conversation)))
        self._require_free()
        page = self._page()
        kernel = self._setup.kernel(lambda: session.kernel_id)
        notebook = PageNotebook(
            session, kernel, folder=self._setup.folder, author=lambda: {"agent": client.name}
        )
        run = AgentRun(
            client.name,
            notebook,
            self._setup.journal,
            self._gate(),
            watch=session.broadcast,
            conversation=session.conversation,
            title=self._setup.key(self.path),
            events=events,
            connection=client.connection,
            tools=KernelTools(servers=self._servers),
        )

        async def work() -> None:
            try:
                await run.until_over(IDLE)
            finally:
                kernel.close()
                session.other_agent = None
                session.end()
                if session.approvals.end():
                    session.tell_approval()

        if session.approvals.begin(None, OTHERS_MODEL):
            session.tell_approval()
        session.begin(page, run)
        session.other_agent = run
        run.begin()
        session.task = self._tasks.start(work())
        return run

    async def interrupt(self, client: Client) -> None:
        """Interrupt the cell of a client's that runs; those of others are not the client's to end."""
        run = self.run_of(client)
        if run is None:
            self._require_free()
            raise CodeActError(NOTHING_RUNS)
        run.note_interrupt()
        kernel = self._setup.kernel(lambda: self._session.kernel_id)
        try:
            await kernel.interrupt()
        finally:
            kernel.close()

    async def undo(self, client: Client) -> str:
        """Undo the last run of a client that is not undone."""
        session = self._session
        await self._free()
        events: list[Event] = await asyncio.to_thread(
            lambda: list(self._setup.journal.events(session.conversation))
        )
        own = {event.run for event in events if isinstance(event, RunStarted) and event.agent == client.name}
        runs = [run for run in changed_runs(events) if run in own]
        if not runs:
            raise CodeActError(NOTHING_TO_UNDO)
        self._require_free()
        session.busy = "A run is being undone in this notebook. Ask again in a moment."
        try:
            session.set_acting_page(self._page())
            left = await self._conversations.reviews.undo(session, runs[-1], None)
        finally:
            session.busy = ""
        if not left:
            return "Your last run is undone: its cells are as they were before. Variables and files stay."
        return (
            f"Your last run is undone, except for {len(left)} of its cells that the user has changed since."
        )

    async def check(self, cells: Sequence[Cell], progress: Progress) -> str:
        """Run cells in a fresh kernel, and say whether they show what they showed."""
        kernels, kernel = self._setup.kernels, self._session.kernel_id
        if kernel is None or kernel not in kernels:
            raise CodeActError("This notebook has no kernel.")
        name = kernels.get_kernel(kernel).kernel_name
        folder = self._setup.folder(self.path)
        return await check_with_progress(cells, kernel=name, folder=folder, progress=progress)

    def would_ask(self, cell: Cell, state: NotebookState) -> list[str]:
        """Return why a cell would have to wait for the user before it runs."""
        judged = self._gate().judge(cell.source, state)
        return (judged.reasons or ["every cell has to"]) if judged.verdict == "ask" else []

    async def ask(self, client: Client, task: str, progress: Progress) -> RunEnded:
        """Let our own agent do a task."""
        session = self._session
        settings = await asyncio.to_thread(read_settings, self._setup.settings_folder())
        await self._free()
        self._require_free()
        request = p.Ask(
            id="",
            notebook=self.path,
            task=task,
            guidance=settings.guidance,
            instructions=settings.instructions,
        )
        self._conversations.runs.start(session, self._page(), request, [], asked_by=client.name)
        assert session.task is not None
        run = session.task
        try:
            while not run.done():
                await progress(_describe(session))
                await asyncio.wait({run}, timeout=2.0)
        except asyncio.CancelledError:
            session.stop(f"{client.name} cancelled its task.")
            raise
        ended = [event for event in session.told if isinstance(event, RunEnded)]
        if not ended:
            raise CodeActError("The run failed; the server's log says how.")
        return ended[-1]

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[PageNotebook]:
        session = self._session
        if not session.pages:
            self._page()
        kernel = self._setup.kernel(lambda: session.kernel_id)
        try:
            yield PageNotebook(session, kernel, folder=self._setup.folder)
        finally:
            kernel.close()

    def _page(self) -> Page:
        """Return a page that shows the notebook, or what stands in for one."""
        session = self._session
        if session.running and session.other_agent is None and not session.pages:
            raise CodeActError(AWAY.format(path=session.notebook))  # its run waits for that very page
        if not session.pages:
            kernel = self._setup.kernel(lambda: session.kernel_id)
            page = FilePage(self._setup.contents, kernel, lambda: page in session.pages)
            session.join(page)
        return session.pages[0]

    def _gate(self) -> ApprovalGate:
        session = self._session
        gate = ApprovalGate(session.approvals.current, self._ask, self._setup.folder(session.notebook))
        gate.know_servers(self._servers.connected)
        return gate

    async def _ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Ask the user about a cell; where nobody sees the notebook, it does not run."""
        if not self._session.is_shown:
            return decision(source, allowed=False, reasons=[*requested.reasons, NOBODY])
        return await self._session.approvals.ask(requested, source)

    async def _free(self) -> None:
        """Let the run of another agent end that does nothing."""
        await self._session.make_way()
        self._require_free()

    def _require_free(self) -> None:
        session = self._session
        if session.running:
            who = session.other_agent.client if session.other_agent else "CodeAct"
            raise CodeActError(AT_WORK.format(who=who, path=session.notebook))
        if session.busy:
            raise CodeActError(session.busy)


def _describe(session: NotebookSession) -> str:
    """Return, in a sentence, what a run does."""
    if session.approvals.waiting:
        return "A cell waits for the user's approval in JupyterLab."
    if session.questions.waiting:
        return "The agent has asked the user a question in JupyterLab."
    return f"The agent is at work (turn {session.turn})."
