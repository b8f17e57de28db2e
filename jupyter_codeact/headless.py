"""A run without a page, for the command line and for Python: a notebook file and a kernel of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from .agent.agent import Agent
from .agent.events import Attachment, Event
from .agent.unicode import valid_text
from .approval import Approver, gate_for
from .journal import SqliteJournal, default_path, open_journal
from .journal.refused import refused_cells
from .mcp.client.configuration import secret_variables
from .mcp.client.notebook import NotebookServers
from .mcp.client.sources import find
from .models.endpoints.access import KEY_VARIABLE
from .models.engines.launch import EngineOptions
from .models.status import EngineStatus
from .notebooks import tools
from .notebooks.executing import Executed, execute, own_cells
from .notebooks.headless import HeadlessNotebook
from .notebooks.project import ProjectFolders
from .options import RunOptions, build_agent, open_model
from .result import Result, result_of

HOW_TO_CONFIRM = "To use them, name the file: --mcp-config, or mcp_servers= in Python."


class HeadlessRun:
    """One run in a notebook file.

    Making one checks everything that can be checked without starting anything.

    Parameters
    ----------
    options
        How to work.
    notebook
        The notebook to work in a copy of; a new one if ``None``.
    output
        The file to write; by default the next free name beside the notebook.
    kernel
        Name of the kernelspec to use; by default the notebook's own.
    withhold
        Names of environment variables that the kernel does not get to see, besides the endpoint's key and the
        secrets of MCP servers.
    on_status
        Called with each status of the model, from any thread.
    engine_options
        How to run a model of this machine.

    Raises
    ------
    ModelError
        If there is no such model.
    NotebookError
        If the notebook cannot be read or written, or a tool is not named ``module:function``.
    """

    def __init__(
        self,
        options: RunOptions,
        *,
        notebook: Path | None = None,
        output: Path | None = None,
        kernel: str | None = None,
        withhold: Collection[str] = (),
        on_status: Callable[[EngineStatus], None] | None = None,
        engine_options: EngineOptions | None = None,
    ) -> None:
        tools.check(options.tools)
        self._given = notebook
        named = find(options.mcp_servers, notebook.parent if notebook else Path()).servers
        names = {KEY_VARIABLE, *withhold, *secret_variables(named)}
        self.notebook = HeadlessNotebook(notebook, output, kernel=kernel, withhold=names)
        self._options = options
        self._model = open_model(options, on_status=on_status, engine_options=engine_options)
        self.servers = NotebookServers(
            options.mcp_servers,
            lambda: self.notebook.folder,
            timeout=options.mcp_seconds,
            how_to_confirm=HOW_TO_CONFIRM,
        )
        self._agent: Agent | None = None

    @property
    def written(self) -> Path | None:
        """The notebook file, once it was written."""
        return self.notebook.path if self.notebook.written else None

    def stop(self, why: str) -> None:
        """Stop the run; ``why`` is the sentence the user reads."""
        if self._agent is not None:
            self._agent.stop(why)

    async def work(
        self,
        task: str,
        approver: Approver,
        *,
        watch: Callable[[Event], None] = lambda _event: None,
        note: Callable[[str], None] = lambda _text: None,
        on_progress: Callable[[str], None] = lambda _text: None,
        on_executed: Callable[[Executed], None] = lambda _done: None,
        conversation: str | None = None,
        attachments: Sequence[Attachment] = (),
        prepare: Callable[[HeadlessNotebook], Awaitable[None]] | None = None,
    ) -> Result:
        """Work on a task; called once.

        Parameters
        ----------
        task
            What is to be done.
        approver
            Decides about cells that wait for approval, and answers the model's question.
        watch
            Called with each event.
        note
            Called with sentences about conversations that cannot be kept, and about reading and writing the
            notebook.
        on_progress
            Called with how far the notebook's own cells have run, as a text for the user.
        on_executed
            Called when they have.
        conversation
            The conversation to go on with; a new one by default.
        attachments
            What the user gave along with the task.
        prepare
            Called with the notebook before the run begins.
        """
        journal = open_journal(default_path())
        # What the first request needs is loaded while the kernel starts.
        preparing = asyncio.create_task(self._model.prepare())
        try:
            if journal.problem:
                note(journal.problem)
            notebook, title = self.notebook, str(self.notebook.path)
            told = _tell(notebook.notes, note)
            self._agent = build_agent(
                self._model,
                notebook,
                journal,
                options=self._options,
                servers=self.servers,
                gate=gate_for(approver, notebook.folder),
                watch=watch,
                ask_user=approver.answer_question,
                project=lambda: ProjectFolders(home=Path.home()).read(notebook.folder),
            )
            async with notebook:
                if prepare is not None:
                    await prepare(notebook)
                conversation = conversation or journal.begin(title)
                executes = self._options.execute and bool(own_cells(notebook))
                ended = await self._agent.run(
                    conversation,
                    task,
                    title=title,
                    attachments=attachments,
                    ready=(lambda: self._execute(journal, on_progress, on_executed)) if executes else None,
                    executes=executes,
                )
                if ended.ending == "answered":  # a script finds its output, even if the answer took no cell
                    await notebook.save()
            _tell(notebook.notes[told:], note)
            return result_of(task, journal.events(conversation), ended.run, notebook.cells, self.written)
        finally:
            preparing.cancel()
            await asyncio.wait({preparing})
            await self._model.close()
            await self.servers.close()
            journal.close()

    async def _execute(
        self,
        journal: SqliteJournal,
        on_progress: Callable[[str], None],
        on_executed: Callable[[Executed], None],
    ) -> list[str]:
        """Run the notebook's own cells, and return the ids of those that failed.

        The model is started meanwhile; if it cannot be reached, that ends the run, and no more cells run.
        """
        own = [path for path in (self._given, self.notebook.path) if path is not None]
        paths = {str(one) for path in own for one in (path.absolute(), path.resolve())}
        refused = await asyncio.to_thread(refused_cells, journal, paths)
        running = asyncio.ensure_future(execute(self.notebook, refused=refused, on_progress=on_progress))
        starting = asyncio.ensure_future(self._model.address())
        try:
            await asyncio.wait({running, starting}, return_when=asyncio.FIRST_EXCEPTION)
            if starting.done():
                starting.result()
            done = await running
            on_executed(done)
            await starting
            return done.failed
        finally:
            running.cancel()
            starting.cancel()
            await asyncio.gather(running, starting, return_exceptions=True)


def _tell(notes: Sequence[str], note: Callable[[str], None]) -> int:
    for text in notes:
        note(valid_text(text))
    return len(notes)
