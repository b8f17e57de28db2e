"""Finds the changes that the user made in the notebook during a run."""

from __future__ import annotations

from ..contracts import Cell, NotebookState
from .cells import short_ids, shorten, title

MAX_CHANGES = 8
"""Most changes that are listed one by one; of more, only the number is given."""
SOURCE_CHARACTERS = 400


class NotebookSnapshot:
    """The notebook as the model knows it: its state when the run began, and what the run itself did since.

    Attributes
    ----------
    ids : set of str
        The ids of all cells.
    created : set of str
        The ids of cells that this run created.
    restarted : bool
        Whether the last call of `describe_changes` found the kernel restarted.
    """

    def __init__(self, state: NotebookState) -> None:
        self._cells = {cell.id: cell for cell in state.cells}
        self._session = state.kernel.session if state.kernel else ""
        self._cell_above: dict[str, str | None] = {}
        self.created: set[str] = set()
        self.restarted = False

    @property
    def ids(self) -> set[str]:
        """The ids of all cells."""
        return set(self._cells)

    def protected(self, cell_id: str) -> bool:
        """Tell whether the user protects a cell from changes."""
        return cell_id in self._cells and self._cells[cell_id].protected

    def short_id(self, cell_id: str) -> str:
        """Return a cell's short id, by which the model knows it."""
        return short_ids(self._cells)[cell_id]

    def nearest_remaining(self, cell_id: str | None) -> str | None:
        """Return a cell's id, or that of the nearest cell above it that still exists."""
        while cell_id is not None and cell_id not in self._cells:
            cell_id = self._cell_above.get(cell_id)
        return cell_id

    def above(self, cell_id: str) -> str | None:
        """Return the id of the cell above another, if there is one."""
        ids = list(self._cells)
        index = ids.index(cell_id)
        return ids[index - 1] if index else None

    def record(self, cell: Cell) -> None:
        """Record a cell that the run itself wrote or ran."""
        if cell.id not in self._cells:
            self.created.add(cell.id)
        self._cells[cell.id] = cell

    def place(self, cell_id: str, above: str | None) -> None:
        """Record that the run put a cell below ``above``, at the top if that is ``None``."""
        cell = self._cells.pop(cell_id)
        cells = list(self._cells.values())
        index = 0 if above is None else list(self._cells).index(above) + 1
        self._cells = {one.id: one for one in [*cells[:index], cell, *cells[index:]]}

    def forget(self, cell_id: str) -> None:
        """Record that the run deleted a cell."""
        self._cell_above[cell_id] = self.above(cell_id)
        del self._cells[cell_id]

    def describe_changes(self, state: NotebookState) -> str:
        """Describe what the user changed since the last call, as data; empty if nothing changed.

        ``state`` may be a brief one.
        """
        now = {cell.id: cell for cell in state.cells}
        short_ids = _ShortIds([*self._cells, *now])
        changes = []
        for cell in state.cells:
            before = self._cells.get(cell.id)
            if before is None:
                changes.append(f"- the user added {title(cell, short_ids[cell.id])}{_source(cell)}")
            elif (before.source, before.cell_type) != (cell.source, cell.cell_type):
                changed = title(cell, short_ids[cell.id])
                changes.append(f"- the user edited {changed}, which is now{_source(cell)}")
            elif cell.execution_count not in (None, before.execution_count):
                changes.append(f"- the user ran {title(cell, short_ids[cell.id])}")
            elif cell.protected != before.protected:
                word = "protected" if cell.protected else "no longer protects"
                changes.append(f"- the user {word} {title(cell, short_ids[cell.id])}")
        cell_above: str | None = None
        for cell_id in self._cells:
            if cell_id not in now:
                changes.append(f"- the user deleted cell={short_ids[cell_id]}")
                self._cell_above[cell_id] = cell_above
            else:
                cell_above = cell_id
        session = state.kernel.session if state.kernel else ""
        self.restarted = bool(self._session and session and session != self._session)
        self._cells, self._session = now, session or self._session
        if len(changes) > MAX_CHANGES:
            changes = [f"- the user changed {len(changes):,} cells"]
        return "\n".join(changes)


class _ShortIds(dict[str, str]):
    """The cells' short ids, computed only when one is needed."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__()
        self._ids = ids

    def __missing__(self, cell_id: str) -> str:
        self.update(short_ids(self._ids))
        return self[cell_id]


def _source(cell: Cell) -> str:
    source = shorten(cell.source.strip(), SOURCE_CHARACTERS)
    return f":\n{source}" if source else " (empty)"
