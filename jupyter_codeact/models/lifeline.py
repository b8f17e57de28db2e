"""What all workers have in common: how they are told what to do, how they say how far they are, how they end.

A worker reads one line of JSON from standard input, its settings. On standard output it writes, a line of
JSON each, how much of the model is loaded if it can tell (``{"loading": 0.4}``), and then ``{"port": 40123}``
or ``{"error": "..."}``. It ends when standard input ends, which it does when the parent ends, however that
happens; whatever it has started ends with it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any, NoReturn


class Lifeline:
    """A worker's tie to its parent. Make it first thing: from then on, what is printed goes to the log.

    Attributes
    ----------
    settings : dict
        What the parent decides.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self.settings: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
        self._answer = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)
        self._signal_end(True)
        threading.Thread(target=self._await_end, daemon=True).start()

    def loading(self, done: float) -> None:
        """Say how much of the model is loaded, from 0 to 1."""
        self._say(loading=done)

    def fail(self, error: str) -> NoReturn:
        """Say why there will be no model, and end."""
        self._say(error=error)
        _end(1)

    def serve(self, port: int) -> NoReturn:
        """Say where the model answers, and stay until the parent is gone."""
        self._signal_end(False)
        self._say(port=port)
        # A process that somebody forked from the parent may hold our standard input open after its death.
        while os.getppid() == self._parent:
            time.sleep(1)
        _end(0)

    def _say(self, **words: Any) -> None:
        print(json.dumps(words), file=self._answer)

    def _await_end(self) -> None:
        while sys.stdin.buffer.read(1024):
            pass
        _end(0)

    def _signal_end(self, wanted: bool) -> None:
        """Have the system end this process, or its group if it leads one, when standard input ends.

        Loading a model can hold the GIL for seconds, so that no thread can act; the signal's default action,
        which is to end a process, needs no Python.
        """
        if sys.platform != "win32":
            import fcntl

            fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpid() if _leads() else os.getpid())
            flags = fcntl.fcntl(0, fcntl.F_GETFL)
            fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC if wanted else flags & ~os.O_ASYNC)


def _leads() -> bool:
    return sys.platform != "win32" and os.getpgrp() == os.getpid()


def _end(code: int) -> NoReturn:
    if _leads():
        sys.stdout.flush()
        if code == 0:
            os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(code)
