"""Describes cells to the model: by short ids, with their sources and outputs in brief."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from ..contracts import Cell
from ..observations.observe import brief
from ..secrets import masker

MIN_LENGTH, MAX_LENGTH = 4, 64
"""Characters of a short id."""
_UNUSUAL = re.compile(r"[^A-Za-z0-9_-]")
ONE_LINE = 120
"""Most characters of a cell in one line."""


def short_ids(ids: Collection[str]) -> dict[str, str]:
    """Return a short id for each cell: the shortest unique prefix of its id, of four characters or more."""
    ordered = sorted(set(ids))
    need = dict.fromkeys(ordered, MIN_LENGTH)
    for first, second in pairwise(ordered):
        shared = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))
        need[first], need[second] = max(need[first], shared + 1), max(need[second], shared + 1)
    # a file may have anything as an id; one that no cell should have is shortened to something harmless
    return {name: _UNUSUAL.sub("_", name[: min(length, MAX_LENGTH)]) for name, length in need.items()}


def masked(cells: Sequence[Cell], secrets: Mapping[str, str]) -> Sequence[Cell]:
    """Return the cells with the secrets in their sources masked, before anything is cut out of them."""
    mask = masker(secrets)
    together = "\0".join(cell.source for cell in cells)
    if mask(together) == together:  # as a rule, and fast
        return cells
    return [cell.model_copy(update={"source": mask(cell.source)}) for cell in cells]


def resolve(short_id: str | None, ids: Collection[str]) -> str | None:
    """Return the full id for a ``short_id`` that a model wrote; ``None`` if there is no such cell."""
    if short_id is None or short_id in ids:
        return short_id
    if len(short_id) < MIN_LENGTH:
        return None
    matches = [name for name in ids if name.startswith(short_id)]
    return matches[0] if len(matches) == 1 else None


def title(cell: Cell, name: str) -> str:
    """Return a cell's heading for the model: ``[3] cell=a1b2``, with the number that the user sees."""
    number = "" if cell.execution_count is None else str(cell.execution_count)
    kind = f"[{number}]" if cell.cell_type == "code" else "[text]"
    return f"{kind} cell={name}" + (" (protected by the user: never change it)" if cell.protected else "")


def with_outputs(
    cell: Cell, name: str, *, source: int, outputs: int, secrets: Mapping[str, str], earlier: str = ""
) -> tuple[str, bool]:
    """Describe a cell, and tell whether its source is there in full.

    The source and the outputs get at most so many characters. A cell in the ``earlier`` text is only
    mentioned. The text is empty for a cell without content.
    """
    whole = cell.source.strip()
    if not whole or cell.cell_type == "raw":
        return "", True
    text = shorten(whole, source)
    shown_before = len(text) > ONE_LINE and text in earlier
    heading = title(cell, name)
    described = f"{heading}\n{shorten(text, ONE_LINE)} (as above)" if shown_before else f"{heading}\n{text}"
    shown = brief(cell.outputs, outputs, secrets=secrets) if cell.outputs else ""
    if shown and not (shown_before and shown in earlier):
        described += f"\n-> {shown}"
    return described, text == whole


def in_one_line(cell: Cell, name: str, limit: int = ONE_LINE) -> tuple[str, bool]:
    """Describe a cell in one line, and tell whether that is all of it. Empty if there is nothing in it."""
    source = " ".join(cell.source.split())
    if not source or cell.cell_type == "raw":
        return "", True
    headings = headings_of(cell)
    line = shorten(" / ".join(headings) or source, limit)
    return f"{title(cell, name)} {line}", line == source and not cell.outputs


def headings_of(cell: Cell) -> list[str]:
    """Return the headings in a text cell, with their marks."""
    if cell.cell_type != "markdown" or "#" not in cell.source:
        return []
    lines, fenced = [], False
    for line in map(str.strip, cell.source.split("\n")):
        fenced ^= line.startswith(("```", "~~~"))
        if not fenced and line.startswith("#") and line.lstrip("#").startswith(" "):
            lines.append(line)
    return lines


def shorten(text: str, limit: int) -> str:
    """Return the beginning of a text, with an ellipsis if it was longer."""
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"
