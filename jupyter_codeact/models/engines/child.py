"""The manners of a child process that runs a model: how it is told what to do, answers, and ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any, NoReturn


class Child:
    """What this process is to the one that started it.

    The parent writes one line of JSON to our standard input and keeps it open; we write lines of JSON to
    standard output: ``{"loading": 0.4}`` any number of times, then ``{"port": 40123}`` or
    ``{"error": "..."}``. We end when standard input does, which is when the parent ends, however that
    happens; and what we have started ends with us.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self.settings: Any = json.loads(sys.stdin.buffer.readline())
        self._answer = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)  # whatever else is printed belongs in the log
        _signal_end(True)
        threading.Thread(target=_await_end, daemon=True).start()

    def say(self, **message: Any) -> None:
        """Tell the parent something."""
        print(json.dumps(message), file=self._answer)

    def fail(self, error: str) -> NoReturn:
        """Tell the parent why there will be no model, and end."""
        self.say(error=error)
        os._exit(1)

    def stay(self) -> NoReturn:
        """Block while the parent lives, then end this process."""
        _signal_end(False)
        # A process that somebody forked from the parent may hold our standard input open after its death.
        while os.getppid() == self._parent:
            time.sleep(1)
        _end()


def _signal_end(wanted: bool) -> None:
    """Have the system end this process, and the group it leads, when standard input ends.

    Loading a model can hold the GIL for seconds, so that no thread can act; the signal's default action,
    which is to end a process, needs no Python.
    """
    if sys.platform != "win32":
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpid() if _leads() else os.getpid())
        flags = fcntl.fcntl(0, fcntl.F_GETFL)
        fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC if wanted else flags & ~os.O_ASYNC)


def _await_end() -> None:
    sys.stdin.buffer.read()
    _end()


def _leads() -> bool:
    """Whether everything in this process' group is its own."""
    return sys.platform != "win32" and os.getpgrp() == os.getpid()


def _end() -> NoReturn:
    if _leads():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)
