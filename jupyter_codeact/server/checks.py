"""Checks of notebooks, each of which tells whether a notebook reproduces in a fresh kernel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from .. import protocol as p
from ..agent.contracts import CellCheck, CodeActError, NotebookState
from ..notebooks.check import check, reproduces, summary
from .session import NotebookSession
from .tasks import TaskSet

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
        self._tasks = TaskSet()
        self._by_session: dict[NotebookSession, asyncio.Task[None]] = {}

    def under_way(self, session: NotebookSession) -> bool:
        """Tell whether a notebook is being checked."""
        return session in self._by_session

    def start(
        self, session: NotebookSession, read_state: Callable[[], Awaitable[NotebookState]], kernel: str
    ) -> None:
        """Check a notebook in a fresh kernel, named by its kernelspec; its pages see the progress."""
        task = self._tasks.start(self._check(session, read_state, kernel))
        self._by_session[session] = task
        task.add_done_callback(lambda _: self._by_session.pop(session, None))

    def stop(self, session: NotebookSession) -> None:
        """Stop a notebook's check."""
        if task := self._by_session.get(session):
            task.cancel()

    async def close(self) -> None:
        """Stop all checks."""
        await self._tasks.close()

    async def _check(
        self, session: NotebookSession, read_state: Callable[[], Awaitable[NotebookState]], kernel: str
    ) -> None:
        latest: list[CellCheck] = []

        def report(cells: list[CellCheck], verdict: bool | None = None, message: str = "") -> None:
            latest[:] = cells
            session.send(
                p.Checking(notebook=session.notebook, cells=cells, reproduces=verdict, message=message)
            )

        try:
            cells = (await read_state()).cells
            folder = self._folder(session.notebook)
            checked = await check(cells, kernel=kernel, folder=folder, on_progress=report)
        except CodeActError as error:
            report(_unfinished(latest), False, str(error))
        except asyncio.CancelledError:
            report(_unfinished(latest), False, "The check was stopped.")
            raise
        except Exception as error:
            log.exception("A check of %s failed", session.notebook)
            report(_unfinished(latest), False, f"CodeAct itself failed: {error!r}. Please report this.")
        else:
            report(checked, reproduces(checked), summary(checked))


def _unfinished(checks: Sequence[CellCheck]) -> list[CellCheck]:
    return [
        check.model_copy(update={"state": "not_run"}) if check.state in ("waiting", "running") else check
        for check in checks
    ]
