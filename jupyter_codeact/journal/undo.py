"""Undoing a run: the notebook's cells become what they were before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..agent.contracts import CodeActError, Notebook, NotebookCell
from ..agent.events import Action, ApprovalResolved, CellWritten, Event, RunUndone


class UndoError(CodeActError):
    """The run cannot be undone; the message says why, and what to do first."""


@dataclass
class Touched:
    """A cell that a run wrote: whether it is new, what was in it before, and the run's sources in it."""

    id: str
    inserted: bool
    before: NotebookCell | None = None
    kind: str = "code"
    sources: set[str] = field(default_factory=set)


async def undo(notebook: Notebook, events: Sequence[Event], run: str) -> list[str]:
    """Undo a run's changes to the notebook, the last one first.

    Cells that it inserted are removed; those that it rewrote get back their source, outputs, execution count
    and metadata. A cell that the user has changed since, or that they protect, is left alone, and so is one
    whose earlier content is not recorded. What the run did to the kernel and to files stays.

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
    current = {cell.id: cell for cell in (await notebook.state(brief=True)).cells}
    left: list[str] = []
    for cell in reversed(cells):
        now = current.get(cell.id)
        if now is None:
            # undone already, or removed by the user; their own cell is theirs to bring back
            left += [] if cell.inserted else [cell.id]
        elif not cell.inserted and cell.before and await notebook.read_cell(cell.id) == cell.before:
            continue
        elif now.protected or now.cell_type != cell.kind or now.source not in cell.sources:
            left.append(cell.id)
        elif cell.inserted:
            await notebook.delete_cell(cell.id)
        elif cell.before:
            await notebook.restore_cell(cell.before)
        else:
            left.append(cell.id)
    return left[::-1]


def touched(events: Sequence[Event], run: str) -> list[Touched]:
    """Return the cells that a run wrote, in the order in which it came to them first."""
    cells: dict[str, Touched] = {}
    action: Action | None = None
    for event in events:
        if event.run != run:
            continue
        if isinstance(event, Action):
            action = event
        elif isinstance(event, CellWritten) and action is not None:
            cell = cells.setdefault(
                event.cell_id, Touched(event.cell_id, inserted=not event.rewritten, before=event.before)
            )
            cell.kind, cell.sources = action.cell_type, {action.source}
        elif isinstance(event, ApprovalResolved) and event.edited is not None and event.cell_id in cells:
            cells[event.cell_id].sources.add(event.edited)
    return list(cells.values())


def last_run(events: Sequence[Event]) -> str | None:
    """Return the last run that wrote a cell and was not undone."""
    undone = {event.run for event in events if isinstance(event, RunUndone)}
    runs = [event.run for event in events if isinstance(event, CellWritten) and event.run not in undone]
    return runs[-1] if runs else None


def _refuse_if_changed_later(events: Sequence[Event], run: str, cells: Sequence[Touched]) -> None:
    """Refuse while a later run has changed a cell of this one: what is to be restored would be lost."""
    own = {cell.id for cell in cells}
    undone = {event.run for event in events if isinstance(event, RunUndone)}
    last = max(index for index, event in enumerate(events) if event.run == run and event.type != "run_undone")
    for event in events[last:]:
        if isinstance(event, CellWritten) and event.cell_id in own and event.run not in undone | {run}:
            raise UndoError("A later run changed the same cells. Undo that one first.")
