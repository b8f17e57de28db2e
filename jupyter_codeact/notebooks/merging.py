"""Merging what two programs made of a notebook, cell by cell, as far as they changed different cells."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Merge:
    """What a merged notebook consists of.

    Attributes
    ----------
    cells : list of (str, bool)
        The ids of its cells in order, each with whether the cell is the others'.
    metadata : dict
        The notebook's metadata.
    """

    cells: list[tuple[str, bool]]
    metadata: dict[str, Any]


@dataclass(frozen=True)
class _Side:
    """A notebook: its cells in one spelling, by their ids, and its metadata."""

    cells: dict[str, str]
    metadata: dict[str, Any]


def merge(base: bytes | None, ours: bytes, theirs: bytes, busy: Collection[str] = ()) -> Merge | None:
    """Merge two notebooks that were made of one.

    Parameters
    ----------
    base, ours, theirs
        The content of the files: what both began with, if with anything, and what each has become.
    busy
        Cells of ours that are being changed.

    Returns
    -------
    Merge or None
        ``None`` if both changed or moved the same cells, or if cells cannot be told by their ids.
    """
    began = _Side({}, {}) if base is None else _read(base)
    mine, others = _read(ours), _read(theirs)
    if began is None or mine is None or others is None:
        return None
    if began.cells and not (began.cells.keys() & others.cells.keys()):
        return None  # it is quite another notebook
    if _kernel(mine) != _kernel(others) and None not in (_kernel(mine), _kernel(others)):
        return None
    kept: dict[str, bool] = {}
    for cell in {**began.cells, **mine.cells, **others.cells}:
        sides = [side.cells.get(cell) for side in (began, mine, others)]
        chosen = _choose(*sides, busy=cell in busy)
        if chosen is None:
            return None
        if sides[1 + chosen] is not None:
            kept[cell] = bool(chosen)
    order = _order(list(began.cells), list(mine.cells), list(others.cells), kept)
    if order is None:
        return None
    return Merge(
        [(cell, kept[cell]) for cell in order], _metadata(began.metadata, mine.metadata, others.metadata)
    )


def _choose(base: str | None, ours: str | None, theirs: str | None, *, busy: bool) -> int | None:
    """Return which one counts of a cell or a value: ours (0), theirs (1), or ``None`` if both changed it."""
    if theirs in (base, ours):
        return 0
    return 1 if ours == base and not busy else None


def _order(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], kept: Collection[str]
) -> list[str] | None:
    """Return the cells in order: what was added is below what it was added below."""
    common = set(base) & set(ours) & set(theirs)
    orders = [[cell for cell in side if cell in common] for side in (base, ours, theirs)]
    if orders[2] == orders[0]:
        lead, more = ours, theirs
    elif orders[1] == orders[0]:
        lead, more = theirs, ours
    else:
        return None
    order = [cell for cell in lead if cell in kept]
    there, place = set(order), 0
    for cell in more:
        if cell in there:
            place = order.index(cell) + 1
        elif cell in kept:
            order.insert(place, cell)
            place += 1
    return order


def _metadata(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Merge metadata by their names; of what both changed, the others' stays."""
    merged = {}
    for name in {**theirs, **ours}:
        spelled = [_spelled(side.get(name)) for side in (base, ours, theirs)]
        side = ours if _choose(*spelled, busy=False) == 0 else theirs
        if name in side:
            merged[name] = side[name]
    return merged


def _kernel(side: _Side) -> Any:
    spec = side.metadata.get("kernelspec")
    return spec.get("name") if isinstance(spec, Mapping) else None


def _read(content: bytes) -> _Side | None:
    """Return a notebook whose cells have ids of their own; ``None`` if it is none."""
    try:
        data = json.loads(content)
        cells, metadata = data["cells"], data["metadata"]
        if (data["nbformat"], data["nbformat_minor"]) < (4, 5) or not isinstance(metadata, dict):
            return None
        spelled = {str(cell["id"]): _spelled(_joined(cell)) for cell in cells}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return _Side(spelled, metadata) if len(spelled) == len(cells) else None


def _spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _joined(value: Any) -> Any:
    """Return a part of a notebook with each text in one piece: a file may have it as lines."""
    if isinstance(value, dict):
        return {key: _joined(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            return "".join(value)
        return [_joined(one) for one in value]
    return value
