"""The agent in one IPython shell: its conversation, its cells, and the model it talks to."""

from __future__ import annotations

import atexit
import os
import sys
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..agent.agent import Agent
from ..agent.contracts import CodeActError
from ..agent.events import ApprovalRequested, Event, QuestionAsked, RunEnded, RunStarted
from ..agent.gate.gate import Decision
from ..agent.gate.setting import Approval
from ..approval import gate_for
from ..journal import default_path, open_journal
from ..journal.undo import last_run, undo
from ..mcp.client.notebook import NotebookServers
from ..models.open import withdraw_key
from ..notebooks.project import ProjectFolders
from ..notebooks.shell import MainThread, ShellNotebook
from ..options import RunOptions, build_agent, open_model
from ..result import Result, result_of
from .threads import Background, WaitingThread

if TYPE_CHECKING:
    from ..models.open import EndpointModel, LocalModel
    from ..models.status import EngineStatus

BUSY = "CodeAct is at work in this session. Stop it, or wait until it is done."
HOW_TO_CONFIRM = "%codeact --servers shows what would be started, and how to confirm it."
NOTHING = "No run in this session has left a cell that could be taken back."


class Frontend:
    """Shows a run where it was asked for, and asks the user there.

    `show`, `status` and `note` are called in the shell's thread, `ask` and `answer_question` in the agent's.

    Parameters
    ----------
    main
        The shell's thread; by default one that waits for the run.
    approval
        Which cells wait for approval; may change while the run is under way.
    inline
        Whether the run is part of a cell of the user's, which is executed until the run ends.
    """

    def __init__(
        self, main: MainThread | None = None, *, approval: Approval = "risky", inline: bool = True
    ) -> None:
        self.main: MainThread = main or WaitingThread()
        self.inline = inline
        self.approval: Approval = approval

    def show(self, event: Event) -> None:
        """Show an event."""

    def status(self, status: EngineStatus) -> None:
        """Show how the model is."""

    def note(self, text: str) -> None:
        """Show a sentence about conversations that cannot be kept."""
        print(text, file=sys.stderr)

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Ask the user about a cell."""
        raise NotImplementedError

    async def answer_question(self, asked: QuestionAsked) -> str | None:
        """Return the user's answer to a question of the model; ``None`` if nobody can be asked."""
        return None


