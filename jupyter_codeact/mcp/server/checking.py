"""A check of a notebook for another agent, with words of progress."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ...agent.contracts import Cell, CellCheck
from ...agent.secrets import environment_secrets, hide
from ...models.endpoints.access import KEY_VARIABLE
from ...notebooks.check import check, reproduces, summary
from .notebooks import Progress

INTERVAL = 2.0
"""Seconds between two words of progress."""


async def check_with_progress(cells: Sequence[Cell], *, kernel: str, folder: Path, progress: Progress) -> str:
    """Run cells in a fresh kernel; return a sentence about all, and one for each that is not the same.

    Raises
    ------
    NotebookError
        If there is no such kernel.
    """
    latest: list[CellCheck] = []

    def note(checks: list[CellCheck]) -> None:
        latest[:] = checks

    checking = asyncio.ensure_future(
        check(cells, kernel=kernel, folder=folder, on_progress=note, withhold={KEY_VARIABLE})
    )
    try:
        while not checking.done():
            done = sum(1 for one in latest if one.state not in ("waiting", "running"))
            await progress(f"Checked {done} of {len(latest)} cells.")
            await asyncio.wait({checking}, timeout=INTERVAL)
        checked = checking.result()
    finally:
        checking.cancel()
    wrong = [f"- cell={one.cell_id}: {one.message or one.state}" for one in checked if one.state != "same"]
    verdict = "The notebook reproduces." if reproduces(checked) else "The notebook does not reproduce."
    return hide("\n".join([verdict, summary(checked), *wrong]), environment_secrets())
