"""Work on long texts beside the event loop, so that whoever else needs the program need not wait."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SHORT = 1_000
"""Characters of a text that is worked on at once: a thread would cost more time than it spares."""
TURN = 0.0005
"""Seconds that a thread works until another has its turn, instead of Python's 5 ms: to answer a request, the
event loop needs a turn some ten times."""

_usual_turn = sys.getswitchinterval()
_working = 0


async def aside(length: int | None, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns, which is done in a thread if the text is long.

    Parameters
    ----------
    length : int or None
        The characters that there are to work on; ``None`` if they may be many.
    work : callable
        Nothing else may change meanwhile what it reads and writes.
    """
    if length is not None and length <= SHORT:
        return work(*args, **kwargs)
    with _short_turns():
        return await asyncio.to_thread(work, *args, **kwargs)


@contextmanager
def _short_turns() -> Iterator[None]:
    global _working, _usual_turn
    if not _working:
        _usual_turn = sys.getswitchinterval()
        sys.setswitchinterval(min(TURN, _usual_turn))
    _working += 1
    try:
        yield
    finally:
        _working -= 1
        if not _working:
            sys.setswitchinterval(_usual_turn)
