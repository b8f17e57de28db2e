"""Cells that the agent wrote and the gate, or the user, did not let run."""

from __future__ import annotations

from collections.abc import Collection

from ..agent.events import Action, ApprovalResolved, CellWritten
from ..agent.unicode import valid_text
from .store import SqliteJournal


def refused_cells(journal: SqliteJournal, notebooks: Collection[str]) -> set[tuple[str, str]]:
    """Return the cells of all conversations in these notebooks that were last not allowed to run.

    Each is its id and its source: a cell that the user has changed since is the user's own.
    """
    refused: set[tuple[str, str]] = set()
    for notebook in notebooks:
        for conversation in journal.conversations(valid_text(notebook)):
            source = ""
            for event in journal.events(conversation.id):
                match event:
                    case Action():
                        source = event.source
                    case CellWritten():
                        refused -= {one for one in refused if one[0] == event.cell_id}
                    case ApprovalResolved():
                        cell = (event.cell_id, source if event.edited is None else event.edited)
                        refused = refused - {cell} if event.allowed else refused | {cell}
    return refused
