"""The manners of a child process that runs a model: how it is told what to do, answers, and ends."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any


class Child:
    """What this process is to the one that started it.

    The parent writes one line of JSON to our standard input and keeps it open; we write lines of JSON to
    standard output: ``{"loading": 0.4}`` any number of times, then ``{"port": 40123}`` or
    ``{"error": "..."}``. We end when standard input does, which is when the parent ends, however that
    happens.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self.settings: Any = json.loads(sys.stdin.buffer.readline())
        self._answer = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)  # whatever else is printed belongs in the log
        _end_with_stdin()

    def say(self, **message: Any) -> None:
        """Tell the parent something."""
        print(json.dumps(message), file=self._answer)

    def fail(self, error: str) -> None:
        """Tell the parent why there will be no model, and end."""
        self.say(error=error)
        os._exit(1)

    def stay(self) -> None:
        """Block while the parent lives, then end this process."""
        # A process that somebody forked from the parent may hold our standard input open after its death.
        while os.getppid() == self._parent:
            time.sleep(1)
        os._exit(0)


def _end_with_stdin() -> None:
    """End this process at once when standard input ends."""
    if sys.platform != "win32":
        # Loading a model holds the GIL for seconds, so the thread below cannot act then; the signal's
        # default action, which is to end the process, needs no Python.
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
