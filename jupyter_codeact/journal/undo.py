"""Undoing a run, or some of its cells: they become what they were before it. Redoing brings them back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ..agent.contracts import Cell, CodeActError, Notebook, NotebookCell, Place
from ..agent.events import (
    Action,
    ApprovalResolved,
    CellDeleted,
    CellMoved,
    CellWritten,
    Event,
    RunRedone,
    RunUndone,
    Taken,
)
from ..agent.observations.displays import text_of

_CHANGES = (CellWritten, CellMoved, CellDeleted)
_VERDICTS = ("run_undone", "run_redone", "run_kept")
"""The events that come after a run, about it."""


class UndoError(CodeActError):
    """The run cannot be undone or redone; the message says why, and what to do first."""


@dataclass
class Touched:
    """A cell that a run changed: whether it is new, what was in it before, and the run's sources in it.

    ``written`` is the event that wrote it first, if the run wrote it at all; ``deleted`` is what it deleted.
    """

    id: str
    inserted: bool
    before: NotebookCell | None = None
    written: CellWritten | None = None
    kind: str = "code"
    sources: set[str] = field(default_factory=set)
    deleted: NotebookCell | None = None


async def undo(
    notebook: Notebook, events: Sequence[Event], run: str, cells: Collection[str] | None = None
) -> RunUndone:
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
        Those of the conversation.
    run
        The run's id.
    cells
        The ids of the cells to undo; by default all that the run changed.

    Returns
    -------
    RunUndone
        For the caller to record: a `redo` needs it. It names the cells that were left alone, in the order in
        which the run came to them.

    Raises
    ------
    UndoError
        If a later run, itself not undone, wrote one of the same cells, or the run is not in the record.
    NotebookError
        If the notebook refuses; what was undone until then stays undone.
    """
    conversation = _conversation(events, run, "undone")
    own = [cell for cell in touched(events, run) if cells is None or cell.id in cells]
    _refuse_if_changed_later(events, run, own)
    undoing = _Undoing(notebook, {cell.id: cell for cell in own}, undone_cells(events).get(run, set()))
    for event in reversed([event for event in events if event.run == run]):
        if not isinstance(event, _CHANGES) or event.cell_id not in undoing.cells:
            continue
        if isinstance(event, CellMoved):
            await undoing.move(event)
        elif isinstance(event, CellDeleted):
            await undoing.restore(event)
        else:
            await undoing.rewrite(event)
    return RunUndone(
        conversation=conversation,
        run=run,
        cells=None if cells is None else [cell.id for cell in own],
        left=[cell.id for cell in own if cell.id in undoing.left],
        taken=undoing.taken,
    )


async def redo(
    notebook: Notebook, events: Sequence[Event], run: str, cells: Collection[str] | None = None
) -> RunRedone:
    """Bring back what was undone of a run, or of some of its cells: sources, outputs, counts, and places.

    A cell that was changed or removed since it was undone is left alone. The parameters are those of `undo`.

    Returns
    -------
    RunRedone
        For the caller to record. It names the cells that were left alone.

    Raises
    ------
    UndoError
        If nothing of it is undone, or its cells were not recorded then.
    NotebookError
        If the notebook refuses; what was redone until then stays.
    """
    conversation = _conversation(events, run, "redone")
    taken = [one for one in _taken(events, run) if cells is None or one.cell_id in cells]
    if not taken:
        raise UndoError("Nothing of this run is undone, so there is nothing to redo.")
    redoing = _Redoing(notebook, {cell.id: cell for cell in touched(events, run)})
    for one in reversed(taken):
        await redoing.bring_back(one)
    left = list(dict.fromkeys(one.cell_id for one in taken if one.cell_id in redoing.left))
    some = None if cells is None else list(dict.fromkeys(one.cell_id for one in taken))
    return RunRedone(conversation=conversation, run=run, cells=some, left=left)


def _conversation(events: Sequence[Event], run: str, done: str) -> str:
    """Return the conversation of a run."""
    for event in events:
        if event.run == run:
            return event.conversation
    raise UndoError(f"This run is not in the record of the conversation, so it cannot be {done}.")


def _taken(events: Sequence[Event], run: str) -> list[Taken]:
    """Return what undoing a run has changed and no redo has brought back, in its order."""
    taken: list[Taken] = []
    for event in events:
        if event.run == run and isinstance(event, RunUndone):
            taken += event.taken or []
        elif event.run == run and isinstance(event, RunRedone):
            taken = [one for one in taken if event.cells is not None and one.cell_id not in event.cells]
    return taken


