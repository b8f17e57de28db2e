"""Waiting for what another process does and tells nobody: a file, a line in a log, an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PAUSE = 0.01
"""Seconds between two looks."""


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so; to be used where there is no event to wait for."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(PAUSE)


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Do what `until` does, where there is no event loop."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "What the test waits for did not happen."
        time.sleep(PAUSE)
