"""The notebook in front of the user: cells through the open page, the kernel through the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from ..agent.contracts import Execution, NotebookCell, NotebookError, NotebookState, Variable

INTERRUPT_GRACE = 10.0
"""Seconds an interrupted cell has to come to its end before the run goes on without it."""
SETTLE = 0.3
"""Seconds until a cell asked for is surely begun: interrupted just before, ipykernel may drop it silently."""


class CellLost(NotebookError):  # noqa: N818 - what happened, as the user would say it
    """Nobody sees the cell any more, though the kernel may still be at it."""


class Followed(Protocol):
    """An execution as the server itself sees it, whatever becomes of the page."""

    message: str | None
    """Id of the request, once the kernel was asked."""
    late: bool
    """Whether the cell has shown something after it was done."""

    def began(self, message: str) -> None:
        """Note which request it is."""
        ...

    def so_far(self) -> Execution:
        """Return how it went until now."""
        ...

    async def result(self) -> Execution:
        """Wait until the kernel is done with it, or is gone."""
        ...


class Page(Protocol):
    """What carries out commands where the user sees them.

    Every method may raise `NotebookError`: `CellLost` when nobody sees any more what becomes of a cell.
    """

    def read_state(self, *, brief: bool) -> Awaitable[NotebookState]:
        """Read the notebook."""
        ...

    def read_cell(self, *, cell_id: str) -> Awaitable[NotebookCell]:
        """Read a whole cell."""
        ...

    def restore_cell(self, *, cell: NotebookCell, after: str | None) -> Awaitable[None]:
        """Put a whole cell back."""
        ...

    def write_cell(
        self, *, source: str, cell_type: str, cell_id: str | None, after: str | None
    ) -> Awaitable[str]:
        """Insert or rewrite a cell (`protocol.WriteCell`) and return its id."""
        ...

    def run_cell(self, *, cell_id: str, source: str, followed: Followed | None) -> Awaitable[Execution]:
        """Run a cell whose source is still ``source``; if the page goes, ``followed`` tells how it went."""
        ...

    def delete_cell(self, *, cell_id: str) -> Awaitable[None]:
        """Remove a cell."""
        ...


class KernelAccess(Protocol):
    """How the server reaches the notebook's kernel, page or no page."""

    async def interrupt(self) -> None:
        """Interrupt whatever the kernel is doing."""
        ...

    async def variables(self) -> list[Variable]:
        """Read what the user has defined; nothing while the kernel is busy."""
        ...

    def session(self) -> str:
        """Return what differs once the kernel was started anew."""
        ...

    def follow(self, source: str) -> AbstractAsyncContextManager[Followed | None]:
        """Follow the execution of ``source`` that a page is about to ask for; ``None`` if that cannot be."""
        ...

    async def settle(self) -> None:
        """Give threads that a cell has left behind a moment, until what they show has come."""
        ...

    async def load_tools(self, names: Sequence[str]) -> None:
        """Define functions of modules as the agent's tools."""
        ...


class LiveNotebook:
    """Implements the agent's `Notebook` contract on an open page and the user's own kernel."""

    def __init__(self, page: Page, kernel: KernelAccess) -> None:
        self._page, self._kernel = page, kernel
        self._began = 0.0

    async def state(self, *, brief: bool = False) -> NotebookState:
        """Read the notebook.

        Raises
        ------
        NotebookError
            When the notebook has no kernel, or one that does not speak Python.
        """
        state = await self._page.read_state(brief=brief)
        if state.kernel is None:
            raise NotebookError("This notebook has no kernel. Choose one with Kernel > Change Kernel.")
        if state.kernel.status in ("dead", "terminating"):
            raise NotebookError("The kernel is dead. Restart it with Kernel > Restart Kernel and ask again.")
        if state.kernel.language.lower() != "python":
            raise NotebookError(
                f"CodeAct acts by writing Python, but this notebook's kernel runs {state.kernel.language}. "
                "Choose a Python kernel with Kernel > Change Kernel."
            )
        update: dict[str, Any] = {
            "kernel": state.kernel.model_copy(update={"session": self._kernel.session()})
        }
        if not brief:
            update["variables"] = await self._kernel.variables()
        return state.model_copy(update=update)

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a whole cell."""
        return await self._page.read_cell(cell_id=cell_id)

    async def restore_cell(self, cell: NotebookCell, *, after: str | None = None) -> None:
        """Put a whole cell back."""
        await self._page.restore_cell(cell=cell, after=after)

    async def write_cell(
        self,
        source: str,
        *,
        cell_type: Literal["code", "markdown"] = "code",
        cell_id: str | None = None,
        after: str | None = None,
    ) -> str:
        """Rewrite a cell in place, or insert one below ``after``."""
        return await self._page.write_cell(source=source, cell_type=cell_type, cell_id=cell_id, after=after)

    async def run_cell(self, cell_id: str, *, source: str, timeout: float | None = None) -> Execution:
        """Run a cell in the user's kernel; after ``timeout`` seconds it is interrupted."""
        async with self._kernel.follow(source) as followed:
            self._began = time.monotonic()
            running = self._page.run_cell(cell_id=cell_id, source=source, followed=followed)
            settling = asyncio.ensure_future(self._settle(followed))
            try:
                execution = await self._within(timeout, asyncio.ensure_future(running))
                if followed and followed.message and execution.status != "dead":
                    await settling
                    if followed.late:
                        execution = execution.model_copy(update={"outputs": followed.so_far().outputs})
            finally:
                settling.cancel()
        return execution

    async def _settle(self, followed: Followed | None) -> None:
        """Wait for what threads show; the kernel is asked as soon as it is done, for the page is slower."""
        if followed and (await followed.result()).status != "dead":
            await self._kernel.settle()

    async def _within(self, timeout: float | None, work: asyncio.Future[Execution]) -> Execution:
        """Wait for a cell; one that takes longer than ``timeout`` is interrupted."""
        try:
            done, _ = await asyncio.wait({work}, timeout=timeout)
            if not done:
                await self.interrupt()
                await asyncio.wait({work}, timeout=INTERRUPT_GRACE)
            if not work.done():
                raise NotebookError(
                    "The cell does not react to being interrupted. Restart the kernel with "
                    "Kernel > Restart Kernel and ask again."
                )
            return work.result()
        except CellLost:
            await self.interrupt()  # nobody is left to see what it does, or to stop it
            raise
        finally:
            work.cancel()

    async def delete_cell(self, cell_id: str) -> None:
        """Remove a cell."""
        await self._page.delete_cell(cell_id=cell_id)

    async def interrupt(self) -> None:
        """Interrupt the kernel, through the server; a cell that was only just asked for gets to begin."""
        await asyncio.sleep(max(0.0, self._began + SETTLE - time.monotonic()))
        await self._kernel.interrupt()

    async def load_tools(self, tools: Sequence[str]) -> None:
        """Define functions (``"module:function"``) in the kernel, leaving no trace but their names."""
        await self._kernel.load_tools(tools)
