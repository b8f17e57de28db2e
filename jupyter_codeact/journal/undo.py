"""Undoing a run: the notebook's cells become what they were before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..agent.contracts import Cell, CodeActError, Notebook, NotebookCell, Place
from ..agent.events import (
    Action,
    ApprovalResolved,
    CellDeleted,
    CellMoved,
    CellWritten,
    Event,
    RunUndone,
)

_CHANGES = (CellWritten, CellMoved, CellDeleted)


class UndoError(CodeActError):
    """The run cannot be undone; the message says why, and what to do first."""


@dataclass
class Touched:
    """A cell that a run changed: whether it is new, what was in it before, and the run's sources in it.

    ``written`` is the event that wrote it first, if the run wrote it at all.
    """

    id: str
    inserted: bool
    before: NotebookCell | None = None
    written: CellWritten | None = None
    kind: str = "code"
    sources: set[str] = field(default_factory=set)


async def undo(notebook: Notebook, events: Sequence[Event], run: str) -> list[str]:
    """Undo a run's changes to the notebook, the last one first.

    Cells that it inserted are removed; those that it rewrote or deleted get back their source, outputs,
    execution count and metadata, and those that it moved or deleted their place. A cell that the user has
    changed or moved since, or that they protect, is left alone, and so is one whose earlier content is not
    recorded. What the run did to the kernel and to files stays.

    It may be called again, also after it broke off: cells that are as they were before stay so.

    Parameters
    ----------
    notebook
        Where the run worked.
    events
        Those of the conversation. The caller records the `RunUndone`.
    run
        The run's id.

    Returns
    -------
    list of str
        The ids of the cells that were left alone, in the order in which the run came to them.

    Raises
    ------
    UndoError
        If a later run, itself not undone, wrote one of the same cells, or the run is not in the record.
    NotebookError
        If the notebook refuses; what was undone until then stays undone.
    """
    if not any(event.run == run for event in events):
        raise UndoError("This run is not in the record of the conversation, so it cannot be undone.")
    cells = touched(events, run)
    _refuse_if_changed_later(events, run, cells)
    again = any(isinstance(event, RunUndone) and event.run == run for event in events)
    undoing = _Undoing(notebook, {cell.id: cell for cell in cells}, again)
    for event in reversed([event for event in events if event.run == run]):
        if isinstance(event, CellMoved):
            await undoing.move(event)
        elif isinstance(event, CellDeleted):
            await undoing.restore(event)
        elif isinstance(event, CellWritten):
            await undoing.rewrite(event)
    return [cell.id for cell in cells if cell.id in undoing.left]


@dataclass
class _Undoing:
    """Takes the events of a run back, the last one first.

    ``again`` says that the run was undone before; ``left`` are the cells that are left alone.
    """

    notebook: Notebook
    cells: dict[str, Touched]
    again: bool
    left: set[str] = field(default_factory=set)

    async def move(self, event: CellMoved) -> None:
        """Move a cell back, unless the user has moved it since."""
        cells = await self._cells()
        cell = next((cell for cell in cells if cell.id == event.cell_id), None)
        if cell is None:
            self._leave(event.cell_id)
            return
        place = _place(event.cell_id, cells)
        if _same(place, event.was):
            return  # it is undone already
        if cell.protected or not _same(place, event.now):
            if not self.again:  # else its neighbours were moved back after it
                self.left.add(event.cell_id)
            return
        others = [other.id for other in cells if other.id != event.cell_id]
        await self.notebook.move_cell(event.cell_id, after=_above(event.was, others))

    async def restore(self, event: CellDeleted) -> None:
        """Put a cell back."""
        ids = [cell.id for cell in await self._cells()]
        if event.cell_id not in ids:
            await self.notebook.restore_cell(event.before, after=_above(event.was, ids))

    async def rewrite(self, event: CellWritten) -> None:
        """Put back what was in a cell, or remove it, at the first event that wrote it."""
        cell = self.cells[event.cell_id]
        if event is not cell.written:
            return
        now = next((now for now in await self._cells() if now.id == cell.id), None)
        if now is None:
            # undone already, or removed by the user; their own cell is theirs to bring back
            self._leave(cell.id)
        elif not cell.inserted and cell.before and await self.notebook.read_cell(cell.id) == cell.before:
            return
        elif now.protected or now.cell_type != cell.kind or now.source not in cell.sources:
            self.left.add(cell.id)
        elif cell.inserted:
            await self.notebook.delete_cell(cell.id)
        elif cell.before:
            await self.notebook.restore_cell(cell.before)
        else:
            self.left.add(cell.id)

    def _leave(self, cell_id: str) -> None:
        """Note that a cell is not there; one that the run made is then as it was."""
        if not self.cells[cell_id].inserted:
            self.left.add(cell_id)

    async def _cells(self) -> list[Cell]:
        return (await self.notebook.state(brief=True)).cells


def _place(cell_id: str, cells: Sequence[Cell]) -> Place:
    ids = [cell.id for cell in cells]
    at = ids.index(cell_id)
    return Place(above=ids[at - 1] if at else None, below=ids[at + 1] if at + 1 < len(ids) else None)


def _same(place: Place, other: Place) -> bool:
    """Tell whether a cell stands at a place: below the same cell or above the same cell."""
    return place.above == other.above or place.below == other.below


def _above(place: Place, ids: Sequence[str]) -> str | None:
    """Return the cell that one goes below to be at a place, as far as the cells around it still exist."""
    if place.above is None or place.above in ids:
        return place.above
    if place.below in ids:
        at = ids.index(place.below)
        return ids[at - 1] if at else None
    return ids[-1] if ids else None


def touched(events: Sequence[Event], run: str) -> list[Touched]:
    """Return the cells that a run changed, in the order in which it came to them first."""
    cells: dict[str, Touched] = {}
    action: Action | None = None
    for event in events:
        if event.run != run:
            continue
        if isinstance(event, Action):
            action = event
        elif isinstance(event, CellWritten) and action is not None:
            cell = cells.setdefault(event.cell_id, Touched(event.cell_id, inserted=not event.rewritten))
            if cell.written is None:
                cell.written, cell.before = event, event.before
            cell.kind, cell.sources = action.cell_type, {action.source}
        elif isinstance(event, CellMoved | CellDeleted):
            cells.setdefault(event.cell_id, Touched(event.cell_id, inserted=False))
        elif isinstance(event, ApprovalResolved) and event.edited is not None and event.cell_id in cells:
            cells[event.cell_id].sources.add(event.edited)
    return list(cells.values())


def last_run(events: Sequence[Event]) -> str | None:
    """Return the last run that changed a cell and was not undone."""
    undone = {event.run for event in events if isinstance(event, RunUndone)}
    runs = [event.run for event in events if isinstance(event, _CHANGES) and event.run not in undone]
    return runs[-1] if runs else None


def _refuse_if_changed_later(events: Sequence[Event], run: str, cells: Sequence[Touched]) -> None:
    """Refuse while a later run has changed a cell of this one: what is to be restored would be lost."""
    own = {cell.id for cell in cells}
    undone = {event.run for event in events if isinstance(event, RunUndone)}
    last = max(index for index, event in enumerate(events) if event.run == run and event.type != "run_undone")
    for event in events[last:]:
        if isinstance(event, _CHANGES) and event.cell_id in own and event.run not in undone | {run}:
            raise UndoError("A later run changed the same cells. Undo that one first.")
