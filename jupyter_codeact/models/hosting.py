"""A model of the user's own, run by a child process that this process starts, watches and ends.

A model that runs out of memory or crashes takes the child with it and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from platformdirs import user_log_path

from ..agent.contracts import Frozen, ModelError
from . import store
from .catalog import Entry, Model, Snapshot
from .llama_worker import Settings

CONTEXT = 16_384
"""Tokens a conversation may have unless the user wants otherwise: half a gigabyte for the default model."""

_SLOTS = 2
READY_SECONDS = 900
_LOGS_KEPT = 5
_log = logging.getLogger(__name__)


class EngineStatus(Frozen):
    """How an engine is. ``progress`` is 0 to 1 where it is known; ``message`` is for people."""

    model: str
    state: Literal["absent", "downloading", "loading", "ready", "busy", "stopped", "failed"]
    progress: float | None = None
    message: str = ""


@dataclass(frozen=True)
class Address:
    """Where a running engine answers."""

    url: str
    api_key: str = field(repr=False)


class _Life:
    """One child process, from the wish to have it until it is gone."""

    def __init__(self) -> None:
        self.address: Future[Address] = Future()
        self.address.set_running_or_notify_cancel()  # it is shared, so nobody may cancel it
        self.cancel = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.over = threading.Event()

    @property
    def usable(self) -> bool:
        """Whether the child runs, or will."""
        return not self.over.is_set() and (self.process is None or self.process.poll() is None)

    def end(self) -> None:
        """Say that the child is gone, and let go of what led to it."""
        if self.process is not None:
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        self.over.set()


class Engine:
    """Runs one model with llama.cpp, from the first time it is asked for until it is closed.

    Parameters
    ----------
    model : Entry, Snapshot or pathlib.Path
        A model of the catalogue, which is downloaded if it is not here, or a GGUF file.
    context : int, optional
        Tokens a conversation may have; at most what the model was trained for.
    slots : int
        Replies that can be written at the same time. Each takes memory for a whole context.
    threads : int, optional
        Threads that compute; the physical cores this process may use if ``None``.
    on_status : callable, optional
        Called with an `EngineStatus` on every change, in the event loop that the engine was asked for in.
    logs : pathlib.Path, optional
        The folder for what llama.cpp prints.
    """

    def __init__(
        self,
        model: Entry | Snapshot | Path,
        *,
        context: int | None = None,
        slots: int = _SLOTS,
        threads: int | None = None,
        on_status: Callable[[EngineStatus], None] | None = None,
        logs: Path | None = None,
    ) -> None:
        self.model = model
        self.name = model.name if isinstance(model, Model) else model.stem
        self.context = min(context or CONTEXT, model.context if isinstance(model, Model) else sys.maxsize)
        self.slots = slots
        self.threads = threads
        self.log: Path | None = None
        self._on_status = on_status
        self._logs = logs or user_log_path("jupyter-codeact", appauthor=False)
        self._lock = threading.RLock()
        self._life: _Life | None = None
        self._requests = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.status = EngineStatus(model=self.name, state="stopped" if self._is_here() else "absent")

    async def start(self) -> Address:
        """Return the address of the running engine, starting it if it does not run.

        However many ask at once, one child is started. Giving up waiting does not end the start.

        Raises
        ------
        ModelError
            If the model cannot be had or does not start; the next call tries again.
        """
        with self._lock:
            self._loop = asyncio.get_running_loop()
            if self._life is None or not self._life.usable:
                self._life = _Life()
                threading.Thread(
                    target=self._live, args=(self._life,), name=f"engine {self.name}", daemon=True
                ).start()
            life = self._life
        return await asyncio.shield(asyncio.wrap_future(life.address))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Say that a reply is being written."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    async def death(self) -> str | None:
        """Return why the engine died, or ``None`` if it lives. For who has just lost touch with it."""
        with self._lock:
            life = self._life
        if life is None or not await asyncio.to_thread(life.over.wait, 1):
            return None
        return self.status.message

    async def close(self) -> None:
        """End the engine, or its download, and wait until it is gone."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """Do what `close` does, without an event loop."""
        with self._lock:
            life, self._life = self._life, None
            if life is None:
                return
            life.cancel.set()
            if life.process is not None:
                life.process.kill()
        life.over.wait()
        self._say("stopped" if self._is_here() else "absent")

    def _is_here(self) -> bool:
        return store.is_here(self.model) if isinstance(self.model, Model) else self.model.is_file()

    def _count(self, change: int) -> None:
        with self._lock:
            self._requests += change
            if self.status.state in ("ready", "busy"):
                self._say("busy" if self._requests else "ready")

    def _say(
        self,
        state: Literal["absent", "downloading", "loading", "ready", "busy", "stopped", "failed"],
        message: str = "",
        progress: float | None = None,
    ) -> None:
        status = EngineStatus(model=self.name, state=state, progress=progress, message=message)
        with self._lock:
            if status == self.status:
                return
            self.status = status
            if self._on_status is not None and self._loop is not None:
                with suppress(RuntimeError):  # the loop is closed, so nobody wants to know any more
                    # Through the loop even from within it, so that changes arrive in their order.
                    self._loop.call_soon_threadsafe(self._on_status, status)

    def _live(self, life: _Life) -> None:
        """Be the thread of one child: start it, and stay until it is gone."""
        try:
            path = self._file(life)
            self._say("loading")
            address = self._spawn(life, path)
        except Exception as error:
            if not isinstance(error, ModelError):
                _log.exception("The engine could not be started")
                error = ModelError(f"{self.name} could not be started: {error}.")
            if not life.cancel.is_set():
                self._say("failed", str(error))
            life.end()
            life.address.set_exception(error)
            return
        with self._lock:
            self._say("busy" if self._requests else "ready")
        life.address.set_result(address)
        assert life.process is not None
        returncode = life.process.wait()
        if not life.cancel.is_set():
            self._say("failed", self._why(returncode) + " It is started again when it is next needed.")
        life.end()

    def _file(self, life: _Life) -> Path:
        if isinstance(self.model, Path):
            if not self.model.is_file():
                raise ModelError(f"There is no file {self.model}; give the path of a .gguf file.")
            return self.model

        def progress(done: int, total: int, note: str) -> None:
            # In steps of a percent: nobody sees more, and each travels to every page.
            self._say("downloading", note, done * 100 // total / 100)

        return store.pull(self.model, progress=progress, cancel=life.cancel)

    def _spawn(self, life: _Life, path: Path) -> Address:
        api_key = secrets.token_urlsafe(32)
        settings = Settings(
            path=str(path.resolve()),
            name=self.name,
            api_key=api_key,
            context=self.context,
            slots=self.slots,
            threads=self.threads,
        )
        environment = dict(os.environ)
        if "OMP_WAIT_POLICY" not in environment:
            # Threads that wait for each other spin for milliseconds by default, which all but stops a model
            # on a machine with other work to do; this much costs an idle machine nothing.
            environment.setdefault("GOMP_SPINCOUNT", "2000")
        with self._open_log() as log, self._lock:
            if life.cancel.is_set():
                raise ModelError(f"{self.name} was stopped while it was being started.")
            life.process = process = subprocess.Popen(
                [sys.executable, "-P", "-m", "jupyter_codeact.models.llama_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us, and we decide what becomes of the model
            )
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        alarm = threading.Timer(READY_SECONDS, give_up)
        alarm.start()
        try:
            process.stdin.write(json.dumps(settings).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:  # it died before it had read
            answer = b""
        finally:
            alarm.cancel()
        reply = json.loads(answer or "{}")
        if "port" in reply:
            return Address(f"http://127.0.0.1:{reply['port']}/v1", api_key)
        returncode = process.wait()
        if life.cancel.is_set():
            raise ModelError(f"{self.name} was stopped while it was being started.")
        if late.is_set():
            raise ModelError(
                f"{self.name} was not ready after {READY_SECONDS:.0f} seconds; use a smaller model."
            )
        raise ModelError(self._why(returncode, reply.get("error", "")))

    def _open_log(self) -> IO[bytes]:
        """Open a new log, and throw away those of long ago."""
        self._logs.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"[^\w.-]", "_", self.name)
        earlier = sorted(self._logs.glob(f"{stem}-*.log"), key=lambda path: path.stat().st_mtime)
        for path in earlier[: 1 - _LOGS_KEPT]:
            path.unlink(missing_ok=True)
        self.log = self._logs / f"{stem}-{os.getpid()}-{secrets.token_hex(3)}.log"
        return self.log.open("wb")

    def _why(self, returncode: int, said: str = "") -> str:
        """Put into words why the child died."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log and self.log.exists() else []
        end = "\n".join(lines[-40:])
        if returncode == -9 or re.search(
            r"insufficient memory|cannot allocate|to allocate|bad_alloc|out of memory", end, re.I
        ):
            return (
                f"{self.name} ran out of memory or was killed. Close other programs and kernels, or use a"
                f" smaller model or a shorter context."
            )
        if "failed to load model" in end:
            again = (
                f"`jupyter codeact models rm {self.name}`, then `jupyter codeact models pull {self.name}`"
                if isinstance(self.model, Model)
                else "choose another .gguf file"
            )
            return f"llama.cpp cannot read the model {self.name}, the file may be damaged: {again}."
        last = "\n".join(([said] if said else []) + lines[-3:])
        return (
            f"The engine of {self.name} ended unexpectedly (exit code {returncode});"
            f" its log {self.log} ends:\n{last}\n"
        )
