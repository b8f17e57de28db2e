"""How the model is told of cells: by short names, with their sources and outputs in brief."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import pairwise

from ..contracts import Cell, NotebookState
from ..observations.observe import brief
from ..secrets import environment_secrets

SHORTEST = 4
SOURCE, MARKDOWN, OUTPUTS, HEAD = 1200, 300, 300, 120
"""Most characters of one cell that are shown: of code, of text, of outputs, and of a cell further down."""


def handles(ids: Collection[str]) -> dict[str, str]:
    """Return what to call each cell: so much of the beginning of its id as tells it from all others."""
    ordered = sorted(set(ids))
    need = dict.fromkeys(ordered, SHORTEST)
    for one, other in pairwise(ordered):
        shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
        need[one], need[other] = max(need[one], shared + 1), max(need[other], shared + 1)
    return {name: name[:length] for name, length in need.items()}


def resolve(handle: str | None, ids: Collection[str]) -> str | None:
    """Return the id that a model means by ``handle``; ``None`` if it made it up."""
    if handle is None or handle in ids:
        return handle
    if len(handle) < SHORTEST:
        return None
    found = [name for name in ids if name.startswith(handle)]
    return found[0] if len(found) == 1 else None


def around(state: NotebookState, at: str | None, room: int, said: str = "") -> str:
    """Show the cells up to ``at``, the nearest first to get room, and in a line each those below it.

    Of what ``said`` has already, only that it is still there.
    """
    names = handles([cell.id for cell in state.cells])
    ids = [cell.id for cell in state.cells]
    last = ids.index(at) + 1 if at in ids else len(ids)
    above = _fitting(reversed(state.cells[:last]), room, lambda cell: _whole(cell, names[cell.id], said))
    below = _fitting(state.cells[last:], room // 4, lambda cell: _head(cell, names[cell.id]))
    lines = list(reversed(above))
    if below:
        lines += ["(here the user is; below it:)", *below]
    return "\n".join(lines)


def _fitting(cells: Iterable[Cell], room: int, told: Callable[[Cell], str]) -> list[str]:
    shown: list[str] = []
    for cell in cells:
        text = told(cell)
        if not text:
            continue
        if len(text) > room:
            shown.append("(more cells, not shown)")
            break
        room -= len(text)
        shown.append(text)
    return shown


def title(cell: Cell, name: str) -> str:
    """Return what a cell is called to the model: ``[3] cell=a1b2``, its number as the user sees it."""
    number = "" if cell.execution_count is None else str(cell.execution_count)
    kind = f"[{number}]" if cell.cell_type == "code" else "[text]"
    return f"{kind} cell={name}" + (" (protected by the user: never change it)" if cell.protected else "")


def _whole(cell: Cell, name: str, said: str) -> str:
    limit = SOURCE if cell.cell_type == "code" else MARKDOWN
    source = shorten(cell.source.strip(), limit)
    if not source or cell.cell_type == "raw":
        return ""
    known = len(source) > HEAD and source in said
    text = (
        f"{title(cell, name)}\n{shorten(source, HEAD)} (as above)"
        if known
        else f"{title(cell, name)}\n{source}"
    )
    shown = brief(cell.outputs, OUTPUTS, secrets=environment_secrets())
    return f"{text}\n-> {shown}" if shown and not (known and shown in said) else text


def _head(cell: Cell, name: str) -> str:
    source = cell.source.strip()
    return f"{title(cell, name)} {shorten(' '.join(source.split()), HEAD)}" if source else ""


def shorten(text: str, limit: int) -> str:
    """Return the beginning of a text, with a mark where it was longer."""
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"
