"""The agent in one IPython shell: its conversation, its cells, and the model it talks to."""

from __future__ import annotations

import atexit
import os
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..agent.agent import Agent
from ..agent.contracts import CodeActError
from ..agent.events import ApprovalRequested, Event, RunEnded, RunStarted, RunUndone
from ..agent.gate.gate import Approval, ApprovalGate, Decision
from ..agent.run import Budget
from ..cli.endpoints import saved
from ..journal import default_path, open_journal
from ..journal.undo import last_run, undo
from ..models.open import KEY_VARIABLE, open_model
from ..notebooks.shell import MainThread, ShellNotebook
from ..result import Result, result_of
from .threads import Background, Waiting

if TYPE_CHECKING:
    from ..models.status import EngineStatus

BUSY = "CodeAct is at work in this session. Stop it, or wait until it is done."
NOTHING = "No run in this session has left a cell that could be taken back."


@dataclass(frozen=True)
class Options:
    """How a run is to be done; what is ``None`` is as usual."""

    model: str | None = None
    endpoint: str | None = None
    api_key: str | None = None
    max_turns: int | None = None
    timeout: float | None = None
    tools: tuple[str, ...] = ()

    @property
    def budget(self) -> Budget:
        """What the run may spend."""
        spend = {"turns": self.max_turns, "seconds": self.timeout}
        return Budget(**{name: value for name, value in spend.items() if value is not None})


class Door:
    """How a run is seen from where it was asked for.

    `show` and `status` are called in the shell's thread, `ask` in the agent's.

    Parameters
    ----------
    main
        The way into the shell's thread; by default that of one that waits.
    mode
        Which cells wait for approval; may change while the run is under way.
    inside
        Whether the run is inside a cell of the user's, which is executed until the run ends.
    """

    def __init__(
        self, main: MainThread | None = None, *, mode: Approval = "risky", inside: bool = True
    ) -> None:
        self.main: MainThread = main or Waiting()
        self.inside = inside
        self.mode: Approval = mode

    def show(self, event: Event) -> None:
        """Show an event."""

    def status(self, status: EngineStatus) -> None:
        """Show how the model is."""

    async def ask(self, asked: ApprovalRequested) -> Decision:
        """Ask the user about a cell."""
        raise NotImplementedError


class Session:
    """Runs the agent in an IPython shell, one task at a time; `Session.of` returns the shell's.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """

    def __init__(self, shell: Any) -> None:
        self._background = Background()
        self._door = Door()
        self._shows = True
        self.notebook = ShellNotebook(
            shell,
            lambda: self._door.main,
            show=lambda: self._shows,
            inside=lambda: self._door.inside,
        )
        self.journal = open_journal(default_path())
        self._title = f"IPython: {os.environ.get('JPY_SESSION_NAME') or os.getcwd()}"
        self._conversation = self.journal.begin(self._title)
        self._model: Any = None
        self._opened: tuple[str | None, ...] | None = None
        self._key: str | None = None
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

    def start(self, task: str, options: Options, door: Door, *, shows: bool = True) -> Future[Result]:
        """Start a run; ``shows`` tells whether what its cells show is to be seen as it comes.

        Raises
        ------
        CodeActError
            If there is no such model, or a run is under way.
        """
        if self.running:
            raise CodeActError(BUSY)
        if not task.strip():
            raise CodeActError("Say what you would like done.")
        self._door, self._shows = door, shows
        self._run = self._background.start(self._work(task.strip(), options, door))
        return self._run

    def stop(self, why: str = "Stopped.") -> bool:
        """Stop the run under way, if there is one."""
        if not self.running or self._agent is None:
            return False
        self._background.call(self._agent.stop, why)
        return True

    def run(self, task: str, options: Options, door: Door, *, shows: bool = True) -> Result:
        """Work on a task while this thread, the shell's, waits."""
        assert isinstance(door.main, Waiting)
        started = self.start(task, options, door, shows=shows)

        def stop() -> None:
            self.stop("Stopped by Ctrl-C.")

        return door.main.wait(started, stop)

    def undo(self, main: Waiting) -> list[str]:
        """Take back the last run's cells; return the ids of those that were left alone.

        Raises
        ------
        CodeActError
            If there is nothing to take back, or a run is under way.
        """
        run = last_run(self.events)
        if self.running or run is None:
            raise CodeActError(BUSY if self.running else NOTHING)
        self._door = Door(main)

        async def work() -> list[str]:
            left = await undo(self.notebook, self.events, run)
            self.journal.append(RunUndone(conversation=self._conversation, run=run, left=left))
            return left

        return main.wait(self._background.start(work()), lambda: None)

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
        self._background.close()
        self.journal.close()

    async def _work(self, task: str, options: Options, door: Door) -> Result:
        model = await self._open(options, door)
        self._agent = Agent(
            model,
            self.notebook,
            self.journal,
            gate=ApprovalGate(lambda: door.mode, door.ask, os.getcwd()),
            budget=options.budget,
            watch=lambda event: self._show(door, event),
            tools=options.tools,
        )
        ended = await self._agent.run(self._conversation, task, title=self._title)
        return result_of(task, self.events, ended.run, self.notebook.cells)

    def _show(self, door: Door, event: Event) -> None:
        door.main.submit(lambda: door.show(event))

    async def _open(self, options: Options, door: Door) -> Any:
        """Return the model; one that was used before is not needed any more when another is wanted."""
        # Taken out of the environment, where the agent's own cells could read it.
        self._key = os.environ.pop(KEY_VARIABLE, None) or self._key
        key = options.api_key or (self._key if options.endpoint else None)
        wanted = (options.model, options.endpoint, key)
        if self._model is None or wanted != self._opened:
            if self._model is not None:
                await self._model.close()
                self._model = None
            self._model = open_model(
                options.model,
                endpoint=options.endpoint,
                endpoints=saved(),
                api_key=key,
                on_status=self._on_status,
            )
            self._opened = wanted
        return self._model

    def _on_status(self, status: EngineStatus) -> None:
        door = self._door
        if self.running:
            door.main.submit(lambda: door.status(status))
