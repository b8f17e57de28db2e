"""The agent's notebook: cells through whichever page shows them, the kernel through the server."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from .. import protocol as p
from ..agent.contracts import Execution, NotebookCell, NotebookError, NotebookState, Variable
from ..agent.source import runs_shell_commands
from ..notebooks.files import files_beside
from .following import FollowedExecution
from .kernel import ServerKernel
from .pages import CellLostError, PageGoneError, required
from .session import NotebookSession

INTERRUPT_GRACE = 10.0
"""Seconds an interrupted cell has to end before the run goes on without it."""
SETTLE = 0.3
"""Seconds until a requested cell has surely begun: interrupted earlier, ipykernel may drop it silently."""
REFRESH = 0.5
"""Seconds between two updates of a running cell on a page that did not start it."""


class PageNotebook:
    """Implements the agent's `Notebook` contract on an open page and the user's own kernel.

    Commands that can safely be given twice go to the next page when one goes away. A cell that the kernel has
    been asked to run is never run again: the server follows its execution by itself.

    Parameters
    ----------
    session
        Knows the pages, and the cells that a page may lack.
    kernel
        The notebook's kernel.
    folder
        Returns the folder of the notebook at a path.
    author
        Returns who writes, for the metadata of the cells: ``{"model": …}``, or ``{"agent": …}``.
    """

    def __init__(
        self,
        session: NotebookSession,
        kernel: ServerKernel,
        *,
        folder: Callable[[str], Path],
        author: Callable[[], dict[str, str]] = dict,
    ) -> None:
        self._session, self._kernel, self._folder, self._author = session, kernel, folder, author
        self._requested = 0.0
        # comes with a cell's result, and holds until the next command
        self._latest: NotebookState | None = None

    async def state(self, *, brief: bool = False) -> NotebookState:
        """Read the notebook.

        Raises
        ------
        NotebookError
            If the notebook has no kernel, or one that does not speak Python.
        """
        state = await self.read_state(brief=brief)
        if state.kernel is None:
            raise NotebookError("This notebook has no kernel. Choose one with Kernel > Change Kernel.")
        if state.kernel.status in ("dead", "terminating"):
            raise NotebookError("The kernel is dead. Restart it with Kernel > Restart Kernel and ask again.")
        if state.kernel.language.lower() != "python":
            raise NotebookError(
                f"CodeAct acts by writing Python, but this notebook's kernel runs {state.kernel.language}. "
                "Choose a Python kernel with Kernel > Change Kernel."
            )
        kernel = state.kernel.model_copy(update={"session": self._kernel.session()})
        name = PurePosixPath(self._session.notebook).name
        update: dict[str, Any] = {"kernel": kernel, "name": name}
        if not brief:
            files = await files_beside(self._folder(self._session.notebook), {name})
            update |= {"variables": await self._kernel.variables(), "files": files}
        return state.model_copy(update=update)

    async def variables(self) -> list[Variable] | None:
        """Return the variables in the kernel, ``None`` while it is busy."""
        return await self._kernel.variables(before_cells=False)

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets in the kernel's environment after the last cell."""
        return self._kernel.secrets()

    async def read_state(self, *, brief: bool = False) -> NotebookState:
        """Read the notebook as the page has it, whatever kernel it has."""
        latest, self._latest = self._latest, None
        if brief and latest:
            return latest
        return required((await self._command(p.ReadState, brief=brief)).state)

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a whole cell."""
        return required((await self._command(p.ReadCell, cell_id=cell_id)).cell)

    async def restore_cell(self, cell: NotebookCell, *, after: str | None = None) -> None:
        """Put a whole cell back."""
        self._session.cells.forget(str(cell["id"]))
        await self._command(p.RestoreCell, cell=cell, after=after)

    async def write_cell(
        self,
        source: str,
        *,
        cell_type: Literal["code", "markdown"] = "code",
        cell_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> str:
        """Rewrite a cell in place, or insert one; mark it with the run that did it."""
        session = self._session
        metadata = {"codeact": {"run": session.run, "turn": session.turn, **self._author()}}
        done = await self._command(
            p.WriteCell,
            source=source,
            cell_type=cell_type,
            cell_id=cell_id,
            new_id=str(uuid.uuid4()),
            after=after,
            before=before,
            was=session.cells.source(cell_id),
            metadata=metadata,
        )
        written = required(done.cell_id)
        session.cells.record(
            written, source, cell_type=cell_type, metadata=metadata, after=after, before=before
        )
        return written

    async def delete_cell(self, cell_id: str) -> None:
        """Remove a cell."""
        self._session.cells.delete(cell_id)
        await self._command(p.DeleteCell, cell_id=cell_id)

    async def move_cell(self, cell_id: str, *, after: str | None) -> None:
        """Move a cell below ``after`` (to the top if ``None``)."""
        await self._command(p.MoveCell, cell_id=cell_id, after=after)
        self._session.cells.move(cell_id, after)

    async def run_cell(self, cell_id: str, *, source: str, timeout: float | None = None) -> Execution:
        """Run a cell in the user's kernel; after ``timeout`` seconds it is interrupted."""
        self._session.cells.set_source(cell_id, source)
        async with self._kernel.follow(source) as followed:
            self._requested = time.monotonic()
            settling = asyncio.ensure_future(self._settle(followed))
            try:
                running = asyncio.ensure_future(self._run_on_page(cell_id, source, followed))
                execution = await self._within(timeout, running)
                if followed and followed.request and execution.status != "dead":
                    code = await settling
                    if followed.has_late_outputs:
                        execution = execution.model_copy(update={"outputs": followed.so_far().outputs})
                    execution = followed.with_widgets(execution)
                    if code and runs_shell_commands(source):
                        execution = execution.model_copy(update={"exit_code": code})
            finally:
                settling.cancel()
        return execution

    async def interrupt(self, *, hurry: bool = False) -> None:
        """Interrupt the kernel, through the server; a cell requested just now gets to begin first.

        The kernel is the user's, and never ended, whatever the ``hurry``.
        """
        await asyncio.sleep(max(0.0, self._requested + SETTLE - time.monotonic()))
        await self._kernel.interrupt()

    async def load_tools(self, tools: Sequence[str]) -> None:
        """Define functions (``"module:function"``) in the kernel, leaving no trace but their names."""
        await self._kernel.load_tools(tools)

    async def define_servers(self, kernel: Mapping[str, Any]) -> Mapping[str, str]:
        """Define the functions of MCP servers in the kernel; return the names that the servers have."""
        return await self._kernel.define_servers(kernel)

    async def _command(self, kind: Callable[..., p.Command], **fields: Any) -> p.Done:
        """Send a command that may be given twice to whichever page there is."""
        self._latest = None
        while True:
            page = await self._session.acting_page()
            with suppress(PageGoneError):
                return await page.command(kind, self._session.path, **fields)

    async def _run_on_page(self, cell_id: str, source: str, followed: FollowedExecution | None) -> Execution:
        """Run a cell through a page; if the page goes away meanwhile, the server tells the result."""
        execution: Execution | None = None
        while execution is None:
            page = await self._session.acting_page()
            requests: list[str] = []
            on_began = followed.identify if followed else requests.append
            try:
                done = await page.command(
                    p.RunCell, self._session.path, on_began=on_began, cell_id=cell_id, source=source
                )
                execution, self._latest = required(done.execution), done.state
                if execution.status == "dead" and followed and followed.request:
                    # perhaps only the page has lost the kernel
                    execution = await self._result_without_page(cell_id, followed)
            except PageGoneError:
                if followed and followed.request:
                    execution = await self._result_without_page(cell_id, followed)
                elif requests:
                    raise CellLostError(
                        "The page was closed while CodeAct was running a cell, and the server cannot follow "
                        "this kernel by itself, so the run stopped."
                    ) from None
        self._session.cells.set_execution(cell_id, execution)
        await self._session.catch_up()
        return execution

    async def _result_without_page(self, cell_id: str, followed: FollowedExecution) -> Execution:
        """Wait for the end of a cell whose page is gone; a page that takes over shows its outputs so far."""
        cells = self._session.cells
        waiting = asyncio.ensure_future(followed.result())
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=REFRESH)
                if not waiting.done():
                    # without a count, which marks the cell as unfinished
                    now = followed.so_far().model_copy(update={"execution_count": None, "seconds": 0.0})
                    cells.set_execution(cell_id, now)
                    await self._session.catch_up()
                    # What came while the page was given the cells, or what it could not take, is shown now.
                    if cells.are_on(self._session.pages):
                        with suppress(PageGoneError, NotebookError):
                            await cells.show(cell_id)
            return waiting.result()
        finally:
            waiting.cancel()
            cells.invalidate()  # whichever page there is lacks the rest

    async def _settle(self, followed: FollowedExecution | None) -> int | None:
        """Wait for outputs of threads; ask the kernel as soon as the cell is done, for the page is slower.

        Returns the exit code of the last shell command, if there was one.
        """
        if followed and (await followed.result()).status != "dead":
            return await self._kernel.settle()
        return None

    async def _within(self, timeout: float | None, running: asyncio.Future[Execution]) -> Execution:
        """Wait for a cell; interrupt it if it takes longer than ``timeout``."""
        try:
            done, _ = await asyncio.wait({running}, timeout=timeout)
            if not done:
                await self.interrupt()
                await asyncio.wait({running}, timeout=INTERRUPT_GRACE)
            if not running.done():
                raise NotebookError(
                    "The cell does not react to being interrupted. Restart the kernel with "
                    "Kernel > Restart Kernel and ask again."
                )
            return running.result()
        except CellLostError:
            await self.interrupt()  # nobody is left to see what it does, or to stop it
            raise
        finally:
            running.cancel()
