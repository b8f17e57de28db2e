"""A model of the user's own, run by a child process that this process starts, watches and ends.

A model that runs out of memory or crashes takes the child with it and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...agent.contracts import ModelError
from ..endpoints.addresses import Address
from ..status import EngineStatus, Watched
from .launch import Launch
from .worker import ExitReason, Worker, WorkerError, log_folder

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SupervisionPolicy:
    """How an engine is looked after.

    Attributes
    ----------
    idle_seconds : float
        After so long without a reply being asked for, the model is unloaded; 0 is never.
    ready_seconds : float
        So long may it take to load.
    crashes : int
        After so many crashes within ``crash_seconds``, only the user can start it again.
    backoff_seconds : float
        So long the start after the first crash waits; each further one waits twice as long.
    """

    idle_seconds: float = 1800.0
    ready_seconds: float = 900.0
    crashes: int = 3
    crash_seconds: float = 600.0
    backoff_seconds: float = 1.0


class _Process:
    """One child process, from the wish to have it until it is gone."""

    def __init__(self) -> None:
        self.address: Future[Address] = Future()
        self.address.set_running_or_notify_cancel()  # it is shared, so nobody may cancel it
        self.cancel = threading.Event()
        self.worker: Worker | None = None
        self.death: ExitReason | None = None
        self.over = threading.Event()

    @property
    def usable(self) -> bool:
        """Whether the child runs, or will."""
        return not self.over.is_set() and (self.worker is None or self.worker.runs)


class Engine(Watched):
    """Runs one model, from the first time it is asked for until it is idle or closed.

    Parameters
    ----------
    launch : Launch
        What to run.
    supervision : SupervisionPolicy, optional
        How to look after it.
    logs : pathlib.Path, optional
        The folder for what the worker prints.
    """

    def __init__(
        self, launch: Launch, *, supervision: SupervisionPolicy | None = None, logs: Path | None = None
    ) -> None:
        self.launch = launch
        self.name = launch.name
        self.context = launch.context
        self.supervision = supervision or SupervisionPolicy()
        self.log: Path | None = None
        self._logs = logs or log_folder()
        self._life: _Process | None = None
        self._requests = 0
        self.idle_seconds = self.supervision.idle_seconds
        self._alarm: threading.Timer | None = None
        self._crashes: list[tuple[float, ExitReason]] = []
        super().__init__(EngineStatus(model=self.name, state=self._at_rest(), where=launch.where))

    async def start(self, *, anew: bool = False) -> Address:
        """Return the address of the running engine, starting it if it does not run.

        However many ask at once, one child is started. Giving up waiting does not end the start. After a
        crash the start waits a little, and after several it is refused, unless the user wants it ``anew``.

        Raises
        ------
        ModelError
            If the model cannot be had or does not start; the next call tries again.
        """
        with self._lock:
            if anew:
                self._crashes.clear()
            if self._life is None or not self._life.usable:
                delay = self._delay()
                self._life = _Process()
                threading.Thread(
                    target=self._live, args=(self._life, delay), name=f"engine {self.name}", daemon=True
                ).start()
            life = self._life
        return await asyncio.shield(asyncio.wrap_future(life.address))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Say that a reply is wanted or being written."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    async def death(self) -> ExitReason | None:
        """Return why the engine died, or ``None`` if it lives. For who has just lost touch with it."""
        with self._lock:
            life = self._life
        if life is None:
            return ExitReason(f"{self.name} was stopped while it wrote.", again=False)
        if not await asyncio.to_thread(life.over.wait, 1):
            return None
        return life.death

    def unload_soon(self, seconds: float = 60.0) -> None:
        """Unload the model soon after its last reply, because nobody has chosen it any more."""
        self._keep(seconds)

    def keep_loaded(self) -> None:
        """Take `retire` back."""
        self._keep(self.supervision.idle_seconds)

    async def close(self) -> None:
        """End the engine, or its download, and wait until it is gone."""
        await asyncio.to_thread(self.stop)

    def stop(self, message: str = "", *, only: _Process | None = None) -> None:
        """Do what `close` does, without an event loop; only if it still is a certain child, unused."""
        with self._lock:
            life = self._life
            if life is None or (only is not None and (only is not life or self._requests)):
                return
            self._life = None
            life.cancel.set()
            if life.worker is not None:
                life.worker.kill()
        life.over.wait()
        with self._lock:
            if self._life is None:
                self._say(self._at_rest(), message)

    def _at_rest(self) -> Literal["absent", "stopped"]:
        return "stopped" if self.launch.source.is_here() else "absent"

    def _count(self, change: int) -> None:
        with self._lock:
            self._requests += change
            if self.status.state in ("ready", "busy"):
                self._say_ready()
            self._set_alarm()

    def _say_ready(self) -> None:
        self._say("busy" if self._requests else "ready")

    def _keep(self, seconds: float) -> None:
        with self._lock:
            self.idle_seconds = seconds
            self._set_alarm()

    def _set_alarm(self) -> None:
        """See that the model is unloaded when nobody has used it for long."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        life, seconds = self._life, self.idle_seconds
        if life is not None and not self._requests and seconds > 0:
            message = f"Unloaded after {_spell(seconds)} without use; it is loaded again when it is needed."
            self._alarm = threading.Timer(seconds, self.stop, args=(message,), kwargs={"only": life})
            self._alarm.daemon = True
            self._alarm.start()

    def _delay(self) -> float:
        """Return how long the next start has to wait.

        Raises
        ------
        ModelError
            If there were so many crashes lately that there is to be none.
        """
        now, supervision = time.monotonic(), self.supervision
        self._crashes = [crash for crash in self._crashes if now - crash[0] < supervision.crash_seconds]
        if not self._crashes:
            return 0.0
        last, death = self._crashes[-1]
        if len(self._crashes) >= supervision.crashes:
            raise ModelError(self._given_up(death))
        return max(0.0, last + supervision.backoff_seconds * float(2 ** (len(self._crashes) - 1)) - now)

    def _given_up(self, death: ExitReason) -> str:
        return (
            f"{self.name} failed {self.supervision.crashes} times within {_spell(self.supervision.crash_seconds)}, so"
            " it is not started again by itself; start it from the list of models once this is mended:"
            f" {death.message}"
        )

    def _live(self, life: _Process, delay: float) -> None:
        """Be the thread of one child: start it, and stay until it is gone."""
        try:
            address = self._begin(life, delay)
        except Exception as error:
            if not isinstance(error, ModelError):
                _log.exception("The engine could not be started")
                error = ModelError(f"{self.name} could not be started: {error}.")
            if not life.cancel.is_set():
                life.death = error.death if isinstance(error, WorkerError) else None
                self._fail(life.death or ExitReason(str(error)), crashed=life.death is not None)
            life.over.set()
            life.address.set_exception(error)
            return
        with self._lock:
            if not life.cancel.is_set():
                self._say_ready()
                self._set_alarm()
        life.address.set_result(address)
        assert life.worker is not None
        life.worker.wait()
        if not life.cancel.is_set():
            life.death = life.worker.death()
            self._fail(life.death, crashed=True, next_time=" It is started again when it is next needed.")
        life.over.set()

    def _begin(self, life: _Process, delay: float) -> Address:
        def progress(done: int, total: int, note: str) -> None:
            # In steps of a percent: nobody sees more, and each travels to every page.
            self._say("downloading", note, progress=done * 100 // total / 100)

        def loading(done: float) -> None:
            with self._lock:
                if not life.cancel.is_set():
                    self._say("loading", progress=int(done * 100) / 100)

        path = self.launch.source.bring(progress, life.cancel)
        if delay:
            self._say("loading", f"Waiting {delay:.0f} s before it is started again.")
            life.cancel.wait(delay)
        with self._lock:
            if life.cancel.is_set():
                raise ModelError(f"{self.name} was stopped while it was being started.")
            self._say("loading")
            life.worker = Worker(self.launch, path, self._logs)
            self.log = life.worker.log
        try:
            return life.worker.ready(self.supervision.ready_seconds, loading)
        except WorkerError as error:
            if life.cancel.is_set():
                raise ModelError(f"{self.name} was stopped while it was being started.") from error
            raise

    def _fail(self, death: ExitReason, *, crashed: bool, next_time: str = "") -> None:
        with self._lock:
            message = death.message + next_time
            if crashed:
                self._crashes.append((time.monotonic(), death))
                if len(self._crashes) >= self.supervision.crashes:
                    message = self._given_up(death)
            self._say("failed", message)


def _spell(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} seconds"
    return "1 minute" if seconds < 120 else f"{seconds / 60:.0f} minutes"
