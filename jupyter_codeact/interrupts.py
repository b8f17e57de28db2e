"""Ctrl-C during a run, and its like: the first stops it, the second aborts it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that ask a program to end; nohup lets it ignore one of them."""
    hangup = getattr(signal, "SIGHUP", None)  # there is none on Windows
    asked = [signal.SIGINT, signal.SIGTERM]
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
        asked.append(hangup)
    return tuple(asked)


@contextmanager
def stopping(
    stop: Callable[[str], object],
    abort: Callable[[], object],
    signals: Sequence[signal.Signals] = (signal.SIGINT,),
) -> Iterator[None]:
    """Call ``stop`` at the first signal, with a sentence for the user, and ``abort`` at every further one.

    Both are called in the main thread, between any two instructions of it. In another thread, which gets no
    signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            abort()
            return
        stopped = True
        name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        stop(f"Stopped by {name}.")

    before = {number: signal.signal(number, on_signal) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
