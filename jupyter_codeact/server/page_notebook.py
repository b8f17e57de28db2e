"""The notebook of a run, through whichever page shows it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .. import protocol as p
from ..agent.contracts import Cell, Execution, NotebookCell, NotebookError, NotebookState
from .live import CellLost, Followed
from .pages import Page, PageGone
from .session import Desk

T = TypeVar("T")
REFRESH = 0.5
"""Seconds between two looks at a cell that goes on while another page shows it than the one that ran it."""


@dataclass
class _Kept:
    """A cell of the run as it should be, and what the run had written there before."""

    source: str
    cell_type: str
    metadata: dict[str, Any]
    after: str | None
    written: set[str] = field(default_factory=set)
    execution: Execution | None = None

    def misses(self, cell: Cell | None) -> bool:
        """Whether a page that has come anew has less of it; what the user made of it is not less."""
        if cell is None:
            return True
        if cell.source not in self.written:
            return False
        shown = self.execution
        behind = shown and (cell.execution_count is None or len(cell.outputs) < len(shown.outputs))
        return cell.source != self.source or bool(behind)

    def whole(self, cell_id: str) -> NotebookCell:
        """Return it as nbformat spells it."""
        cell: NotebookCell = {"id": cell_id, "cell_type": self.cell_type, "source": self.source}
        cell["metadata"] = self.metadata
        if self.cell_type == "code":
            shown = self.execution
            cell["outputs"] = shown.outputs if shown else []
            cell["execution_count"] = shown.execution_count if shown else None
        return cell


class DeskNotebook:
    """One run's notebook, as `notebooks.live.Page` wants it: on any page that shows it.

    When a page goes away, the next one takes over. It is given the cells of the run that it lacks: they were
    not saved, or their results came while no page was there. A cell that the kernel was asked to run is never
    run again.

    Parameters
    ----------
    desk
        Knows the pages.
    metadata
        Returns the mark that cells written now carry, for information only.
    """

    def __init__(self, desk: Desk, metadata: Callable[[], dict[str, Any]]) -> None:
        self._desk, self._metadata = desk, metadata
        self._cells: dict[str, _Kept] = {}
        self._page: Page | None = None
        # as the page told it along with a cell's result, until anything else is done
        self._latest: NotebookState | None = None
        self._handing_over = asyncio.Lock()

    async def read_state(self, *, brief: bool) -> NotebookState:
        """Read the notebook."""
        state, self._latest = self._latest, None
        if brief and state:
            return state
        return _given((await self._command(p.ReadState, brief=brief)).state)

    async def read_cell(self, *, cell_id: str) -> NotebookCell:
        """Read a whole cell."""
        return _given((await self._command(p.ReadCell, cell_id=cell_id)).cell)

    async def restore_cell(self, *, cell: NotebookCell, after: str | None) -> None:
        """Put a whole cell back."""
        self._cells.pop(str(cell["id"]), None)
        await self._command(p.RestoreCell, cell=cell, after=after)

    async def write_cell(self, *, source: str, cell_type: str, cell_id: str | None, after: str | None) -> str:
        """Insert or rewrite a cell, marked with the run that did it."""
        metadata = self._metadata()
        before = self._cells.get(cell_id or "")
        done = await self._command(
            p.WriteCell,
            source=source,
            cell_type=cell_type,
            cell_id=cell_id,
            new_id=str(uuid.uuid4()),
            after=after,
            was=before.source if before else None,
            metadata=metadata,
        )
        written = _given(done.cell_id)
        kept = _Kept(source, cell_type, metadata, after)
        if before and written == cell_id:
            kept.written, kept.after = before.written, before.after
        kept.written.add(source)
        self._cells[written] = kept
        return written

    async def delete_cell(self, *, cell_id: str) -> None:
        """Remove a cell."""
        self._cells.pop(cell_id, None)
        await self._command(p.DeleteCell, cell_id=cell_id)

    async def run_cell(self, *, cell_id: str, source: str, followed: Followed | None) -> Execution:
        """Run a cell; when its page goes away meanwhile, the server's own view of it is the result."""
        kept = self._cells.get(cell_id)
        if kept:
            kept.source = source  # the user may have edited what they approved
            kept.written.add(source)
        while True:
            page = await self._hand()
            began = followed.began if followed else self._unfollowed
            self._began = False
            try:
                done = await page.command(
                    p.RunCell, self._desk.path, began=began, cell_id=cell_id, source=source
                )
                execution = _given(done.execution)
                self._latest = done.state
                if execution.status == "dead" and followed and followed.message:
                    # it may be the page alone that has lost the kernel
                    execution = await self._without_page(kept, followed)
                break
            except PageGone:
                if followed and followed.message:
                    execution = await self._without_page(kept, followed)
                    break
                if self._began:
                    raise CellLost(
                        "The page was closed while CodeAct was running a cell, and the server cannot follow "
                        "this kernel by itself, so the run stopped."
                    ) from None
        if kept:
            kept.execution = execution
        if self._page is None and self._desk.pages:
            await self.show()
        return execution

    @property
    def complete(self) -> bool:
        """Whether a page shows all that the run has done."""
        return not self._cells or self._page in self._desk.pages

    async def show(self) -> None:
        """Let a page that has come anew have what it lacks; the run need not wait for it."""
        with suppress(PageGone, NotebookError):
            await self._hand()

    def _unfollowed(self, _message: str) -> None:
        self._began = True

    async def _without_page(self, kept: _Kept | None, followed: Followed) -> Execution:
        """Wait for the end of a cell whose page is gone; a page that comes shows how far it is."""
        waiting = asyncio.ensure_future(followed.result())
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=REFRESH)
                if kept and not waiting.done():
                    # no count yet, by which the cell is known not to be done
                    now = followed.so_far().model_copy(update={"execution_count": None, "seconds": 0.0})
                    changed, kept.execution = kept.execution != now, now
                    await self._keep_up(kept, changed=changed)
            return waiting.result()
        finally:
            waiting.cancel()
            self._page = None  # whichever page there is lacks the rest

    async def _keep_up(self, kept: _Kept, *, changed: bool) -> None:
        """Show a cell's outputs so far to the page that took over, if there is one."""
        if not self.complete:
            if self._desk.pages:
                await self.show()
        elif changed and self._page:
            [cell_id] = [cell_id for cell_id, one in self._cells.items() if one is kept]
            with suppress(PageGone, NotebookError):
                await self._restore(self._page, cell_id, kept)

    async def _command(self, kind: Callable[..., p.Command], **fields: Any) -> p.Done:
        """Have something done that may be done twice, by the page there is."""
        self._latest = None
        while True:
            page = await self._hand()
            with suppress(PageGone):
                return await page.command(kind, self._desk.path, **fields)

    async def _hand(self) -> Page:
        """Return the page to command, which has all that the run has done."""
        while True:
            page = await self._desk.hand()
            async with self._handing_over:
                if page is self._page:
                    return page
                try:
                    await self._hand_over(page)
                except PageGone:
                    continue
                self._page = page
                return page

    async def _hand_over(self, page: Page) -> None:
        if not self._cells:
            return
        state = _given((await page.command(p.ReadState, self._desk.path)).state)
        cells = {cell.id: cell for cell in state.cells}
        last = state.cells[-1].id if state.cells else None
        for cell_id, kept in self._cells.items():
            if kept.misses(cells.get(cell_id)):
                await self._restore(page, cell_id, kept, last=last)

    async def _restore(self, page: Page, cell_id: str, kept: _Kept, last: str | None = None) -> None:
        after = kept.after or last
        await page.command(
            p.RestoreCell, self._desk.path, cell=kept.whole(cell_id), after=after, trusted=True
        )


def _given(value: T | None) -> T:
    if value is None:
        raise NotebookError("The page gave an incomplete answer. Reload it and ask again.")
    return value