@dataclass
class _Undoing:
    """Takes the events of a run back, the last one first.

    ``again`` are the cells that were undone before, ``left`` those that are left alone, and ``taken`` is what
    is changed.
    """

    notebook: Notebook
    cells: dict[str, Touched]
    again: Collection[str]
    left: set[str] = field(default_factory=set)
    taken: list[Taken] = field(default_factory=list)

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
            if cell.id not in self.again:  # else its neighbours were moved back after it
                self.left.add(event.cell_id)
            return
        await self._take(cell.id, cells)
        others = [other.id for other in cells if other.id != event.cell_id]
        await self.notebook.move_cell(event.cell_id, after=_above(event.was, others))

    async def restore(self, event: CellDeleted) -> None:
        """Put a cell back."""
        ids = [cell.id for cell in await self._cells()]
        if event.cell_id not in ids:
            self.taken.append(Taken(cell_id=event.cell_id))
            await self.notebook.restore_cell(event.before, after=_above(event.was, ids))

    async def rewrite(self, event: CellWritten) -> None:
        """Put back what was in a cell, or remove it, at the first event that wrote it."""
        cell = self.cells[event.cell_id]
        if event is not cell.written:
            return
        cells = await self._cells()
        now = next((now for now in cells if now.id == cell.id), None)
        if now is None:
            # undone already, or removed by the user; their own cell is theirs to bring back
            self._leave(cell.id)
        elif not cell.inserted and cell.before and await self.notebook.read_cell(cell.id) == cell.before:
            return
        elif now.protected or now.cell_type != cell.kind or now.source not in cell.sources:
            self.left.add(cell.id)
        elif cell.inserted:
            await self._take(cell.id, cells)
            await self.notebook.delete_cell(cell.id)
        elif cell.before:
            await self._take(cell.id, cells)
            await self.notebook.restore_cell(cell.before)
        else:
            self.left.add(cell.id)

    async def _take(self, cell_id: str, cells: Sequence[Cell]) -> None:
        """Keep a cell as it is, for a redo."""
        whole = await self.notebook.read_cell(cell_id)
        self.taken.append(Taken(cell_id=cell_id, cell=whole, place=_place(cell_id, cells)))

    def _leave(self, cell_id: str) -> None:
        """Note that a cell is not there; one that the run made is then as it was."""
        if not self.cells[cell_id].inserted:
            self.left.add(cell_id)

    async def _cells(self) -> list[Cell]:
        return (await self.notebook.state(brief=True)).cells


@dataclass
class _Redoing:
    """Brings back what an undo took, the last first; ``left`` are the cells that are left alone."""

    notebook: Notebook
    cells: dict[str, Touched]
    left: set[str] = field(default_factory=set)

    async def bring_back(self, taken: Taken) -> None:
        """Make a cell what it was before the undo, unless somebody has changed it since."""
        cells = (await self.notebook.state(brief=True)).cells
        now = next((cell for cell in cells if cell.id == taken.cell_id), None)
        own = self.cells[taken.cell_id]
        if taken.cell is None or taken.place is None:
            if now is not None and self._is_as_left(now, own.deleted):
                await self.notebook.delete_cell(taken.cell_id)
            elif now is not None:
                self.left.add(taken.cell_id)
        elif now is None and own.inserted:
            ids = [cell.id for cell in cells]
            await self.notebook.restore_cell(taken.cell, after=_above(taken.place, ids))
        elif now is None or not self._is_as_left(now, own.before, taken.cell):
            self.left.add(taken.cell_id)
        else:
            if await self.notebook.read_cell(now.id) != taken.cell:
                await self.notebook.restore_cell(taken.cell)
            if not _same(_place(now.id, cells), taken.place):
                others = [cell.id for cell in cells if cell.id != now.id]
                await self.notebook.move_cell(now.id, after=_above(taken.place, others))

    def _is_as_left(self, now: Cell, *known: NotebookCell | None) -> bool:
        """Tell whether a cell still holds what the undo, or this redo, has left in it."""
        sources = [text_of(cell["source"]) for cell in known if cell is not None]
        is_free = not now.protected and now.id not in self.left
        return is_free and (not sources or now.source in sources)


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
            cell = cells.setdefault(event.cell_id, Touched(event.cell_id, inserted=False))
            if isinstance(event, CellDeleted):
                cell.deleted = event.before
        elif isinstance(event, ApprovalResolved) and event.edited is not None and event.cell_id in cells:
            cells[event.cell_id].sources.add(event.edited)
    return list(cells.values())


def undone_cells(events: Sequence[Event]) -> dict[str, set[str]]:
    """Return the cells of each run whose changes are undone, as far as they could be."""
    own: dict[str, set[str]] = {}
    undone: dict[str, set[str]] = {}
    for event in events:
        if isinstance(event, _CHANGES):
            own.setdefault(event.run, set()).add(event.cell_id)
        elif isinstance(event, RunUndone | RunRedone):
            cells = own.get(event.run, set()) if event.cells is None else set(event.cells)
            before = undone.get(event.run, set())
            undone[event.run] = before | cells if isinstance(event, RunUndone) else before - cells
    return undone


def changed_runs(events: Sequence[Event]) -> list[str]:
    """Return the runs that changed a cell and were not undone, in their order."""
    undone = undone_cells(events)
    changes = (event for event in events if isinstance(event, _CHANGES))
    return list(
        dict.fromkeys(event.run for event in changes if event.cell_id not in undone.get(event.run, ()))
    )


def last_run(events: Sequence[Event]) -> str | None:
    """Return the last run that changed a cell and was not undone."""
    runs = changed_runs(events)
    return runs[-1] if runs else None


def _refuse_if_changed_later(events: Sequence[Event], run: str, cells: Sequence[Touched]) -> None:
    """Refuse while a later run has changed a cell of this one: what is to be restored would be lost."""
    own = {cell.id for cell in cells}
    undone = undone_cells(events)
    of_run = [at for at, event in enumerate(events) if event.run == run and event.type not in _VERDICTS]
    for event in events[of_run[-1] + 1 :]:
        if not isinstance(event, _CHANGES) or event.cell_id not in own:
            continue
        if event.cell_id not in undone.get(event.run, ()):
            raise UndoError("A later run changed the same cells. Undo that one first.")
