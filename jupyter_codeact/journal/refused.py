"""Cells that the agent wrote and the gate, or the user, did not let run."""

from __future__ import annotations

from collections.abc import Collection

from ..agent.events import Action, ApprovalResolved, CellWritten
from ..agent.unicode import valid_text
from .store import SqliteJournal


def refused_cells(journal: SqliteJournal, notebooks: Collection[str]) -> set[tuple[str, str]]:
    """Return the cells of all conversations in these notebooks that were last not allowed to run.

    Each is its id and its source: a cell that the user has changed since is the user's own. A cell about
    which nobody decided, because the run or the program ended first, was not allowed either.
    """
    known = [one for notebook in notebooks for one in journal.conversations(valid_text(notebook))]
    refused: set[tuple[str, str]] = set()
    for conversation in sorted(known, key=lambda one: one.updated):  # what was decided last holds
        source = ""
        for event in journal.events(conversation.id):
            match event:
                case Action():
                    source = event.source
                case CellWritten():
                    refused = {one for one in refused if one[0] != event.cell_id} | {(event.cell_id, source)}
                case ApprovalResolved():
                    written = (event.cell_id, source)
                    cell = written if event.edited is None else (event.cell_id, event.edited)
                    refused = refused - {written, cell} if event.allowed else refused | {cell}
    return refused
