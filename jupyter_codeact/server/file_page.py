"""What carries out commands where no page shows the notebook: the server itself, in the notebook's file."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any

import nbformat
from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from .. import protocol as p
from ..agent.contracts import NotebookError, NotebookState
from ..notebooks.document import Cells, cell_of, plain_copy
from ..notebooks.repair import MINOR
from .kernel import ServerKernel
from .pages import Page, PageGoneError

NO_CELL = "The cell is no longer in the notebook."
UNFINISHED_INTERVAL = 5.0
"""Seconds between two times that the outputs of a cell that still runs are saved."""
CHANGED = "The cell was changed before CodeAct could run it, so it was left alone."


class FilePage(Page):
    """Stands in for a page: keeps the cells in the notebook's file, and runs them in the notebook's kernel.

    The file is read before each command and written after it, by the server's contents manager, so that
    nothing is lost that somebody else has saved. As soon as a page shows the notebook, that one takes over.

    Parameters
    ----------
    contents
        The server's contents manager.
    kernel
        The notebook's kernel.
    is_acting
        Tells whether it still stands in.
    """

    shows = False

    def __init__(self, contents: Any, kernel: ServerKernel, is_acting: Callable[[], bool]) -> None:
        super().__init__(lambda _message: None)
        self._contents, self._kernel, self._is_acting = contents, kernel, is_acting
        self._writing = asyncio.Lock()
        self._saved = 0.0

    async def command(
        self,
        kind: Callable[..., p.Command],
        notebook: Callable[[], str],
        *,
        on_began: Callable[[str], None] = lambda _request: None,
        **fields: Any,
    ) -> p.Done:
        """Carry out a command.

        Raises
        ------
        NotebookError
            If that is impossible.
        PageGoneError
            If a page has taken over meanwhile, and once the kernel was asked to run a cell: how that goes,
            the server sees by itself.
        """
        command = kind(id=0, notebook=notebook(), **fields)
        async with self._writing:
            cells = await self._read(command.notebook)
            match command:
                case p.ReadState():
                    return p.Done(id=0, state=self._state(cells, brief=command.brief))
                case p.ReadCell():
                    return p.Done(id=0, cell=plain_copy(cells.cells[cells.index(command.cell_id)]))
                case p.RunCell():
                    cell = cells.editable_cell(command.cell_id)
                    if cell.source != command.source:
                        raise NotebookError(CHANGED)
                    on_began(self._kernel.request(command.source))
                    raise PageGoneError
                case p.WriteCell():
                    done = p.Done(id=0, cell_id=_write(cells, command))
                case p.RestoreCell() if self._can_wait(command):
                    return p.Done(id=0)
                case p.RestoreCell():
                    done = _restore(cells, command)
                case p.DeleteCell():
                    done = p.Done(id=0)
                    if command.cell_id in _ids(cells):
                        cells.delete(command.cell_id)
                case _:
                    done = p.Done(id=0)
                    cells.move(command.cell_id, command.after)
            await self._write(command.notebook, cells)
            if not self._is_acting():
                raise PageGoneError  # a page may have read the file before: it does it, too
            return done

    def release(self) -> None:
        """Close the connection to the kernel."""
        self._kernel.close()

    def _can_wait(self, command: p.RestoreCell) -> bool:
        """Tell whether these are outputs so far of a cell whose file was saved just now."""
        is_unfinished = command.trusted and command.cell.get("execution_count") is None
        return is_unfinished and time.monotonic() - self._saved < UNFINISHED_INTERVAL

    def _state(self, cells: Cells, *, brief: bool) -> NotebookState:
        return NotebookState(
            cells=[cell_of(cell, brief=brief) for cell in cells.cells],
            kernel=self._kernel.described(),
            tools=cells.proposed_tools,
        )

    async def _read(self, path: str) -> Cells:
        try:
            model = await ensure_async(self._contents.get(path, content=True, type="notebook"))
        except HTTPError as error:
            raise NotebookError(f"{path} cannot be read: {error.log_message or error.reason}.") from error
        return Cells(with_ids(model["content"]))

    async def _write(self, path: str, cells: Cells) -> None:
        model = {"type": "notebook", "format": "json", "content": cells.node}
        self._saved = time.monotonic()
        try:
            await ensure_async(self._contents.save(model, path))
        except HTTPError as error:
            raise NotebookError(f"{path} cannot be saved: {error.log_message or error.reason}.") from error


def with_ids(node: Any) -> Any:
    """Return a notebook whose cells have ids: in an older format, the same ones each time it is read."""
    if node.nbformat_minor < MINOR:
        node.nbformat_minor = MINOR
        for index, cell in enumerate(node.cells):
            cell["id"] = hashlib.sha256(f"{index} {cell['source']}".encode()).hexdigest()[:8]
    return node


def _write(cells: Cells, command: p.WriteCell) -> str:
    """Rewrite a cell, or insert one, as a page does."""
    ids = _ids(cells)
    known = command.new_id if command.new_id in ids else command.cell_id
    if known in ids and not _is_edited(cells.cells[cells.index(known)].source, command):
        written = cells.write(command.source, command.cell_type, known)
    else:
        after, before = ((one if one in ids else None) for one in (command.after, command.before))
        written = cells.write(command.source, command.cell_type, None, after, before)
        cells.cells[cells.index(written)]["id"] = command.new_id
        written = command.new_id
    cells.cells[cells.index(written)].metadata.update(nbformat.from_dict(command.metadata))
    return written


def _is_edited(source: str, command: p.WriteCell) -> bool:
    """Tell whether a user has changed a cell since the run wrote it."""
    return command.was is not None and source not in (command.was, command.source)


def _restore(cells: Cells, command: p.RestoreCell) -> p.Done:
    ids = _ids(cells)
    last = ids[-1] if ids else None
    after = command.after if command.after in ids or command.after is None else last
    cells.restore(command.cell, after)
    if command.trusted and command.cell["cell_type"] == "code":
        cells.cells[cells.index(str(command.cell["id"]))].metadata["trusted"] = True
    return p.Done(id=0)


def _ids(cells: Cells) -> list[str]:
    return [str(cell["id"]) for cell in cells.cells]
