"""Fresh notebooks, kernels and journals for episodes, the next one started while an episode is played."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path

from nbformat.v4 import new_code_cell

from ..agent.contracts import Execution
from ..journal import SqliteJournal
from ..notebooks.headless import HeadlessNotebook

ENVIRONMENT = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
"""Lets numerical libraries use one thread. Several wait for each other in loops, which takes the cores from
the model and other kernels: on two busy cores the self-test of the notebook suite took 328 seconds with two
threads, 31 with one."""
SUITE_SECONDS = 600.0
"""Limit for a cell of the suite's own: what a task begins with, and its check."""


class Workspace:
    """A fresh notebook, kernel and journal for one episode."""

    def __init__(self, notebook: HeadlessNotebook, journal: SqliteJournal) -> None:
        self.notebook, self.journal = notebook, journal
        self.conversation = journal.begin("evaluation")

    async def run_hidden(self, source: str) -> Execution:
        """Run code without leaving a cell behind."""
        cell = await self.notebook.write_cell(source)
        try:
            return await self.notebook.run_cell(cell, source=source, timeout=SUITE_SECONDS)
        finally:
            await self.notebook.delete_cell(cell)

    async def run_cell(self, source: str) -> Execution:
        """Run a cell of the user's. Its id is the same each time, because models see it."""
        above = self.notebook.cells
        name = hashlib.sha256(f"{len(above)} {source}".encode()).hexdigest()[:8]
        cell = new_code_cell(source, id=name)
        await self.notebook.restore_cell(cell, after=above[-1].id if above else None)
        return await self.notebook.run_cell(name, source=source, timeout=SUITE_SECONDS)


class Workspaces:
    """Starts workspaces ahead: one more than are taken, as long as episodes are to come.

    Each has a kernel process of its own that has run nothing. When an episode ends, its kernel is ended
    beside the next one.

    Parameters
    ----------
    expected
        How many will be taken.
    """

    def __init__(self, expected: int) -> None:
        self._left = expected
        self._next: asyncio.Task[tuple[Workspace, AsyncExitStack]] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def take(self) -> AsyncIterator[Workspace]:
        """Lend a workspace that nobody has used."""
        ready, self._next = self._next or asyncio.create_task(_open()), None
        self._left -= 1
        if self._left > 0:
            self._next = asyncio.create_task(_open())
        try:
            workspace, _ = await asyncio.shield(ready)
        except asyncio.CancelledError:
            self._close_soon(ready)
            raise
        try:
            yield workspace
        finally:
            self._close_soon(ready)

    async def close(self) -> None:
        """End all kernels."""
        if self._next is not None:
            self._close_soon(self._next)
        while self._closing:
            await asyncio.wait(self._closing)

    def _close_soon(self, opened: asyncio.Task[tuple[Workspace, AsyncExitStack]]) -> None:
        async def close() -> None:
            await asyncio.wait({opened})
            if not opened.cancelled() and opened.exception() is None:
                await opened.result()[1].aclose()

        task = asyncio.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


_current: ContextVar[Workspaces | None] = ContextVar("workspaces", default=None)


@asynccontextmanager
async def started_ahead(expected: int) -> AsyncIterator[None]:
    """Let `open_workspace` take workspaces that were started ahead, in this task and those it starts."""
    pool = Workspaces(expected)
    token = _current.set(pool)
    try:
        yield
    finally:
        _current.reset(token)
        await pool.close()


@asynccontextmanager
async def open_workspace() -> AsyncGenerator[Workspace, None]:
    """Open a workspace in a temporary folder, which is deleted afterwards."""
    pool = _current.get()
    if pool is not None:
        async with pool.take() as workspace:
            yield workspace
        return
    workspace, stack = await _open()
    async with stack:
        yield workspace


async def _open() -> tuple[Workspace, AsyncExitStack]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (work := folder / "work").mkdir()
        journal = SqliteJournal(folder / "journal.sqlite")
        stack.callback(journal.close)
        kernel = HeadlessNotebook(None, folder / "task.ipynb", environment=ENVIRONMENT, folder=work)
        notebook = await stack.enter_async_context(kernel)
        return Workspace(notebook, journal), stack.pop_all()
