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
from ..agent.unicode import DEEPEST, valid
from .repair import CELL_TYPES, MINOR, Repair
from .saving import reason, require_regular

PHRASES = 4
"""Most kinds of repairs that are named."""
ORIGINAL_LEVELS = DEEPEST - 10
"""Levels that are kept of a cell inside another's metadata."""


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
        require_regular(path)
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
        if type(data.get("nbformat_minor", 0)) is not int:
            del data["nbformat_minor"]
    elif type(data.get("nbformat_minor")) is not int or data["nbformat_minor"] < 0:
        cells = data.get("cells")
        has_ids = isinstance(cells, list) and any(isinstance(one, dict) and "id" in one for one in cells)
        data["nbformat_minor"] = MINOR if has_ids else MINOR - 1
        notes.append(
            f"{path.name} does not say which minor version its format has; it is read as the latest."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the very ids that are repaired here
            if version < nbformat.current_nbformat:
                older = nbformat.convert(nbformat.reader.reads(json.dumps(data)), 4)
                data = json.loads(json.dumps(older))  # older formats have a dictionary type of their own
            _repair(path, data, notes)
            node = nbformat.v4.reads(json.dumps(data))
            if node.nbformat_minor < MINOR:
                node = nbformat.v4.upgrade(node)
            _keep_unknown_cells(path, node, notes)
            _, node = normalize(node, strip_invalid_metadata=True)
            nbformat.validate(node)
    except Exception as error:  # nbformat raises whatever it comes across in what is not a notebook
        what = f"its parts are not those of format {version}"
        if version == nbformat.current_nbformat and isinstance(error, ValidationError | ValueError):
            what = error.message if isinstance(error, ValidationError) else str(error)
        raise NotebookError(
            f"{path} is not a valid notebook: {_first_line(what)}. Open and save it in JupyterLab "
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
        # NaN is no JSON: no other program would read what is written
        data = json.loads(text.removeprefix("\ufeff"), parse_constant=lambda _name: None)
        clean = valid(data)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise NotebookError(
            f"{path} is not a notebook: its content is not valid JSON{where}. Open it in a text editor to "
            "repair it, or go back to an earlier copy."
        ) from error
    if clean != data:
        notes.append(
            f"{path.name} has characters that are not valid Unicode, or parts that are nested too deep; they "
            "are read as others."
        )
    if not isinstance(clean, dict) or type(clean.get("nbformat")) is not int:
        raise NotebookError(f"{path} is not a notebook: it is JSON, but has no notebook format version.")
    return clean


def _repair(path: Path, data: dict[str, Any], notes: list[str]) -> None:
    """Make the notebook valid, with a sentence about what was wrong.

    Raises
    ------
    ValueError
        If it has no cells to begin with.
    """
    if not isinstance(data.get("cells"), list):
        raise ValueError("it has no list of cells")
    if repaired := Repair(data).repaired:
        more = f", and {len(repaired) - PHRASES} more" if len(repaired) > PHRASES else ""
        notes.append(
            f"{path.name} is no valid notebook. CodeAct repaired what JupyterLab only warns of: "
            f"{', '.join(repaired[:PHRASES])}{more}."
        )


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["it cannot be understood"])[0][:200]


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
                cell.get("source", ""),
                metadata={**cell.get("metadata", {}), "original": valid(cell, ORIGINAL_LEVELS)},
            )
            node.cells[index] = nbformat.from_dict(kept | ({"id": cell["id"]} if "id" in cell else {}))
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        notes.append(f"{path.name} has cells of an unknown type ({names}); they are kept as raw cells.")
