"""One child process that runs a model, as its parent sees it: started, awaited, ended, and explained."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from ...agent.contracts import ModelError
from ..endpoints.addresses import Address
from .child import OUT_OF_REACH
from .launch import Launch

_KILLED = 9
"""The signal that ends a process at once, as Linux does when memory is short; Windows has no name for it."""
_LOGS_KEPT = 5
_POLL_SECONDS = 0.25
_MEMORY = re.compile(
    r"insufficient memory|cannot allocate|to allocate|bad_alloc|out of memory|OutOfMemoryError|MemoryError",
    re.I,
)
_GPU = re.compile(r"(CUDA|HIP|MPS|XPU|GPU)\b[^\n]*out of memory|torch\.\w*\.?OutOfMemoryError", re.I)
_UNREADABLE = re.compile(r"failed to load model|invalid magic|is not a valid GGUF", re.I)


@dataclass(frozen=True)
class ExitReason:
    """Why a worker ended. ``worth_restarting`` tells whether another one may do better."""

    message: str
    worth_restarting: bool = True


class WorkerError(ModelError):
    """A worker did not become ready."""

    def __init__(self, reason: ExitReason) -> None:
        super().__init__(reason.message)
        self.reason = reason


class Worker:
    """A child process. It leads a process group, so that whatever it starts ends with it.

    Parameters
    ----------
    launch : Launch
        What to run.
    path : pathlib.Path
        The model's file or folder.
    logs : pathlib.Path
        The folder for its log.
    """

    def __init__(self, launch: Launch, path: Path, logs: Path) -> None:
        self.launch = launch
        self._api_key = secrets.token_urlsafe(32)
        self._settings = {
            **launch.settings,
            "path": str(path.absolute()),
            "name": launch.name,
            "api_key": self._api_key,
        }
        self.log, output = _open_log(logs, launch.name)
        self._late_seconds = 0.0
        environment = dict(os.environ)
        if "OMP_WAIT_POLICY" not in environment:
            # By default, threads that wait for each other spin for milliseconds, which nearly stops a model
            # on a busy machine. This shorter spin costs nothing on an idle one.
            environment.setdefault("GOMP_SPINCOUNT", "2000")
        with output:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", launch.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=environment,
                **OUT_OF_REACH,
            )

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        if self._process.returncode is not None:
            return False
        if not hasattr(os, "waitid"):
            return self._process.poll() is None
        try:  # without reaping it, which `wait` does
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def wait_until_ready(self, seconds: float, loading: Callable[[float], None]) -> Address:
        """Send the worker its settings and wait until it serves; ``loading`` is called with the progress.

        Raises
        ------
        WorkerError
            If it ends first, or is not ready after ``seconds``, when it is ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(seconds, loading, over), daemon=True)
        watch.start()
        reported = ""
        try:
            self._process.stdin.write(json.dumps(self._settings).encode() + b"\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                message = _parse(line)
                if "port" in message:
                    return Address(f"http://127.0.0.1:{int(message['port'])}/v1", self._api_key)
                if "loading" in message:
                    loading(min(max(float(message["loading"]), 0.0), 1.0))
                reported = str(message.get("error", reported))
        except BrokenPipeError:  # it died before it had read its settings
            pass
        finally:
            over.set()
            watch.join()
        self.wait()
        raise WorkerError(self.exit_reason(reported))

    def wait(self) -> None:
        """Wait until the process has ended, and end whatever it has started."""
        if hasattr(os, "waitid"):
            with suppress(ChildProcessError):
                # Until it is reaped nobody else gets its number, so the group is still its own.
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
                self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def kill(self) -> None:
        """End the process and whatever it has started."""
        if self._process.returncode is not None:
            return
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def exit_reason(self, reported: str = "") -> ExitReason:
        """Explain why the process ended; ``reported`` is its own last word."""
        name = self.launch.name
        if self._late_seconds:
            return ExitReason(
                f"{name} was not ready after {self._late_seconds:g} seconds, so it was ended. Use a smaller"
                f" model, or see its log {self.log}."
            )
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        end = "\n".join([*lines[-40:], reported])
        if _GPU.search(end):
            return ExitReason(
                f"{name} ran out of memory on the GPU. Close other programs that use it, or use a smaller"
                f" or quantised model or a shorter context. Its log: {self.log}.",
                worth_restarting=False,
            )
        code = self._process.returncode
        if code == -_KILLED or _MEMORY.search(end):
            return ExitReason(
                f"{name} ran out of memory or was killed. Close other programs and kernels, or use a"
                f" smaller model or a shorter context. Its log: {self.log}.",
                worth_restarting=False,
            )
        if _UNREADABLE.search(end):
            return ExitReason(
                f"The model {name} cannot be read, the file may be damaged: {self.launch.files.remedy}."
                f" Its log: {self.log}.",
                worth_restarting=False,
            )
        last = "\n".join(([reported] if reported else []) + lines[-3:])
        return ExitReason(
            f"The engine of {name} ended unexpectedly (exit code {code}); its log {self.log} ends:\n{last}\n"
        )

    def _watch(self, seconds: float, loading: Callable[[float], None], over: threading.Event) -> None:
        """End a worker that takes too long; until then, measure how much it has loaded."""
        weight, waited = self.launch.weight, 0.0
        while not over.wait(min(_POLL_SECONDS, seconds - waited)):
            waited += _POLL_SECONDS
            if waited >= seconds:
                self._late_seconds = seconds
                self.kill()
                return
            if weight:
                with suppress(psutil.Error):
                    loading(min(psutil.Process(self._process.pid).memory_info().rss / weight, 0.99))


def log_folder() -> Path:
    """Return the folder for the logs of engines."""
    from platformdirs import user_log_path

    return user_log_path("jupyter-codeact", appauthor=False)


def logs_of(name: str, folder: Path | None = None) -> list[Path]:
    """Return the logs of a model's engines, newest first."""
    found = (folder or log_folder()).glob(f"{_stem(name)}-*.log")
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _stem(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)


def _open_log(folder: Path, name: str) -> tuple[Path, IO[bytes]]:
    """Open a new log and delete old ones, but never one that another process still writes."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in logs_of(name, folder)[_LOGS_KEPT - 1 :]:
        owner = path.stem.split("-")[-2]
        if owner == str(os.getpid()) or not (owner.isdigit() and psutil.pid_exists(int(owner))):
            path.unlink(missing_ok=True)
    log = folder / f"{_stem(name)}-{os.getpid()}-{secrets.token_hex(3)}.log"
    return log, log.open("wb")
