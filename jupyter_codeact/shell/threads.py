"""The agent's own thread, and the ways from there into the thread that the user's code runs in."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ..notebooks.shell import MainThread

T = TypeVar("T")


class Background:
    """An event loop in a thread of its own: the agent works there whatever the user's thread is doing."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="codeact", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have a coroutine run there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have a function called there."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    def _work(self) -> None:
        self.loop.run_forever()
        self.loop.close()


class Waiting:
    """A way into a thread that does nothing but wait for a run: it calls what comes, in order."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have ``job`` called by the thread that waits."""
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def wait(self, run: Future[T], stop: Callable[[], None]) -> T:
        """Wait for ``run`` and return what comes of it; the first Ctrl-C stops it, the second abandons it."""
        run.add_done_callback(lambda _run: self._jobs.put(None))
        try:
            with _on_interrupt(stop):
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


class Looping:
    """A way into the thread of the event loop that runs now: what is shown there belongs to this cell."""

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


@contextmanager
def _on_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def on_signal(*_: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        stop()

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def call_in(main: MainThread, job: Callable[[], T]) -> T:
    """Have ``job`` called in another thread, and wait for what it returns."""
    return await asyncio.wrap_future(main.submit(job))
