"""Waiting for what another process does and tells nobody: a file, a line in a log, an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PAUSE = 0.01
"""Seconds between two looks."""


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so; to be used where there is no event to wait for."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(PAUSE)
