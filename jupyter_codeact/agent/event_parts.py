"""What some events have several of."""

from __future__ import annotations

from typing import Literal

from .contracts import Frozen, NotebookCell, Place


class Attachment(Frozen):
    """An attachment to a task.

    ``name`` is for display; ``text`` is its content: a cell's source, a selection, the beginning of a file.
    ``cell_id`` is the cell that it is or comes from; ``path`` is a file's path for the kernel; ``image`` is
    an image as a data URI.
    """

    kind: Literal["cell", "selection", "file", "image"]
    name: str
    text: str = ""
    cell_id: str | None = None
    path: str | None = None
    image: str | None = None


class Taken(Frozen):
    """A cell as it was before an undo, which a redo makes it again; without ``cell``, it was not there."""

    cell_id: str
    cell: NotebookCell | None = None
    place: Place | None = None


class Claim(Frozen):
    """A value in an answer. ``cell_id`` is the cell whose output shows it, ``None`` if no output does."""

    text: str
    cell_id: str | None = None
