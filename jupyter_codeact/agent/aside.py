"""Work on long texts beside the event loop, so that whoever else needs the program need not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SHORT = 4_000
"""Characters of a text that is worked on at once: a thread would cost more time than it spares."""


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
    return await asyncio.to_thread(work, *args, **kwargs)
