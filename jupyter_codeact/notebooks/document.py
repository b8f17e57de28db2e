"""A notebook file: read once, held in memory, written whole.

The file that was read is never written to unless it was named as the output too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode

from ..agent.contracts import Cell, NotebookError
from ..agent.unicode import valid_text
from .merging import merge
from .reading import read
from .repair import CELL_TYPES, MINOR
from .saving import check_writable, free_names, read_if_there, reason, write_atomically

_NO_CELLS, _BEFORE_CELLS, _AFTER_CELLS = '"cells": []', '"cells": [\n', "\n ]"
_CELL_END = "\n  }"
"""What nbformat writes around cells, which come first in a file. Nothing in a cell has a line like these."""


class Cells:
    """The cells of a notebook in memory, as nbformat nodes."""

    def __init__(self, node: NotebookNode | None = None) -> None:
        self.node: NotebookNode = _empty() if node is None else node

    @property
    def cells(self) -> list[NotebookNode]:
        """The cells in order, as nbformat nodes."""
        cells: list[NotebookNode] = self.node.cells
        return cells

    @property
    def proposed_tools(self) -> list[str]:
        """The tools that the metadata proposes, as far as it is valid: anybody may have written it."""
        mark = self.node.metadata.get("codeact")
        proposed = mark.get("tools") if isinstance(mark, dict) else None
        return [name for name in proposed if isinstance(name, str)] if isinstance(proposed, list) else []

    def index(self, cell_id: str) -> int:
        """Return the position of a cell.

        Raises
        ------
        NotebookError
            If the notebook has no such cell.
        """
        for index, cell in enumerate(self.cells):
            if cell.id == cell_id:
                return index
        raise NotebookError(f"The notebook has no cell “{cell_id}”; it may have been deleted.")

    def editable_cell(self, cell_id: str) -> NotebookNode:
        """Return a cell that may be run and changed.

        Raises
        ------
        NotebookError
            If there is no such cell, or the user protects it.
        """
        cell = self.cells[self.index(cell_id)]
        if is_protected(cell):
            raise NotebookError(
                f"Cell “{cell_id}” is protected by the user: it is not run or changed. Write another cell."
            )
        return cell

    def write(
        self,
        source: str,
        cell_type: Literal["code", "markdown"],
        cell_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> str:
        """Put a cell in place of ``cell_id``, below ``after``, above ``before``, or last; return its id."""
        try:
            source.encode()
        except UnicodeEncodeError:
            raise NotebookError(
                "The cell has characters that no file can hold (half of a surrogate pair)."
            ) from None
        if cell_id is None:
            if before is not None:
                index = self.index(before)
            else:
                index = len(self.cells) if after is None else self.index(after) + 1
            cell = _cell(cell_type, source)
            self.cells.insert(index, cell)
            return str(cell.id)
        known = self.editable_cell(cell_id)
        cell = _cell(cell_type, source, id=cell_id, metadata=known.metadata)
        self.cells[self.index(cell_id)] = cell
        return cell_id

    def restore(self, cell: dict[str, Any], after: str | None) -> None:
        """Put a whole cell in place of the one of its id, else below ``after`` (first if ``None``)."""
        restored = nbformat.from_dict(plain_copy(cell))  # a copy: what the caller holds stays as it is
        ids = [known.id for known in self.cells]
        if restored.id in ids:
            self.cells[ids.index(restored.id)] = restored
        else:
            self.cells.insert(0 if after is None else self.index(after) + 1, restored)

    def delete(self, cell_id: str) -> None:
        """Remove a cell."""
        del self.cells[self.index(self.editable_cell(cell_id).id)]

    def move(self, cell_id: str, after: str | None) -> None:
        """Move a cell below ``after`` (to the top if ``None``)."""
        cell = self.editable_cell(cell_id)
        if after == cell_id:
            return
        anchor = None if after is None else self.cells[self.index(after)]
        del self.cells[self.index(cell_id)]
        self.cells.insert(0 if anchor is None else self.index(anchor.id) + 1, cell)


class Document(Cells):
    """The cells of a notebook, and the file they are written to.

    Parameters
    ----------
    notebook : Path or None
        The notebook to start from; ``None`` for an empty one.
    output : Path or None
        Where to write. ``None`` takes the next free name: ``NAME-codeact.ipynb`` beside the notebook,
        ``codeact.ipynb`` in the current folder without one.

    Raises
    ------
    NotebookError
        If there is no such notebook, it cannot be understood, or the output could not be written.
    """

    def __init__(self, notebook: Path | None = None, output: Path | None = None) -> None:
        file = None if notebook is None else read(notebook)
        super().__init__(file.node if file else None)
        self.folder = Path.cwd() if notebook is None else notebook.resolve().parent
        self.notes: list[str] = file.notes if file else []
        """What the user should know of reading and writing, as sentences."""
        self._names = free_names(output.resolve() if output else notebook)
        # links are followed, so that replacing the file does not replace a link to it
        self.path = output.resolve() if output else next(self._names)
        self.name = valid_text((notebook or self.path).name)
        self.written = False
        self._texts: dict[int, str] = {}
        check_writable(self.path)
        is_input = file is not None and notebook is not None and notebook.resolve() == self.path
        self._on_disk = file.content if file and is_input else read_if_there(self.path)
        """The output's content as far as it was seen; only this is overwritten."""
        self._base = file.content if file else None
        """What this notebook and one that somebody else wrote there meanwhile have in common."""
        self._named = output is not None
        self.busy: str | None = None
        """The id of a cell that is running, which nobody else's replaces."""

    def content(self) -> bytes:
        """Return the notebook as the content of a file, just as nbformat writes it.

        nbformat is slow, and a turn changes one cell: the text of the others is kept.
        """
        text: str = nbformat.v4.writes(NotebookNode({**self.node, "cells": []}))
        if self.cells:
            marks = [hash(json.dumps(cell, default=str)) for cell in self.cells]
            pairs = list(zip(self.cells, marks, strict=True))
            known = {cell["id"]: self._texts[mark] for cell, mark in pairs if mark in self._texts}
            known |= _written([cell for cell in self.cells if cell["id"] not in known])
            self._texts = {mark: known[cell["id"]] for cell, mark in pairs}
            cells = ",\n".join(known[cell["id"]] for cell in self.cells)
            text = text.replace(_NO_CELLS, _BEFORE_CELLS + cells + _AFTER_CELLS, 1)
        return (text + "\n").encode("utf-8", "replace")

    def save(self, content: bytes) -> None:
        """Write the file, merged with what somebody else wrote there meanwhile, or else beside that.

        Raises
        ------
        NotebookError
            If it could not be written; what was there before is still there.
        """
        while not self.write_file(content):
            content = self.take_in()

    def write_file(self, content: bytes) -> bool:
        """Write the file, and tell whether that could be done: not if somebody else has written it.

        Whoever reads the file finds it as it was before, or as it is now. Other threads may use the cells
        meanwhile.

        Raises
        ------
        NotebookError
            If it could not be written; what was there before is still there.
        """
        try:
            write_atomically(self.path, content, replaces=self._on_disk)
        except FileExistsError:
            return False
        except OSError as error:
            raise NotebookError(
                f"The notebook could not be saved to {self.path}: {reason(error)}."
            ) from error
        self._on_disk = self._base = content
        self.written = True
        return True

    def take_in(self) -> bytes:
        """Take in what somebody else wrote to the file, or go elsewhere; return the content to write now."""
        if not (self._named or self.written) or not self._merge():
            self._go_elsewhere()
        return self.content()

    def _merge(self) -> bool:
        """Merge the cells with those that somebody else wrote, if they changed others."""
        try:
            theirs = read(self.path)
        except NotebookError:
            return False
        merged = merge(self._base, self.content(), theirs.content, {self.busy} if self.busy else ())
        if merged is None:
            return False
        sides = [{cell["id"]: cell for cell in cells} for cells in (self.cells, theirs.node.cells)]
        self.node.cells[:] = [sides[is_theirs][cell] for cell, is_theirs in merged.cells]
        self.node.metadata.update(nbformat.from_dict(merged.metadata))
        self._on_disk = self._base = theirs.content
        note = (
            f"{self.path} was changed by another program meanwhile: both its changes and the run's are in it."
        )
        if note not in self.notes:
            self.notes.append(note)
        return True

    def _go_elsewhere(self) -> None:
        """Take the next free name, because the file there is not ours to overwrite."""
        taken, self.path, self._on_disk = self.path, next(self._names), None
        if self._named or self.written:
            self.notes.append(
                f"{taken} was changed by another program meanwhile, so it was left as it is: the result is "
                f"in {self.path}."
            )

    def keep_widgets(self, widgets: dict[str, Any]) -> None:
        """Add the state of widgets to the notebook's metadata, so that they can be shown without a kernel."""
        for kind, new in widgets.items():
            kept = self.node.metadata.setdefault("widgets", {})
            old = kept.get(kind, {}).get("state", {})
            kept[kind] = {**new, "state": {**old, **new["state"]}}


