"""Checks of notebooks: whether they hold by themselves, in a fresh kernel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from .. import protocol as p
from ..agent.contracts import CellCheck, CodeActError, NotebookState
from ..notebooks.check import check, reproduces, summary
from .session import Desk

log = logging.getLogger(__name__)


class Checks:
    """The checks under way, at most one for each notebook.

    Parameters
    ----------
    folder
        Returns the folder that a notebook's kernel runs in.
    """

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self._folder = folder
        self._tasks: dict[Desk, asyncio.Task[None]] = {}

    def under_way(self, desk: Desk) -> bool:
        """Tell whether a notebook is being checked."""
        return desk in self._tasks

    def start(self, desk: Desk, state: Coroutine[Any, Any, NotebookState], kernel: str) -> None:
        """Check a notebook's cells, and tell its pages how it goes."""
        task = self._tasks[desk] = asyncio.ensure_future(self._check(desk, state, kernel))
        task.add_done_callback(lambda _: self._tasks.pop(desk, None))

    def stop(self, desk: Desk) -> None:
        """End a notebook's check."""
        if task := self._tasks.get(desk):
            task.cancel()

    async def close(self) -> None:
        """End all checks."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _check(self, desk: Desk, state: Coroutine[Any, Any, NotebookState], kernel: str) -> None:
        latest: list[CellCheck] = []

        def tell(checks: list[CellCheck], verdict: bool | None = None, message: str = "") -> None:
            latest[:] = checks
            desk.send(p.Checking(notebook=desk.notebook, cells=checks, reproduces=verdict, message=message))

        try:
            cells = (await state).cells
            done = await check(cells, kernel=kernel, folder=self._folder(desk.notebook), on_progress=tell)
        except CodeActError as error:
            tell(_unfinished(latest), False, str(error))
        except asyncio.CancelledError:
            tell(_unfinished(latest), False, "The check was stopped.")
            raise
        except Exception as error:
            log.exception("A check of %s failed", desk.notebook)
            tell(_unfinished(latest), False, f"CodeAct itself failed: {error!r}. Please report this.")
        else:
            tell(done, reproduces(done), summary(done))


def _unfinished(checks: Sequence[CellCheck]) -> list[CellCheck]:
    return [
        check.model_copy(update={"state": "not_run"}) if check.state in ("waiting", "running") else check
        for check in checks
    ]
