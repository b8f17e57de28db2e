"""How a model is, told to whoever watches it: a page, a terminal, a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from ..agent.contracts import Frozen

State = Literal["absent", "downloading", "loading", "ready", "busy", "stopped", "failed"]


class EngineStatus(Frozen):
    """How a model is. ``progress`` is 0 to 1 where it is known; ``message`` is for people.

    ``where`` is what runs the model and on what, as in "llama.cpp on 2 CPU cores".
    """

    model: str
    state: State
    progress: float | None = None
    message: str = ""
    where: str = ""


Watcher = Callable[[EngineStatus], None]


class Watched:
    """Has a status, and tells every watcher of each change, in order."""

    def __init__(self, status: EngineStatus) -> None:
        self.status = status
        self._lock = threading.RLock()
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` on every change from now on; the function returned ends that.

        Who watches from within an event loop is called in that loop, everybody else from any thread.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            tell = watcher
        else:

            def tell(status: EngineStatus) -> None:
                with suppress(RuntimeError):  # the loop is closed, so nobody wants to know any more
                    # Through the loop even from within it, so that changes arrive in their order.
                    loop.call_soon_threadsafe(watcher, status)

        def leave() -> None:
            with self._lock, suppress(ValueError):
                self._watchers.remove(tell)

        with self._lock:
            self._watchers.append(tell)
        return leave

    def _say(
        self,
        state: State,
        message: str = "",
        *,
        progress: float | None = None,
        model: str | None = None,
        where: str | None = None,
    ) -> None:
        """Take on a new status, and tell of it if it is another."""
        with self._lock:
            status = EngineStatus(
                model=model or self.status.model,
                state=state,
                progress=progress,
                message=message,
                where=self.status.where if where is None else where,
            )
            if status == self.status:
                return
            self.status = status
            for tell in list(self._watchers):
                tell(status)