class Session:
    """Runs the agent in an IPython shell, one task at a time; `Session.of` returns the shell's.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """

    def __init__(self, shell: Any) -> None:
        self._background = Background()
        self._frontend = Frontend()
        self._shows_outputs = True
        self.notebook = ShellNotebook(
            shell,
            lambda: self._frontend.main,
            show=lambda: self._shows_outputs,
            inside=lambda: self._frontend.inline,
        )
        self.journal = open_journal(default_path())
        self._title = f"IPython: {os.environ.get('JPY_SESSION_NAME') or os.getcwd()}"
        self._conversation = self.journal.begin(self._title)
        self._problem = self.journal.problem  # until it is told
        self._model: EndpointModel | LocalModel | None = None
        self._opened: tuple[str | None, ...] | None = None
        self._servers: NotebookServers | None = None
        self._agent: Agent | None = None
        self._run: Future[Result] | None = None
        atexit.register(self.close)

    @classmethod
    def of(cls, shell: Any) -> Session:
        """Return the session of a shell; it begins when it is first asked for."""
        session: Session | None = getattr(shell, "_codeact_session", None)
        if session is None:
            session = shell._codeact_session = cls(shell)
        return session

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._run is not None and not self._run.done()

    @property
    def events(self) -> list[Event]:
        """Everything that happened in the session."""
        return list(self.journal.events(self._conversation))

    def start(
        self, task: str, options: RunOptions, frontend: Frontend, *, shows_outputs: bool = True
    ) -> Future[Result]:
        """Start a run; ``shows_outputs`` tells whether its cells' outputs appear as they come.

        Raises
        ------
        CodeActError
            If there is no such model, or a run is under way.
        """
        if self.running:
            raise CodeActError(BUSY)
        if not task.strip():
            raise CodeActError("Say what you would like done.")
        self._frontend, self._shows_outputs = frontend, shows_outputs
        if problem := self._problem:
            self._problem = ""
            frontend.main.submit(lambda: frontend.note(problem))
        self._run = self._background.start(self._work(task.strip(), options, frontend))
        return self._run

    def stop(self, why: str = "Stopped.") -> bool:
        """Stop the run under way, if there is one."""
        if not self.running or self._agent is None:
            return False
        self._background.call(self._agent.stop, why)
        return True

    def run(
        self, task: str, options: RunOptions, frontend: Frontend, *, shows_outputs: bool = True
    ) -> Result:
        """Work on a task while this thread, the shell's, waits."""
        assert isinstance(frontend.main, WaitingThread)
        return frontend.main.wait(
            self.start(task, options, frontend, shows_outputs=shows_outputs), self._interrupt
        )

    def undo(self, main: WaitingThread) -> list[str]:
        """Take back the last run's cells; return the ids of those that were left alone.

        Raises
        ------
        CodeActError
            If there is nothing to take back, or a run is under way.
        """
        run = last_run(self.events)
        if self.running or run is None:
            raise CodeActError(BUSY if self.running else NOTHING)
        self._frontend = Frontend(main)

        async def work() -> list[str]:
            undone = await undo(self.notebook, self.events, run)
            self.journal.append(undone)
            return undone.left

        return main.wait(self._background.start(work()), lambda _why: None)

    def history(self) -> list[tuple[RunStarted, RunEnded | None]]:
        """Return the tasks of this session and how each ended."""
        events = self.events
        ends = {event.run: event for event in events if isinstance(event, RunEnded)}
        return [(event, ends.get(event.run)) for event in events if isinstance(event, RunStarted)]

    def status(self) -> str:
        """Say in a sentence what CodeAct is doing here, or did last."""
        history = self.history()
        if self.running:
            return f"CodeAct is at work: {history[-1][0].task}"
        if not history:
            return "CodeAct was not asked anything in this session yet."
        started, ended = history[-1]
        turns = ended.turns if ended else 0
        how = ended.answer or ended.message if ended else "It did not come to an end."
        return f"{started.task}\n{how}\n(turns: {turns}, model: {started.model})"

    def close(self) -> None:
        """End what is under way, the model and the record."""
        atexit.unregister(self.close)
        if self._run is not None:
            self._run.cancel()
        with suppress(Exception):
            if self._model is not None:
                self._background.start(self._model.close()).result(10)
            if self._servers is not None:
                self._background.start(self._servers.close()).result(10)
        self._background.close()
        self.journal.close()

    async def _work(self, task: str, options: RunOptions, frontend: Frontend) -> Result:
        model, folder = await self._open(options), Path.cwd()
        self._agent = build_agent(
            model,
            self.notebook,
            self.journal,
            options=options,
            servers=self.servers(options),
            gate=gate_for(frontend, folder),
            watch=lambda event: self._show(frontend, event),
            ask_user=frontend.answer_question,
            project=lambda: ProjectFolders(home=Path.home()).read(folder),
        )
        ended = await self._agent.run(self._conversation, task, title=self._title)
        return result_of(task, self.events, ended.run, self.notebook.cells)

    def servers(self, options: RunOptions) -> NotebookServers:
        """Return the MCP servers of the session, which run in this process's folder until it ends."""
        if self._servers is None:
            self._servers = NotebookServers(options.mcp_servers, Path.cwd, how_to_confirm=HOW_TO_CONFIRM)
        self._servers.configure(options.mcp_servers, options.mcp_seconds)
        return self._servers

    def _interrupt(self, why: str) -> None:
        self.stop(why)

    def _show(self, frontend: Frontend, event: Event) -> None:
        frontend.main.submit(lambda: frontend.show(event))

    async def _open(self, options: RunOptions) -> EndpointModel | LocalModel:
        """Return the model; one that was used before is closed when another is wanted."""
        withdraw_key()
        wanted = (options.model, options.endpoint, options.api_key)
        if self._model is None or wanted != self._opened:
            if self._model is not None:
                await self._model.close()
                self._model = None
            self._model = open_model(options, on_status=self._on_status)
            self._opened = wanted
        return self._model

    def _on_status(self, status: EngineStatus) -> None:
        frontend = self._frontend
        if self.running:
            frontend.main.submit(lambda: frontend.status(status))