def cell_of(node: NotebookNode, *, brief: bool = False, counted: bool = True) -> Cell:
    """Return a cell as the agent sees it: without outputs if ``brief``, with its count if ``counted``."""
    is_code = node["cell_type"] == "code"
    # by keys: attributes of a NotebookNode take ten times as long, and this is done for every cell of a turn
    return Cell(
        id=node["id"],
        cell_type=node["cell_type"] if node["cell_type"] in CELL_TYPES else "raw",
        source=node.get("source", ""),
        outputs=plain_copy(node["outputs"]) if is_code and not brief else [],
        execution_count=node.get("execution_count") if is_code and counted else None,
        protected=is_protected(node),
    )


def is_protected(cell: NotebookNode) -> bool:
    """Tell whether the user marked a cell as one that the agent neither runs nor changes."""
    mark = cell["metadata"].get("codeact")
    return isinstance(mark, dict) and mark.get("protected") is True


def _cell(cell_type: Literal["code", "markdown"], source: str, **fields: Any) -> NotebookNode:
    if cell_type == "code":
        cell: NotebookNode = nbformat.v4.new_code_cell(source, **fields)
    else:
        cell = nbformat.v4.new_markdown_cell(source, **fields)
    return cell


def _written(cells: list[NotebookNode]) -> dict[str, str]:
    """Return cells as nbformat writes them, by their ids."""
    if not cells:
        return {}
    alone = NotebookNode(cells=cells, metadata=NotebookNode(), nbformat=4, nbformat_minor=MINOR)
    whole: str = nbformat.v4.writes(alone)
    start = whole.index(_BEFORE_CELLS) + len(_BEFORE_CELLS)
    texts = whole[start : whole.rindex(_CELL_END + _AFTER_CELLS)].split(_CELL_END + ",\n")
    return {cell["id"]: text + _CELL_END for cell, text in zip(cells, texts, strict=True)}


def _empty() -> NotebookNode:
    node: NotebookNode = nbformat.v4.new_notebook()
    return node


def plain_copy(value: Any) -> Any:
    """Return a copy of a part of a notebook in plain dictionaries and lists."""
    if isinstance(value, dict):
        return {key: plain_copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_copy(item) for item in value]
    return value
