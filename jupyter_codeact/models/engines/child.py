"""A child process that runs a model: how it receives its settings, reports to its parent, and ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, NoReturn

if sys.platform == "win32":
    OUT_OF_REACH: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    OUT_OF_REACH: dict[str, Any] = {"start_new_session": True}
"""How a process is started that Ctrl-C at our terminal does not reach."""


class Child:
    """The child's side of the connection to the parent process.

    The parent writes one line of JSON to our standard input and keeps it open. We write lines of JSON to
    standard output: any number of ``{"loading": 0.4}``, then ``{"port": 40123}`` or ``{"error": "..."}``.
    Standard input ends when the parent does, however that happens; then this process ends, together with
    all that it has started.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self.settings: Any = json.loads(sys.stdin.buffer.readline())
        self._output = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)  # whatever else is printed belongs in the log
        _set_signal_at_end(True)
        threading.Thread(target=_wait_for_end, daemon=True).start()

    def report(self, **message: Any) -> None:
        """Send a message to the parent."""
        print(json.dumps(message), file=self._output)

    def fail(self, error: str) -> NoReturn:
        """Report why the model cannot run, and end."""
        self.report(error=error)
        os._exit(1)

    def wait_for_parent(self) -> NoReturn:
        """Block while the parent lives, then end this process."""
        _set_signal_at_end(False)
        # A process that was forked from the parent may keep our standard input open after its death.
        while os.getppid() == self._parent:
            time.sleep(1)
        _end()


def _set_signal_at_end(wanted: bool) -> None:
    """Let the system end this process, and the group it leads, when standard input ends.

    Loading a model can hold the GIL for seconds, so that no thread can act. The default action of the signal
    ends a process without any Python.
    """
    if sys.platform != "win32":
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpid() if _is_group_leader() else os.getpid())
        flags = fcntl.fcntl(0, fcntl.F_GETFL)
        fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC if wanted else flags & ~os.O_ASYNC)


def _wait_for_end() -> None:
    # Not through `sys.stdin`, whose lock Python wants at its end: an error would look like an abort.
    while os.read(0, 1024):
        pass
    _end()


def _is_group_leader() -> bool:
    """Tell whether this process started everything in its process group."""
    return sys.platform != "win32" and os.getpgrp() == os.getpid()


def _end() -> NoReturn:
    if _is_group_leader():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)
