"""A notebook without a page: an .ipynb file, and a kernel of its own."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

from ..agent.contracts import Execution, Kernel, NotebookCell, NotebookError, NotebookState, Variable
from .document import Document, cell_of, plain_copy
from .files import files_beside
from .kernel import KernelProcess
from .kernelspecs import choose_kernel

GRACE_SECONDS = 10.0
HURRY_SECONDS = 3.0
"""What is left of the grace when the time of the run is out."""
PAUSE_SECONDS = 0.05
"""How long a change waits for others to be written with; a turn makes two, and a model takes longer."""


class HeadlessNotebook:
    """Works in a copy of a notebook and a kernel of its own; use it with ``async with``.

    Making one checks everything that can be checked without starting anything. Nothing is written before the
    first change. From then on the file is a valid notebook at every moment: it is written whole, beside the
    work, and leaving the ``async with`` block (or `save`) waits for it.

    Parameters
    ----------
    notebook : Path or None
        The notebook to start from; it stays as it is unless it is ``output`` too. The kernel is the one it
        names, and runs in its folder. ``None`` starts with an empty notebook, in the current folder.
    output : Path or None
        Where to write; ``None`` for the next free name beside the notebook.
    withhold : collection of str
        Names of environment variables the kernel does not get to see.
    environment : mapping of str to str
        Environment variables that the kernel gets besides.
    folder : Path or None
        Where the kernel runs instead.
    kernel : str or None
        Name of the kernelspec to use instead of the notebook's own.
    grace : float
        Seconds a cell has to end after an interrupt, before the kernel is killed.

    Raises
    ------
    NotebookError
        With a sentence for the user, if it cannot be understood, written, or run here.
    """

    def __init__(
        self,
        notebook: Path | None = None,
        output: Path | None = None,
        *,
        withhold: Collection[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
        folder: Path | None = None,
        kernel: str | None = None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._document = Document(notebook, output)
        metadata = self._document.node.metadata
        chosen = choose_kernel(metadata, kernel)
        self._kernel_name = chosen.name
        if chosen.note:  # the notebook keeps its own, for where it comes from
            self._document.notes.append(chosen.note)
        else:
            metadata["kernelspec"] = {**metadata.get("kernelspec", {}), **chosen.metadata}
        inherited = {key: value for key, value in os.environ.items() if key not in withhold}
        self._environment = inherited | dict(environment)
        self._folder = folder or self._document.folder
        self._grace = grace
        self._kernel: KernelProcess | None = None
        self._running = asyncio.Lock()
        self._interrupts = 0
        self._ran: set[tuple[str, int | None]] = set()
        self._changed = False
        self._hurry = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    @property
    def path(self) -> Path:
        """The file the notebook is written to."""
        return self._document.path

    @property
    def cells(self) -> list[Any]:
        """The cells as they are now, as nbformat nodes."""
        return self._document.cells

    @property
    def kernel_name(self) -> str:
        """The name of its kernelspec."""
        return self._kernel_name

    @property
    def folder(self) -> Path:
        """Where the kernel runs."""
        return self._folder

    @property
    def notes(self) -> list[str]:
        """What the user should know of reading and writing the notebook, as sentences; more may come."""
        return self._document.notes

    @property
    def written(self) -> bool:
        """Whether that file has been written."""
        return self._document.written

    async def __aenter__(self) -> Self:
        """Start the kernel."""
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the kernel, at once if something went wrong; finish writing."""
        try:
            if self._kernel is not None:
                await self._kernel.close(now=error is not None)
        finally:
            self._hurry.set()
            if self._writer is not None:
                await asyncio.shield(self._writer)

    async def state(self, *, brief: bool = False, task: str = "") -> NotebookState:
        """Read the notebook; a cell that was not run in this kernel has no execution count."""
        cells = [
            cell_of(cell, brief=brief, counted=(cell["id"], cell.get("execution_count")) in self._ran)
            for cell in self._document.cells
        ]
        tools, name = self._document.proposed_tools, self._document.name
        if self._kernel is None:
            return NotebookState(cells=cells, tools=tools, name=name)
        status, session = await self._kernel.status(), self._kernel.session
        kernel = Kernel(language="python", status=status, session=session)
        if brief:
            return NotebookState(cells=cells, kernel=kernel, tools=tools, name=name)
        beside = await files_beside(self._folder, {name, self.path.name}, task)
        variables: list[Variable] | None = None
        if not self._running.locked():  # to be seen last: a cell may have begun meanwhile, and need not end
            async with self._running:  # the kernel's answers must reach who asked
                variables = await self._kernel.variables()
        return NotebookState(
            cells=cells,
            kernel=kernel,
            variables=variables,
            tools=tools,
            name=name,
            **beside._asdict(),
        )

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets in the kernel's environment after the last cell."""
        return self._kernel.secrets if self._kernel is not None else {}

    async def write_cell(
        self,
        source: str,
        *,
        cell_type: Literal["code", "markdown"] = "code",
        cell_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> str:
        """Rewrite cell ``cell_id`` in place, or insert one below ``after``, above ``before``, or last."""
        self._raise_unsaved()
        written = self._document.write(source, cell_type, cell_id, after, before)
        self._save_soon()
        return written

    async def run_cell(self, cell_id: str, *, source: str, timeout: float | None = None) -> Execution:
        """Run a cell whose source must equal ``source``; wait until it is done.

        After ``timeout`` seconds the cell is interrupted. A kernel that has died is replaced by a fresh one.
        """
        return await self._run(cell_id, source, timeout)

    async def run_own_cell(self, cell_id: str) -> Execution:
        """Run a cell of the user's before the work begins; it is written with the first change."""
        return await self._run(cell_id, self._document.cells[self._document.index(cell_id)].source, own=True)

    async def _run(
        self, cell_id: str, source: str, timeout: float | None = None, *, own: bool = False
    ) -> Execution:
        interrupts = self._interrupts
        async with self._running:
            self._raise_unsaved()
            cell = self._document.editable_cell(cell_id)
            if cell.cell_type != "code":
                raise NotebookError(f"Cell “{cell_id}” is a {cell.cell_type} cell; only code can be run.")
            if cell.source != source:
                raise NotebookError(f"Cell “{cell_id}” was changed before it could run; it was not run.")
            if self._kernel is not None:
                await self._kernel.idle()
            if self._kernel is None or await self._kernel.status() == "dead":
                await self._start()
            if self._interrupts > interrupts:  # while the kernel was starting
                return Execution(status="interrupted")
            assert self._kernel is not None
            if not (own or self.written):  # a disk that is full is found out before anything is done
                await self.save()
            started = time.perf_counter()
            self._document.busy = cell_id
            try:
                status = await self._kernel.run(source, cell, timeout)
            finally:
                self._document.busy = None
                self._ran.add((cell_id, cell.execution_count))
                self._document.keep_widgets(self._kernel.widgets)
                if not own:
                    self._save_soon()
            return Execution(
                status=status,
                outputs=plain_copy(cell.outputs),
                execution_count=cell.execution_count,
                exit_code=self._kernel.exit_code,
                seconds=time.perf_counter() - started,
            )

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a whole cell."""
        cell: NotebookCell = plain_copy(self._document.cells[self._document.index(cell_id)])
        return cell

    async def restore_cell(self, cell: NotebookCell, *, after: str | None = None) -> None:
        """Put a whole cell back: in place if it is there, else below ``after`` (first if ``None``)."""
        self._raise_unsaved()
        self._document.restore(cell, after)
        self._save_soon()

    async def delete_cell(self, cell_id: str) -> None:
        """Remove a cell."""
        self._raise_unsaved()
        self._document.delete(cell_id)
        self._save_soon()

    async def move_cell(self, cell_id: str, *, after: str | None) -> None:
        """Move a cell below ``after`` (to the top if ``None``)."""
        self._raise_unsaved()
        self._document.move(cell_id, after)
        self._save_soon()

    async def interrupt(self, *, hurry: bool = False) -> None:
        """Interrupt the cell that runs, if one does; in a ``hurry``, it has less time to end."""
        self._interrupts += 1
        if self._kernel is not None:
            await self._kernel.interrupt(HURRY_SECONDS if hurry else self._grace)

    async def load_tools(self, tools: Sequence[str]) -> None:
        """Define functions (``"module:function"``) in the kernel, leaving no trace but their names."""
        async with self._running:
            if self._kernel is None or await self._kernel.status() == "dead":
                await self._start()
            assert self._kernel is not None
            await self._kernel.load_tools(tools)

    async def define_servers(self, kernel: Mapping[str, Any]) -> Mapping[str, str]:
        """Define the functions of MCP servers in the kernel; return the names that the servers have."""
        async with self._running:
            if self._kernel is None or await self._kernel.status() == "dead":
                await self._start()
            assert self._kernel is not None
            return await self._kernel.define_servers(kernel)

    async def save(self) -> None:
        """Write the notebook, and wait until it is on the disk.

        Raises
        ------
        NotebookError
            If it cannot be written; the file is then what it was before.
        """
        self._save_soon()
        self._hurry.set()
        assert self._writer is not None
        await asyncio.shield(self._writer)

    async def _start(self) -> None:
        """Start a kernel, in the place of one that has died."""
        metadata = self._document.node.metadata
        if self._kernel is not None:
            await self._kernel.close(now=True)
        self._kernel = KernelProcess(
            self._kernel_name,
            folder=self._folder,
            environment=self._environment,
            grace=self._grace,
            keep_alive=True,
        )
        self._ran.clear()
        await self._kernel.start()
        metadata.setdefault("language_info", self._kernel.language_info)

    def _save_soon(self) -> None:
        """Write the notebook beside other work: a disk takes longer to be sure than a turn may cost."""
        self._changed = True
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), PAUSE_SECONDS)
            self._hurry.clear()
            self._changed = False
            content = self._document.content()
            while not await asyncio.to_thread(self._document.write_file, content):
                content = self._document.take_in()  # here, where the cells are used

    def _raise_unsaved(self) -> None:
        """Say now that writing went wrong the last time, before more is done that would be lost."""
        if self._writer is not None and self._writer.done():
            self._writer.result()
