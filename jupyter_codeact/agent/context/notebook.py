"""Describes a notebook to the model: the cells near the user in full, the others in an outline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..contracts import Cell, NotebookState
from ..run_limits import Guidance
from .cells import ONE_LINE, headings_of, in_one_line, masked, short_ids, with_outputs

FEW = 3000
"""Room for cells where each token counts: some 800 tokens, which take 15 s to read on two CPU cores."""
AMPLE_WINDOW = 30_000
"""A context window of so many characters has that room; a smaller one has less."""
LARGE_WINDOW = 200_000
"""A context window of so many characters gets its share even if the model is small."""
WINDOW_SHARE = 1 / 5
"""The share of a context window that the cells may take."""
UNKNOWN_WINDOW = 20_000
"""Room for cells if the window of a capable model is unknown."""
SOURCE, MARKDOWN, OUTPUTS = 1200, 300, 300
"""Most characters of one cell where room is scarce: of code, of Markdown, of outputs."""

_OUTLINE_SHARE = 0.3
_SMALLEST_OUTLINE = 300
_OUTLINE_LINE = 72
_MANY = 20
"""Cells from which on a line of the outline is short."""


@dataclass(frozen=True)
class NotebookText:
    """A notebook as text, and how many of its cells that have content are not there in full."""

    text: str
    hidden: int = 0


def room_for_cells(window: int | None, guidance: Guidance) -> int:
    """Return the room for cells in a window of so many characters, ``None`` if that is unknown."""
    least = FEW if window is None else round(FEW * min(1.0, window / AMPLE_WINDOW))
    if guidance == "small" and (window is None or window < LARGE_WINDOW):
        return least
    return UNKNOWN_WINDOW if window is None else max(least, round(window * WINDOW_SHARE))


def describe_notebook(
    state: NotebookState,
    current: str | None,
    room: int,
    earlier: str = "",
    secrets: Mapping[str, str] | None = None,
) -> NotebookText:
    """Describe the cells: those nearest to the ``current`` one in full, as far as ``room`` goes.

    The others follow in an outline: headings and, nearest first, one line of each cell. Where room is scarce,
    cells below the current one are in the outline in any case. Cells in the ``earlier`` text are only
    mentioned. Room is counted in bytes of UTF-8: a letter of another script takes as many tokens as a word.
    """
    secrets = secrets or {}
    cells = masked(state.cells, secrets)
    scarce = room <= FEW
    ids = [cell.id for cell in cells]
    names = short_ids(ids)
    split = ids.index(current) + 1 if current in ids else len(ids)
    near = sorted(range(len(cells)), key=lambda at: split - 1 - at if at < split else 2 * (at - split) + 1)
    candidates = [at for at in near if at < split] if scarce else near
    code, text_cell = (SOURCE, MARKDOWN) if scarce else (max(SOURCE, room // 4),) * 2
    outputs = OUTPUTS if scarce else 2 * OUTPUTS
    full: dict[int, str] = {}
    cut: set[int] = set()
    used = 0
    rest = False
    for at in candidates:
        cell = cells[at]
        text, whole = with_outputs(
            cell,
            names[cell.id],
            source=code if cell.cell_type == "code" else text_cell,
            outputs=outputs,
            secrets=secrets,
            earlier=earlier,
        )
        if text and used + _size(text) > room:
            rest = True
            break
        full[at] = text
        used += _size(text)
        if not whole:
            cut.add(at)
    space = room // 4 if scarce and split < len(cells) else 0
    if rest and (reserved := round(room * _OUTLINE_SHARE)) >= _SMALLEST_OUTLINE:
        while full and used > room - reserved:
            at = next(reversed(full))
            used -= _size(full.pop(at))
            cut.discard(at)
        space += room - used
    lines, missing = outline(cells, names, [at for at in near if at not in full], space)
    shown = full | lines
    return NotebookText(_in_order(shown, missing, split, len(cells)), len(cut) + len(missing))


def outline(
    cells: Sequence[Cell], names: dict[str, str], order: Iterable[int], room: int
) -> tuple[dict[int, str], set[int]]:
    """Return one line of each of these cells, headings first, and those that are not all in their line.

    Parameters
    ----------
    cells, names
        All cells, and their short ids.
    order
        Indices of the cells to describe, by importance.
    room
        Bytes for all lines.
    """
    order = list(order)
    lines: dict[int, str] = {}
    missing: set[int] = set()
    for at in sorted(order, key=lambda at: not headings_of(cells[at])):  # stable: else by importance
        cell = cells[at]
        limit = _OUTLINE_LINE if len(order) > _MANY else ONE_LINE
        line, whole = in_one_line(cell, names[cell.id], limit)
        fits = _size(line) <= room
        if line and fits:
            lines[at] = line
            room -= _size(line)
        if line and not (whole and fits):
            missing.add(at)
    return lines, missing


def _in_order(shown: dict[int, str], missing: set[int], split: int, count: int) -> str:
    """Return what is shown of the cells in their order, with a note wherever some are left out."""
    return "\n".join(_lines(shown, missing, split, count))


def _lines(shown: dict[int, str], missing: set[int], split: int, count: int) -> Iterator[str]:
    left_out = 0
    below = any(at >= split and text for at, text in shown.items())
    for at in range(count + 1):
        if left_out and (at == count or shown.get(at) or (at == split and below)):
            yield f"({left_out:,} more cells)" if left_out > 1 else "(1 more cell)"
            left_out = 0
        if at == split and below:
            yield "(here the user is; below it:)"
        if shown.get(at):
            yield shown[at]
        elif at in missing:
            left_out += 1


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass")) + 1
