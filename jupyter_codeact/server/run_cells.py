"""The cells that a run wrote, replayed to a page that takes over and lacks them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .. import protocol as p
from ..agent.contracts import Cell, Execution, NotebookCell, NotebookError, Place
from .pages import Page, required


@dataclass
class _RunCell:
    """A cell as the run left it.

    ``sources`` is everything the run has written there, ``shown`` the execution that a page was given last.
    """

    source: str
    cell_type: str
    metadata: dict[str, Any]
    place: Place | None
    sources: set[str]
    execution: Execution | None = None
    shown: Execution | None = None

    def is_behind(self, shown: Cell | None) -> bool:
        """Tell whether a page lacks some of the cell. A cell that the user has edited since lacks nothing."""
        if shown is None:
            return True
        if shown.source not in self.sources:
            return False
        if shown.source != self.source:
            return True
        ran = self.execution
        return ran is not None and (shown.execution_count is None or len(shown.outputs) < len(ran.outputs))

    def as_nbformat(self, cell_id: str) -> NotebookCell:
        cell: NotebookCell = {
            "id": cell_id,
            "cell_type": self.cell_type,
            "source": self.source,
            "metadata": self.metadata,
        }
        if self.cell_type == "code":
            cell["outputs"] = self.execution.outputs if self.execution else []
            cell["execution_count"] = self.execution.execution_count if self.execution else None
        return cell


class RunCells:
    """The cells of one run as they should be, and the page that has them all.

    A page that takes over may lack some: they were not saved, or their outputs came while no page was there.

    Parameters
    ----------
    notebook
        Returns the notebook's path, which may change.
    """

    def __init__(self, notebook: Callable[[], str]) -> None:
        self._notebook = notebook
        self._cells: dict[str, _RunCell] = {}
        self._moved: dict[str, str | None] = {}
        self._deleted: set[str] = set()
        self._page: Page | None = None
        self._replaying = asyncio.Lock()

    def source(self, cell_id: str | None) -> str | None:
        """Return the source that the run left in a cell, if it wrote it."""
        cell = self._cells.get(cell_id or "")
        return cell.source if cell else None

    def record(
        self,
        cell_id: str,
        source: str,
        *,
        cell_type: str,
        metadata: dict[str, Any],
        after: str | None,
        before: str | None = None,
    ) -> None:
        """Note that the run has written a cell, below ``after`` or above ``before`` if it is new."""
        known = self._cells.get(cell_id)
        sources = (known.sources if known else set()) | {source}
        place = Place(above=after, below=before) if after or before else None
        self._cells[cell_id] = _RunCell(source, cell_type, metadata, known.place if known else place, sources)

    def set_source(self, cell_id: str, source: str) -> None:
        """Note the source that is run: the user may have edited the cell that they approved."""
        if cell := self._cells.get(cell_id):
            cell.source = source
            cell.sources.add(source)

    def move(self, cell_id: str, after: str | None) -> None:
        """Note that the run has moved a cell below ``after``, to the top if that is ``None``."""
        self._moved.pop(cell_id, None)  # the last move comes last
        self._moved[cell_id] = after

    def delete(self, cell_id: str) -> None:
        """Note that the run has deleted a cell."""
        self.forget(cell_id)
        self._deleted.add(cell_id)

    def set_execution(self, cell_id: str, execution: Execution) -> None:
        """Note how a cell's execution went so far."""
        cell = self._cells.get(cell_id)
        if cell is not None and cell.execution != execution:
            cell.execution = execution

    def forget(self, cell_id: str) -> None:
        """Leave a cell to others from now on."""
        self._cells.pop(cell_id, None)
        self._moved.pop(cell_id, None)
        self._deleted.discard(cell_id)

    def invalidate(self) -> None:
        """Note that no page has everything any more."""
        self._page = None

    def are_on(self, pages: Collection[Page]) -> bool:
        """Tell whether one of the pages has everything."""
        return self._empty or self._page in pages

    async def replay(self, page: Page) -> None:
        """Give a page what it lacks.

        Raises
        ------
        PageGoneError, NotebookError
            If that fails.
        """
        async with self._replaying:
            if page is self._page:
                return
            if not self._empty:
                await self._replay(page)
            self._page = page

    @property
    def _empty(self) -> bool:
        return not (self._cells or self._moved or self._deleted)

    async def show(self, cell_id: str) -> None:
        """Show a cell as it is now on the page that has the others, unless it does already.

        Raises
        ------
        PageGoneError, NotebookError
            If that fails.
        """
        cell = self._cells.get(cell_id)
        if self._page and cell and cell.shown is not cell.execution:
            await self._restore(self._page, cell_id, cell, None)

    async def _replay(self, page: Page) -> None:
        state = required((await page.command(p.ReadState, self._notebook)).state)
        shown = {cell.id: cell for cell in state.cells}
        last = state.cells[-1].id if state.cells else None
        for cell_id, cell in self._cells.items():
            if cell.is_behind(shown.get(cell_id)):
                await self._restore(page, cell_id, cell, last)
        for cell_id in self._deleted & shown.keys():
            await page.command(p.DeleteCell, self._notebook, cell_id=cell_id)
        for cell_id, after in self._moved.items():
            with suppress(NotebookError):  # the user may have deleted it, or the other
                await page.command(p.MoveCell, self._notebook, cell_id=cell_id, after=after)

    async def _restore(self, page: Page, cell_id: str, cell: _RunCell, last: str | None) -> None:
        after = cell.place.above if cell.place else last
        execution = cell.execution
        await page.command(
            p.RestoreCell, self._notebook, cell=cell.as_nbformat(cell_id), after=after, trusted=True
        )
        cell.shown = execution
