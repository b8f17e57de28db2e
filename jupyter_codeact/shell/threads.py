"""The agent works in a thread of its own; what touches the shell is called in the shell's thread."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from ..interrupts import stopping

if TYPE_CHECKING:
    from ..notebooks.shell import MainThread

T = TypeVar("T")


class Background:
    """An event loop in a thread of its own: the agent works there whatever the user's thread is doing."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._work, name="codeact", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function there."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    def _work(self) -> None:
        self.loop.run_forever()
        self._runner.close()  # what is still to be done there is cancelled


class WaitingThread:
    """A thread that does nothing but wait for a run: it calls what is submitted, in order."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have ``job`` called by the thread that waits."""
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def wait(self, run: Future[T], stop: Callable[[str], None]) -> T:
        """Wait for ``run`` and return what comes of it; the first Ctrl-C stops it, the second abandons it."""
        run.add_done_callback(lambda _run: self._jobs.put(None))
        try:
            with stopping(stop, _interrupt):
                while (next_ := self._next()) is not None:
                    call(*next_)
        except KeyboardInterrupt:
            run.cancel()
            raise
        return run.result()

    def _next(self) -> tuple[Callable[[], Any], Future[Any]] | None:
        while True:
            try:
                return self._jobs.get(timeout=1)  # on Windows, Ctrl-C waits for it
            except Empty:
                continue


class LoopThread:
    """The thread of the event loop that runs now: what is shown there belongs to the present cell."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._context = contextvars.copy_context()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have ``job`` called by the loop, between whatever else it does."""
        future: Future[T] = Future()
        self._loop.call_soon_threadsafe(call, job, future, context=self._context)
        return future


def call(job: Callable[[], T], future: Future[T]) -> None:
    """Call ``job``, and tell whoever waits for ``future``."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(job())
    except KeyboardInterrupt:
        future.set_exception(RuntimeError("It was interrupted."))
    except BaseException as error:
        future.set_exception(error)


async def call_in(main: MainThread, job: Callable[[], T]) -> T:
    """Call ``job`` in another thread, and wait for what it returns."""
    return await asyncio.wrap_future(main.submit(job))


def _interrupt() -> None:
    raise KeyboardInterrupt
