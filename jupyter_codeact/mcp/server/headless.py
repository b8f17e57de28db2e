"""One notebook file with a kernel of its own, for an agent that works without a Jupyter server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ...agent.contracts import Cell, CodeActError, NotebookCell, NotebookState
from ...agent.events import ApprovalRequested, Event, QuestionAsked, RunEnded, RunStarted
from ...agent.gate.gate import ApprovalGate, Decision, decision
from ...agent.gate.setting import Approval
from ...agent.kernel_tools import KernelTools
from ...approval import gate_for
from ...journal import default_path, open_journal
from ...journal.undo import changed_runs, undo
from ...lab_settings import read_settings
from ...models.endpoints.access import KEY_VARIABLE
from ...notebooks.headless import HeadlessNotebook
from ...notebooks.project import ProjectFolders
from ...options import RunOptions, build_agent, open_model
from ..client.configuration import secret_variables
from ..client.notebook import NotebookServers
from ..client.sources import find
from .checking import check_with_progress
from .notebooks import Client, Listed, Progress
from .run import NOTHING_RUNS, AgentRun

IDLE = 300.0
"""Seconds after its last call that a run ends."""
NOBODY = (
    "nobody is there to approve it: the user can open the notebook in JupyterLab, or start "
    "`jupyter codeact mcp` with --approval never"
)
NOTHING_TO_UNDO = "There is no run of yours in this notebook that changed a cell and is not undone."


class Refuser:
    """Lets no cell run that has to wait for approval, because nobody is there."""

    def __init__(self, approval: Approval) -> None:
        self.approval = approval

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Refuse a cell."""
        return decision(source, allowed=False, reasons=[*requested.reasons, NOBODY])

    async def answer_question(self, asked: QuestionAsked) -> str | None:
        """Leave a question without an answer."""
        return None


