"""Repairing a notebook that its format does not allow, as far as JupyterLab would open it."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

MINOR = 5
"""The nbformat 4 minor version that brought cell ids; older notebooks are brought up to it."""
CELL_TYPES = ("code", "markdown", "raw")
_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")
_TOP = {"metadata", "nbformat", "nbformat_minor", "cells"}
_CELL = {"id", "cell_type", "metadata", "source"}
_MORE = {"code": {"outputs", "execution_count"}, "markdown": {"attachments"}, "raw": {"attachments"}}
_LARGEST_COUNT = 2**53


class Repair:
    """Makes a notebook of format 4 valid, and notes what was wrong with it.

    Parameters
    ----------
    data : dict
        The notebook as JSON with a list of cells; changed in place.

    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._repaired: dict[str, int] = {}
        self._exact = data["nbformat_minor"] <= MINOR  # a later minor version may have more
        data["metadata"] = self._mapping(data.get("metadata"), "the notebook's metadata")
        self._drop(data, _TOP)
        data["cells"] = [self._cell(cell) for cell in data["cells"]]
        if data["nbformat_minor"] >= MINOR:
            self._identify(data["cells"])

    @property
    def repaired(self) -> list[str]:
        """What was repaired, in a phrase for each kind."""
        return [what if count == 1 else f"{what} ({count} times)" for what, count in self._repaired.items()]

    def _note(self, what: str) -> None:
        self._repaired[what] = self._repaired.get(what, 0) + 1

    def _mapping(self, value: Any, what: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        if value is not None:
            self._note(f"{what} that were none")
        return {}

    def _drop(self, value: dict[str, Any], known: set[str]) -> None:
        """Drop what the format does not have there."""
        for name in set(value) - known if self._exact else ():
            del value[name]
            self._note("a field that the format does not have")

    def _text(self, value: Any, what: str) -> str | list[str]:
        if isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            return value
        self._note(f"{what} that was no text" if value is not None else f"{what} that was missing")
        if isinstance(value, list):
            return [one if isinstance(one, str) else json.dumps(one) for one in value]
        return "" if value is None else json.dumps(value)

    def _cell(self, cell: Any) -> dict[str, Any]:
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            self._note("a cell without a type")
            return {"cell_type": "raw", "metadata": {}, "source": json.dumps(cell, indent=1)}
        cell["metadata"] = self._mapping(cell.get("metadata"), "a cell's metadata")
        kind = cell["cell_type"]
        if kind not in CELL_TYPES:
            if "source" in cell:
                cell["source"] = self._text(cell["source"], "a cell's source")
            return cell
        cell["source"] = self._text(cell.get("source"), "a cell's source")
        self._drop(cell, _CELL | _MORE[kind])
        if kind == "code":
            self._code(cell)
        elif "attachments" in cell:
            bundles = self._mapping(cell["attachments"], "attachments")
            cell["attachments"] = {
                name: {mime: self._mime(mime, data) for mime, data in bundle.items()}
                for name, bundle in bundles.items()
                if isinstance(bundle, dict)
            }
        return cell

    def _code(self, cell: dict[str, Any]) -> None:
        cell["execution_count"] = self._count(cell.get("execution_count"))
        outputs = cell.get("outputs")
        if not isinstance(outputs, list):
            self._note("a code cell's outputs that were missing")
            outputs = []
        repaired = [self._output(output) for output in outputs]
        cell["outputs"] = [output for output in repaired if output is not None]

    def _count(self, value: Any) -> int | None:
        if value is None:
            return None
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
        if whole and 0 <= value < _LARGEST_COUNT:
            return int(value)
        self._note("a count that was none")
        return None

    def _output(self, output: Any) -> dict[str, Any] | None:
        kind = output.get("output_type") if isinstance(output, dict) else None
        match kind:
            case "stream":
                name = output.get("name")
                if not isinstance(name, str):
                    self._note("an output's stream that was missing")
                    name = "stdout"
                fields: dict[str, Any] = {"name": name, "text": self._text(output.get("text"), "an output")}
            case "display_data" | "execute_result":
                data = self._mapping(output.get("data"), "an output's data")
                fields = {
                    "data": {mime: self._mime(mime, value) for mime, value in data.items()},
                    "metadata": self._mapping(output.get("metadata"), "an output's metadata"),
                }
                if kind == "execute_result":
                    fields["execution_count"] = self._count(output.get("execution_count"))
            case "error":
                names = {name: output.get(name) for name in ("ename", "evalue")}
                fields = {name: _joined(self._text(text, "an error")) for name, text in names.items()}
                lines = self._text(output.get("traceback"), "a traceback")
                fields["traceback"] = [lines] if isinstance(lines, str) else lines
            case _:
                self._note("an output of an unknown type, which is left out")
                return None
        self._drop(output, {"output_type", *fields})
        if set(fields) - set(output):
            self._note("an output's field that was missing")
        return {**output, **fields}

    def _mime(self, mime: str, value: Any) -> Any:
        """Return display data: of a JSON type anything, else text."""
        if mime.endswith(("+json", "/json")):
            return value
        return self._text(value, "an output's data")

    def _identify(self, cells: Sequence[dict[str, Any]]) -> None:
        """Give each cell an id of its own."""
        taken: set[str] = set()
        for cell in cells:
            identity = cell.get("id")
            if not isinstance(identity, str) or not _ID.fullmatch(identity) or identity in taken:
                self._note("a cell without an id of its own, which has a new one")
                identity = cell["id"] = uuid.uuid4().hex[:8]
            taken.add(identity)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
