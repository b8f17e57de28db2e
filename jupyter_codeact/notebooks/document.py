"""A notebook file: read once, held in memory, written whole.

The file that was read is never written to unless it was named as the output too.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode, ValidationError
from nbformat.validator import normalize

from ..agent.contracts import Cell, NotebookError

MINOR = 5
"""The nbformat 4 minor version that brought cell ids; older notebooks are brought up to it."""
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
    ) -> str:
        """Put a cell in place of ``cell_id``, or below ``after`` (at the end if ``None``); return its id."""
        try:
            source.encode()
        except UnicodeEncodeError:
            raise NotebookError(
                "The cell has characters that no file can hold (half of a surrogate pair)."
            ) from None
        if cell_id is None:
            index = len(self.cells) if after is None else self.index(after) + 1
            cell = _cell(cell_type, source)
            self.cells.insert(index, cell)
            return str(cell.id)
        before = self.editable_cell(cell_id)
        cell = _cell(cell_type, source, id=cell_id, metadata=before.metadata)
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
        super().__init__(None if notebook is None else read(notebook))
        self.folder = Path.cwd() if notebook is None else notebook.resolve().parent
        # links are followed, so that replacing the file does not replace a link to it
        self._names = iter([output.resolve()]) if output else _free_names(notebook)
        self._claimed = output is not None
        self.path = next(self._names)
        self.written = False
        self._texts: dict[int, str] = {}
        _check_writable(self.path)

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
        """Write the file. Whoever reads it finds it as it was before, or as it is now.

        Raises
        ------
        NotebookError
            If it could not be written; what was there before is still there.
        """
        while True:
            try:
                _write_atomically(self.path, content, replace=self._claimed)
            except FileExistsError:  # another run took the free name since we looked
                self.path = next(self._names)
            except OSError as error:
                raise NotebookError(
                    f"The notebook could not be saved to {self.path}: {_reason(error)}."
                ) from error
            else:
                self._claimed = self.written = True
                return

    def keep_widgets(self, widgets: dict[str, Any]) -> None:
        """Add the state of widgets to the notebook's metadata, so that they can be shown without a kernel."""
        kept = self.node.metadata.setdefault("widgets", {})
        for kind, new in widgets.items():
            old = kept.get(kind, {}).get("state", {})
            kept[kind] = {**new, "state": {**old, **new["state"]}}


def kernel_name(node: NotebookNode) -> str:
    """Return the name of the kernel a notebook asks for.

    Raises
    ------
    NotebookError
        If it does not say, and is not written in Python.
    """
    name: str | None = node.metadata.get("kernelspec", {}).get("name")
    language = node.metadata.get("language_info", {}).get("name", "python")
    if not name and language not in ("python", "ipython"):
        raise NotebookError(f"The notebook is written in {language}; CodeAct works with Python notebooks.")
    return name or "python3"


def cell_of(node: NotebookNode, *, brief: bool = False, counted: bool = True) -> Cell:
    """Return a cell as the agent sees it: without outputs if ``brief``, with its count if ``counted``."""
    # by keys: attributes of a NotebookNode take ten times as long, and this is done for every cell of a turn
    return Cell(
        id=node["id"],
        cell_type=node["cell_type"],
        source=node["source"],
        outputs=[] if brief else plain_copy(node.get("outputs", [])),
        execution_count=node.get("execution_count") if counted else None,
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


def read(path: Path) -> NotebookNode:
    """Read any notebook Jupyter ever wrote, as valid nbformat 4 with cell ids.

    Raises
    ------
    NotebookError
        If there is none, or it cannot be understood.
    """
    try:
        text = path.read_text("utf-8-sig")
        content = json.loads(text)
    except FileNotFoundError:
        raise NotebookError(f"There is no notebook at {path}. Check the path.") from None
    except OSError as error:
        raise NotebookError(f"The notebook {path} could not be read: {_reason(error)}.") from error
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise NotebookError(
            f"{path} is not a notebook: its content is not valid JSON{where}. Open it in a text editor to "
            "repair it, or go back to an earlier copy."
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise NotebookError(f"{path} is not a notebook: it is JSON, but has no notebook format version.")
    if content["nbformat"] > nbformat.current_nbformat:
        raise NotebookError(
            f"{path} is written in notebook format {content['nbformat']}, newer than what is understood here "
            f"({nbformat.current_nbformat}). Upgrade nbformat, or save the notebook in the older format."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the very ids that are repaired here
            node: NotebookNode = nbformat.convert(nbformat.reader.reads(text), 4)
            if node.nbformat_minor < MINOR:
                node = nbformat.v4.upgrade(node)
            _, node = normalize(node, strip_invalid_metadata=True)
            nbformat.validate(node)
    except (ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        what = error.message if isinstance(error, ValidationError) else str(error)
        raise NotebookError(
            f"{path} is not a valid notebook: {what.splitlines()[0][:200]}. Open and save it in JupyterLab "
            "to repair it, or go back to an earlier copy."
        ) from error
    return node


def _free_names(notebook: Path | None) -> Iterator[Path]:
    """Yield ``NAME-codeact.ipynb``, ``NAME-codeact-2.ipynb``, … as long as they are not taken."""
    folder = Path.cwd() if notebook is None else notebook.resolve().parent
    # a copy of a copy is the next copy, not NAME-codeact-codeact
    stem = "codeact" if notebook is None else re.sub(r"-codeact(-\d+)?$", "", notebook.stem) + "-codeact"
    number = 1
    while True:
        path = folder / (f"{stem}.ipynb" if number == 1 else f"{stem}-{number}.ipynb")
        if not path.exists():
            yield path
        number += 1


def _check_writable(path: Path) -> None:
    """Find out whether ``path`` could be written, and leave no trace."""
    hint = "Choose another place with --output."
    if path.is_dir():
        raise NotebookError(f"The output {path} is a folder. Name a file in it with --output.")
    if path.exists() and not os.access(path, os.W_OK):
        raise NotebookError(f"The output {path} is read-only. {hint}")
    try:
        # on Linux this file never has a name, so that even the folder's time stays as it is
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise NotebookError(f"The output {path} cannot be written: {_reason(error)}. {hint}") from error


def _write_atomically(path: Path, content: bytes, *, replace: bool) -> None:
    """Write ``content`` to ``path`` in one step; raise `FileExistsError` unless ``replace``."""
    temporary = path.parent / f".{path.name}.{uuid.uuid4().hex}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            if path.exists():
                os.chmod(temporary, path.stat().st_mode & 0o7777)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not replace:
            try:
                os.link(temporary, path)  # in one step only if there is no such file
                return
            except OSError:  # there is, or this file system has no links
                if path.exists():
                    raise FileExistsError(path) from None
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _reason(error: OSError) -> str:
    """Return the system's own reason for an error, as part of a sentence."""
    reason = error.strerror or type(error).__name__
    return reason[0].lower() + reason[1:]


def plain_copy(value: Any) -> Any:
    """Return a copy of a part of a notebook in plain dictionaries and lists."""
    if isinstance(value, dict):
        return {key: plain_copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_copy(item) for item in value]
    return value
