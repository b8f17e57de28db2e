"""What changed in the notebook behind the model's back."""

from __future__ import annotations

from .. import prompts
from ..contracts import Cell, NotebookState
from .cells import handles, shorten, title

MOST = 8
"""Changes that are told one by one; of more, only how many there are."""
SOURCE = 400


class NotebookSnapshot:
    """The notebook as the model knows it: as it stood when the run began, and what the run itself did since.

    Attributes
    ----------
    ids : set of str
        The cells there are.
    made : set of str
        Those that this run made.
    """

    def __init__(self, state: NotebookState) -> None:
        self._cells = {cell.id: cell for cell in state.cells}
        self._session = state.kernel.session if state.kernel else ""
        self._instead: dict[str, str | None] = {}
        self.made: set[str] = set()
        self.restarted = False

    @property
    def ids(self) -> set[str]:
        """The cells there are."""
        return set(self._cells)

    def protected(self, cell_id: str) -> bool:
        """Tell whether the user does not want a cell touched."""
        return cell_id in self._cells and self._cells[cell_id].protected

    def name(self, cell_id: str) -> str:
        """Return what a cell is called to the model."""
        return handles(self._cells)[cell_id]

    def standing(self, cell_id: str | None) -> str | None:
        """Return a cell, or the nearest above it that is still there."""
        while cell_id is not None and cell_id not in self._cells:
            cell_id = self._instead.get(cell_id)
        return cell_id

    def wrote(self, cell: Cell) -> None:
        """Take in what the run itself wrote or ran."""
        if cell.id not in self._cells:
            self.made.add(cell.id)
        self._cells[cell.id] = cell

    def describe_changes(self, state: NotebookState) -> str:
        """Describe what the user changed since the last call; empty if nothing is different.

        ``state`` may be brief.
        """
        now = {cell.id: cell for cell in state.cells}
        names = _Names([*self._cells, *now])
        changes = []
        for cell in state.cells:
            before = self._cells.get(cell.id)
            if before is None:
                changes.append(f"- the user added {title(cell, names[cell.id])}{_source(cell)}")
            elif (before.source, before.cell_type) != (cell.source, cell.cell_type):
                changed = title(cell, names[cell.id])
                changes.append(f"- the user edited {changed}, which is now{_source(cell)}")
            elif cell.execution_count not in (None, before.execution_count):
                changes.append(f"- the user ran {title(cell, names[cell.id])}")
            elif cell.protected != before.protected:
                word = "protected" if cell.protected else "no longer protects"
                changes.append(f"- the user {word} {title(cell, names[cell.id])}")
        above: str | None = None
        for cell_id in self._cells:
            if cell_id not in now:
                changes.append(f"- the user deleted cell={names[cell_id]}")
                self._instead[cell_id] = above
            else:
                above = cell_id
        session = state.kernel.session if state.kernel else ""
        self.restarted = bool(self._session and session and session != self._session)
        self._cells, self._session = now, session or self._session
        told = changes if len(changes) <= MOST else [f"- the user changed {len(changes):,} cells"]
        lines = [prompts.RESTARTED] if self.restarted else []
        lines += [prompts.DRIFT, *told] if told else []
        return "\n".join(lines)


class _Names(dict[str, str]):
    """What cells are called to the model; only found out if one is to be named."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__()
        self._ids = ids

    def __missing__(self, cell_id: str) -> str:
        self.update(handles(self._ids))
        return self[cell_id]


def _source(cell: Cell) -> str:
    source = shorten(cell.source.strip(), SOURCE)
    return f":\n{source}" if source else " (empty)"
