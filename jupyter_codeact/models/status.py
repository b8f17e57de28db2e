"""The status of a model, reported to whoever watches: a page, a terminal, a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from ..agent.contracts import Frozen

State = Literal["absent", "downloading", "loading", "ready", "busy", "stopped", "failed"]


class EngineStatus(Frozen):
    """The status of a model.

    ``progress`` is 0 to 1 where it is known; ``message`` is for people; ``where`` is what runs the model and
    on what: "llama.cpp on 2 CPU cores". ``needs_key`` says that an endpoint refused its key, or wants one.
    """

    model: str
    state: State
    progress: float | None = None
    message: str = ""
    where: str = ""
    needs_key: bool = False


Watcher = Callable[[EngineStatus], None]


class Watched:
    """Something with a status that reports every change to its watchers, in order."""

    def __init__(self, status: EngineStatus) -> None:
        self.status = status
        self._lock = threading.RLock()
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` on every change from now on; the returned function ends that.

        A watcher that is added in an event loop is called in that loop, others in any thread.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            notify = watcher
        else:

            def notify(status: EngineStatus) -> None:
                with suppress(RuntimeError):  # the loop is closed
                    # Through the loop even from within it, to keep the order of changes.
                    loop.call_soon_threadsafe(watcher, status)

        def unwatch() -> None:
            with self._lock, suppress(ValueError):
                self._watchers.remove(notify)

        with self._lock:
            self._watchers.append(notify)
        return unwatch

    def _update(
        self,
        state: State,
        message: str = "",
        *,
        progress: float | None = None,
        model: str | None = None,
        where: str | None = None,
        needs_key: bool = False,
    ) -> None:
        """Set the status, and report it if it has changed."""
        with self._lock:
            status = EngineStatus(
                model=model or self.status.model,
                state=state,
                progress=progress,
                message=message,
                where=self.status.where if where is None else where,
                needs_key=needs_key,
            )
            if status == self.status:
                return
            self.status = status
            for notify in list(self._watchers):
                notify(status)
