"""Reading a notebook file of any format and encoding, as valid nbformat 4."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, ValidationError
from nbformat.validator import normalize

from ..agent.contracts import NotebookError
from ..agent.unicode import valid
from .saving import reason

MINOR = 5
"""The nbformat 4 minor version that brought cell ids; older notebooks are brought up to it."""
CELL_TYPES = ("code", "markdown", "raw")


@dataclass(frozen=True)
class NotebookFile:
    """A notebook file as it was read.

    Attributes
    ----------
    node : NotebookNode
        The notebook, as valid nbformat 4 with cell ids.
    content : bytes
        The file's content.
    notes : list of str
        What is different in ``node``, as sentences for the user.
    """

    node: NotebookNode
    content: bytes
    notes: list[str] = field(default_factory=list)


def read(path: Path) -> NotebookFile:
    """Read any notebook Jupyter ever wrote.

    Raises
    ------
    NotebookError
        If there is none, or it cannot be understood.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotebookError(f"There is no notebook at {path}. Check the path.") from None
    except OSError as error:
        raise NotebookError(f"The notebook {path} could not be read: {reason(error)}.") from error
    notes: list[str] = []
    data = _parse(path, content, notes)
    version = data["nbformat"]
    if version > nbformat.current_nbformat:
        raise NotebookError(
            f"{path} is written in notebook format {version}, newer than what is understood here "
            f"({nbformat.current_nbformat}). Upgrade nbformat, or save the notebook in the older format."
        )
    if version < nbformat.current_nbformat:
        notes.append(f"{path.name} is in notebook format {version}; CodeAct reads and writes it as format 4.")
    elif not isinstance(data.get("nbformat_minor"), int):
        data["nbformat_minor"] = MINOR  # any of format 4 is valid in it, once every cell has an id
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the very ids that are repaired here
            node = nbformat.convert(nbformat.reader.reads(json.dumps(data)), 4)
            if node.nbformat_minor < MINOR:
                node = nbformat.v4.upgrade(node)
            node = nbformat.from_dict(node)  # older formats have a dictionary type of their own
            _keep_unknown_cells(path, node, notes)
            _, node = normalize(node, strip_invalid_metadata=True)
            nbformat.validate(node)
    except (ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        what = error.message if isinstance(error, ValidationError) else str(error)
        if isinstance(error, KeyError):
            what = f"something in it has no {error}"
        raise NotebookError(
            f"{path} is not a valid notebook: {what.splitlines()[0][:200]}. Open and save it in JupyterLab "
            "to repair it, or go back to an earlier copy."
        ) from error
    return NotebookFile(node, content, notes)


def _parse(path: Path, content: bytes, notes: list[str]) -> dict[str, Any]:
    """Return the notebook's JSON as valid text."""
    encoding = json.detect_encoding(content)
    text = content.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "replace")
    if not encoding.startswith("utf-8"):
        notes.append(f"{path.name} is in {encoding.upper()}; CodeAct writes UTF-8, as Jupyter does.")
    try:
        data = json.loads(text.removeprefix("\ufeff"))
        clean = valid(data)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise NotebookError(
            f"{path} is not a notebook: its content is not valid JSON{where}. Open it in a text editor to "
            "repair it, or go back to an earlier copy."
        ) from error
    if clean != data:
        notes.append(f"{path.name} has characters that are not valid Unicode; they are read as others.")
    if not isinstance(clean, dict) or not isinstance(clean.get("nbformat"), int):
        raise NotebookError(f"{path} is not a notebook: it is JSON, but has no notebook format version.")
    return clean


def _keep_unknown_cells(path: Path, node: NotebookNode, notes: list[str]) -> None:
    """Make cells of a type that the format does not have raw cells, which keep the original.

    A later minor version may have further types; such cells stay as they are.
    """
    if node.nbformat_minor > MINOR:
        return
    unknown = {cell.cell_type for cell in node.cells} - set(CELL_TYPES)
    for index, cell in enumerate(node.cells):
        if cell.cell_type in unknown:
            kept = nbformat.v4.new_raw_cell(
                cell.get("source", ""), metadata={**cell.get("metadata", {}), "original": cell}
            )
            node.cells[index] = nbformat.from_dict(kept | ({"id": cell["id"]} if "id" in cell else {}))
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        notes.append(f"{path.name} has cells of an unknown type ({names}); they are kept as raw cells.")
