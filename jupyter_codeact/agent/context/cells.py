"""Describes cells to the model: by short ids, with their sources and outputs in brief."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import pairwise

from ..contracts import Cell, NotebookState
from ..observations.observe import brief
from ..secrets import environment_secrets

MIN_LENGTH = 4
SOURCE, MARKDOWN, OUTPUTS, ONE_LINE = 1200, 300, 300, 120
"""Most characters of one cell: of code, of Markdown, of outputs, and of a cell in one line."""


def short_ids(ids: Collection[str]) -> dict[str, str]:
    """Return a short id for each cell: the shortest unique prefix of its id, of four characters or more."""
    ordered = sorted(set(ids))
    need = dict.fromkeys(ordered, MIN_LENGTH)
    for first, second in pairwise(ordered):
        shared = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))
        need[first], need[second] = max(need[first], shared + 1), max(need[second], shared + 1)
    return {name: name[:length] for name, length in need.items()}


def resolve(short_id: str | None, ids: Collection[str]) -> str | None:
    """Return the full id for a ``short_id`` that a model wrote; ``None`` if there is no such cell."""
    if short_id is None or short_id in ids:
        return short_id
    if len(short_id) < MIN_LENGTH:
        return None
    matches = [name for name in ids if name.startswith(short_id)]
    return matches[0] if len(matches) == 1 else None


def cells_around(state: NotebookState, current: str | None, room: int, earlier: str = "") -> str:
    """Describe the cells up to the ``current`` one, and in one line each those below it.

    The cells nearest to the current one get room first. Cells in the ``earlier`` text are only mentioned.
    """
    names = short_ids([cell.id for cell in state.cells])
    ids = [cell.id for cell in state.cells]
    last = ids.index(current) + 1 if current in ids else len(ids)
    above = _fit(
        reversed(state.cells[:last]), room, lambda cell: _with_outputs(cell, names[cell.id], earlier)
    )
    below = _fit(state.cells[last:], room // 4, lambda cell: _in_one_line(cell, names[cell.id]))
    lines = list(reversed(above))
    if below:
        lines += ["(here the user is; below it:)", *below]
    return "\n".join(lines)


def _fit(cells: Iterable[Cell], room: int, describe: Callable[[Cell], str]) -> list[str]:
    shown: list[str] = []
    for cell in cells:
        text = describe(cell)
        if not text:
            continue
        if len(text) > room:
            shown.append("(more cells, not shown)")
            break
        room -= len(text)
        shown.append(text)
    return shown


def title(cell: Cell, name: str) -> str:
    """Return a cell's heading for the model: ``[3] cell=a1b2``, with the number that the user sees."""
    number = "" if cell.execution_count is None else str(cell.execution_count)
    kind = f"[{number}]" if cell.cell_type == "code" else "[text]"
    return f"{kind} cell={name}" + (" (protected by the user: never change it)" if cell.protected else "")


def _with_outputs(cell: Cell, name: str, earlier: str) -> str:
    limit = SOURCE if cell.cell_type == "code" else MARKDOWN
    source = shorten(cell.source.strip(), limit)
    if not source or cell.cell_type == "raw":
        return ""
    shown_before = len(source) > ONE_LINE and source in earlier
    text = (
        f"{title(cell, name)}\n{shorten(source, ONE_LINE)} (as above)"
        if shown_before
        else f"{title(cell, name)}\n{source}"
    )
    shown = brief(cell.outputs, OUTPUTS, secrets=environment_secrets())
    return f"{text}\n-> {shown}" if shown and not (shown_before and shown in earlier) else text


def _in_one_line(cell: Cell, name: str) -> str:
    source = cell.source.strip()
    return f"{title(cell, name)} {shorten(' '.join(source.split()), ONE_LINE)}" if source else ""


def shorten(text: str, limit: int) -> str:
    """Return the beginning of a text, with an ellipsis if it was longer."""
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"