class NotebookInFile:
    """A notebook file that agents work in; use it with ``async with``. It is the only one in its place.

    Parameters
    ----------
    path
        The file; it is made when the first cell is written, if there is none.
    options
        Which cells may run, and how our own agent works.

    Raises
    ------
    NotebookError
        If the file cannot be understood or written.
    """

    def __init__(self, path: Path, options: RunOptions) -> None:
        self._file, self._options = path.resolve(), options
        there, folder = self._file if self._file.exists() else None, self._file.parent
        withhold = {KEY_VARIABLE, *secret_variables(find(options.mcp_servers, folder).servers)}
        self._notebook = HeadlessNotebook(there, self._file, withhold=withhold, folder=folder)
        self._servers = NotebookServers(options.mcp_servers, lambda: folder, timeout=options.mcp_seconds)
        self._journal = open_journal(default_path())
        self._conversation = ""
        self._stack = AsyncExitStack()
        self._run: AgentRun | None = None
        self._ending: asyncio.Task[RunEnded] | None = None
        self._beginning = asyncio.Lock()
        self._asking = False

    async def __aenter__(self) -> Self:
        """Start the kernel."""
        await self._stack.enter_async_context(self._notebook)
        self._conversation = await asyncio.to_thread(self._journal.begin, str(self._file))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run and the kernel; finish writing."""
        if self._run is not None and self._ending is not None:
            if self._run.is_busy:
                self._run.stop("The agent has left.")
            self._run.finish()
            await asyncio.wait({self._ending})
        await self._stack.aclose()
        await self._servers.close()
        self._journal.close()

    @property
    def path(self) -> str:
        """The file's name."""
        return self._file.name

    async def listed(self, folder: str) -> Sequence[Listed]:
        """Return this notebook."""
        return [Listed(self.path, ("open",))]

    async def open(self, path: str, *, create: bool = False) -> NotebookInFile:
        """Return this notebook.

        Raises
        ------
        CodeActError
            If another one is named.
        """
        if path and (self._file.parent / path).resolve() != self._file:
            raise CodeActError(f"Only {self.path!r} is open here: `jupyter codeact mcp` was started on it.")
        return self

    async def state(self, *, brief: bool = False) -> NotebookState:
        """Return the cells, and unless ``brief`` the outputs and the variables."""
        return await self._notebook.state(brief=brief)

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a complete cell."""
        return await self._notebook.read_cell(cell_id)

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets in the kernel's environment after the last cell."""
        return self._notebook.secrets()

    def run_of(self, client: Client) -> AgentRun | None:
        """Return the run that is under way; nobody else works here."""
        return self._run

    async def begin(self, client: Client) -> AgentRun:
        """Return the run that is under way, or begin one."""
        async with self._beginning:
            self._require_free()
            if self._run is not None and not self._run.is_over:
                return self._run
            await self._end_run()
            run = self._run = AgentRun(
                client.name,
                self._notebook,
                self._journal,
                self._gate_for_others(),
                watch=lambda _event: None,
                conversation=self._conversation,
                title=str(self._file),
                events=await self._events(),
                tools=KernelTools(servers=self._servers),
            )
            run.begin()
            self._ending = asyncio.ensure_future(run.until_over(IDLE))
            return run

    async def interrupt(self, client: Client) -> None:
        """Interrupt the cell that runs; here it is the client's, or our own agent's, which works for it."""
        if not self._asking:
            if self._run is None:
                raise CodeActError(NOTHING_RUNS)
            self._run.note_interrupt()
        await self._notebook.interrupt()

    async def undo(self, client: Client) -> str:
        """Undo the last run of another agent that is not undone."""
        self._require_free()
        await self._end_run()
        events = await self._events()
        own = {event.run for event in events if isinstance(event, RunStarted) and event.agent}
        runs = [run for run in changed_runs(events) if run in own]
        if not runs:
            raise CodeActError(NOTHING_TO_UNDO)
        undone = await undo(self._notebook, events, runs[-1])
        await asyncio.to_thread(self._journal.append, undone)
        return "Your last run is undone: its cells are as they were before. Variables and files stay."

    async def check(self, cells: Sequence[Cell], progress: Progress) -> str:
        """Run cells in a fresh kernel, and say whether they show what they showed."""
        return await check_with_progress(
            cells, kernel=self._notebook.kernel_name, folder=self._file.parent, progress=progress
        )

    def would_ask(self, cell: Cell, state: NotebookState) -> list[str]:
        """Return why a cell would have to wait for the user before it runs."""
        judged = self._gate_for_others().judge(cell.source, state)
        return (judged.reasons or ["every cell has to"]) if judged.verdict == "ask" else []

    async def ask(self, client: Client, task: str, progress: Progress) -> RunEnded:
        """Let our own agent do a task."""
        self._require_free()
        self._asking, model = True, None
        try:
            await self._end_run()
            model = open_model(self._options)
            settings, folder = await asyncio.to_thread(read_settings), self._file.parent
            approval = await asyncio.to_thread(self._options.approval_where, True)
            agent = build_agent(
                model,
                self._notebook,
                self._journal,
                options=replace(
                    self._options, guidance=settings.guidance, instructions=settings.instructions
                ),
                gate=self._gate(approval),
                servers=self._servers,
                project=lambda: ProjectFolders(home=Path.home()).read(folder),
            )
            run = asyncio.ensure_future(
                agent.run(self._conversation, task, title=str(self._file), asked_by=client.name)
            )
            try:
                while not run.done():
                    await progress("The agent is at work.")
                    await asyncio.wait({run}, timeout=2.0)
            except BaseException:  # cancelled, or nobody hears of the progress any more
                agent.stop(f"{client.name} cancelled its task.")
                await asyncio.wait({run})
                raise
            return run.result()
        finally:
            self._asking = False
            if model is not None:
                await model.close()

    def _gate_for_others(self) -> ApprovalGate:
        """Return the gate of other agents: what is set for a model of ours is not meant for theirs."""
        return self._gate(self._options.approval or "risky")

    def _gate(self, approval: Approval) -> ApprovalGate:
        gate = gate_for(Refuser(approval), self._file.parent)
        gate.know_servers(self._servers.connected)
        return gate

    def _require_free(self) -> None:
        if self._asking:
            raise CodeActError("CodeAct is at work in this notebook. Wait until it is done, then call again.")

    async def _end_run(self) -> None:
        """Let the run that is under way end, if it does nothing."""
        if self._run is not None and self._ending is not None:
            if self._run.is_busy and not self._run.is_over:
                raise CodeActError("A call of yours is being carried out. Wait until it is done.")
            self._run.finish()
            await asyncio.wait({self._ending})
            self._run = self._ending = None

    async def _events(self) -> list[Event]:
        return await asyncio.to_thread(lambda: list(self._journal.events(self._conversation)))
