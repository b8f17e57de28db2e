"""An engine: a model run by a child process that this process starts, supervises and ends.

A model that crashes or runs out of memory takes the child with it and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from ...agent.contracts import ModelError
from ..endpoints.addresses import Address
from ..status import EngineStatus, Watched
from .launch import Launch
from .policy import SupervisionPolicy
from .worker import ExitReason, Worker, WorkerError, log_folder

_log = logging.getLogger(__name__)


class _Process:
    """One child process, from the decision to start it until it is gone."""

    def __init__(self) -> None:
        self.address: Future[Address] = Future()
        self.address.set_running_or_notify_cancel()  # many may wait for it, so none may cancel it
        self.cancel = threading.Event()
        self.worker: Worker | None = None
        self.exit_reason: ExitReason | None = None
        self.ended = threading.Event()

    @property
    def is_usable(self) -> bool:
        """Whether the child runs, or will."""
        return not self.ended.is_set() and (self.worker is None or self.worker.is_running)


class Engine(Watched):
    """Runs one model, from the first request until it is idle or closed.

    Parameters
    ----------
    launch : Launch
        What to run.
    supervision : SupervisionPolicy, optional
        How to supervise it.
    logs : pathlib.Path, optional
        The folder for the worker's log.
    """

    def __init__(
        self, launch: Launch, *, supervision: SupervisionPolicy | None = None, logs: Path | None = None
    ) -> None:
        self.launch = launch
        self.name = launch.name
        self.supervision = supervision or SupervisionPolicy()
        self.idle_seconds = self.supervision.idle_seconds
        self.log: Path | None = None
        self._logs = logs or log_folder()
        self._process: _Process | None = None
        self._requests = 0
        self._idle_timer: threading.Timer | None = None
        self._crashes: list[tuple[float, ExitReason]] = []
        super().__init__(EngineStatus(model=self.name, state=self._state_at_rest(), where=launch.where))

    async def start(self, *, forget_crashes: bool = False) -> Address:
        """Return the address of the running engine, starting it if it does not run.

        Concurrent calls start one child, and cancelling a call does not end the start. After a crash the
        start waits a little, and after several it is refused, unless ``forget_crashes``.

        Raises
        ------
        ModelError
            If the model cannot be had or does not start; the next call tries again.
        """
        with self._lock:
            if forget_crashes:
                self._crashes.clear()
            if self._process is None or not self._process.is_usable:
                delay = self._delay()
                self._process = _Process()
                threading.Thread(
                    target=self._supervise,
                    args=(self._process, delay),
                    name=f"engine {self.name}",
                    daemon=True,
                ).start()
            process = self._process
        return await asyncio.shield(asyncio.wrap_future(process.address))

    @property
    def address(self) -> Address | None:
        """Where the engine runs; ``None`` if it does not."""
        with self._lock:
            process = self._process
        if process is None or not process.is_usable or not process.address.done():
            return None
        return None if process.address.exception() else process.address.result()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Count a request while it is served."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    async def exit_reason(self) -> ExitReason | None:
        """Return why the engine has ended, or ``None`` if it runs; for a client that lost its connection."""
        with self._lock:
            process = self._process
        if process is None:
            return ExitReason(f"{self.name} was stopped while it wrote.", worth_restarting=False)
        if not await asyncio.to_thread(process.ended.wait, 1):
            return None
        return process.exit_reason

    def postpone_unloading(self) -> None:
        """Count the time without use from now on, for something that is no request for a reply."""
        with self._lock:
            self._set_idle_timer()

    def unload_soon(self, seconds: float = 60.0) -> None:
        """Unload the model soon after its last reply: it is no longer the chosen one."""
        self._set_idle_seconds(seconds)

    def keep_loaded(self) -> None:
        """Keep the model loaded as long as the policy says, which undoes `unload_soon`."""
        self._set_idle_seconds(self.supervision.idle_seconds)

    async def close(self) -> None:
        """End the engine, or its download, and wait until it is gone."""
        await asyncio.to_thread(self.stop)

    def stop(self, message: str = "", *, if_idle: _Process | None = None) -> None:
        """Do what `close` does, without an event loop; with ``if_idle``, only if that process is unused."""
        with self._lock:
            process = self._process
            if process is None or (if_idle is not None and (if_idle is not process or self._requests)):
                return
            self._process = None
            process.cancel.set()
            if process.worker is not None:
                process.worker.kill()
        process.ended.wait()
        with self._lock:
            if self._process is None:
                self._update(self._state_at_rest(), message)

    def _state_at_rest(self) -> Literal["absent", "stopped"]:
        return "stopped" if self.launch.files.is_here() else "absent"

    def _count(self, change: int) -> None:
        with self._lock:
            self._requests += change
            if self.status.state in ("ready", "busy"):
                self._update_ready()
            self._set_idle_timer()

    def _update_ready(self) -> None:
        self._update("busy" if self._requests else "ready")

    def _set_idle_seconds(self, seconds: float) -> None:
        with self._lock:
            self.idle_seconds = seconds
            self._set_idle_timer()

    def _set_idle_timer(self) -> None:
        """Have the model unloaded once it has not been used for long enough."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        process, seconds = self._process, self.idle_seconds
        if process is not None and not self._requests and seconds > 0:
            message = (
                f"Unloaded after {_duration(seconds)} without use; it is loaded again when it is needed."
            )
            timer = threading.Timer(seconds, self.stop, args=(message,), kwargs={"if_idle": process})
            timer.daemon = True
            timer.start()
            self._idle_timer = timer

    def _delay(self) -> float:
        """Return how long the next start has to wait.

        Raises
        ------
        ModelError
            If too many crashes forbid a start.
        """
        now, policy = time.monotonic(), self.supervision
        self._crashes = [crash for crash in self._crashes if now - crash[0] < policy.crash_window_seconds]
        if not self._crashes:
            return 0.0
        last, reason = self._crashes[-1]
        if len(self._crashes) >= policy.max_crashes:
            raise ModelError(self._too_many_crashes(reason))
        return max(0.0, last + policy.backoff_seconds * float(2 ** (len(self._crashes) - 1)) - now)

    def _too_many_crashes(self, last: ExitReason) -> str:
        within = _duration(self.supervision.crash_window_seconds)
        return (
            f"{self.name} failed {self.supervision.max_crashes} times within {within}, so it is not started"
            f" again by itself; start it from the list of models once this is resolved: {last.message}"
        )

    def _supervise(self, process: _Process, delay: float) -> None:
        """Start a child process and wait for its end, in a thread of its own."""
        try:
            address = self._start_worker(process, delay)
        except Exception as error:
            if not isinstance(error, ModelError):
                _log.exception("The engine could not be started")
                error = ModelError(f"{self.name} could not be started: {error}.")
            if not process.cancel.is_set():
                process.exit_reason = error.reason if isinstance(error, WorkerError) else None
                crashed = process.exit_reason is not None
                self._fail(process.exit_reason or ExitReason(str(error)), crashed=crashed)
            process.ended.set()
            process.address.set_exception(error)
            return
        with self._lock:
            if not process.cancel.is_set():
                self._update_ready()
                self._set_idle_timer()
        process.address.set_result(address)
        assert process.worker is not None
        process.worker.wait()
        if not process.cancel.is_set():
            process.exit_reason = process.worker.exit_reason()
            self._fail(process.exit_reason, crashed=True, hint=" It is started again when it is next needed.")
        process.ended.set()

    def _start_worker(self, process: _Process, delay: float) -> Address:
        def downloading(done: int, total: int, note: str) -> None:
            # In steps of a percent: nobody sees more, and each one travels to every page.
            self._update("downloading", note, progress=done * 100 // total / 100)

        def loading(share: float) -> None:
            with self._lock:
                if not process.cancel.is_set():
                    self._update("loading", progress=int(share * 100) / 100)

        if self.launch.missing:  # before anything is downloaded
            raise ModelError(
                f"{self.name} cannot run here: {self.launch.missing}. Install that, or use an endpoint."
            )
        path = self.launch.files.fetch(downloading, process.cancel)
        if delay:
            self._update("loading", f"Waiting {delay:.0f} s before it is started again.")
            process.cancel.wait(delay)
        with self._lock:
            if process.cancel.is_set():
                raise ModelError(f"{self.name} was stopped while it was being started.")
            self.launch = self.launch.at(path)
            self._update("loading", where=self.launch.where)
            process.worker = Worker(self.launch, path, self._logs)
            self.log = process.worker.log
        try:
            return process.worker.wait_until_ready(self.supervision.startup_seconds, loading)
        except WorkerError as error:
            if process.cancel.is_set():
                raise ModelError(f"{self.name} was stopped while it was being started.") from error
            raise

    def _fail(self, reason: ExitReason, *, crashed: bool, hint: str = "") -> None:
        with self._lock:
            message = reason.message + hint
            if crashed:
                self._crashes.append((time.monotonic(), reason))
                if len(self._crashes) >= self.supervision.max_crashes:
                    message = self._too_many_crashes(reason)
            self._update("failed", message)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} seconds"
    return "1 minute" if seconds < 120 else f"{seconds / 60:.0f} minutes"
