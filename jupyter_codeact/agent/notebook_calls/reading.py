"""Answers the calls that read the notebook: a cell in full, a search, an outline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..context.cells import MIN_LENGTH, in_one_line, masked, short_ids, shorten, title
from ..context.notebook import outline
from ..contracts import Cell, NotebookCell
from ..observations.displays import image_of, text_of
from ..observations.observe import unfenced
from ..secrets import masker
from .parse import CallError, CellName

LINE = 200
"""Most characters of a line that a search shows."""
LINES = 5
"""Most lines of one cell that a search shows."""
OUTPUT = 20_000
"""Most characters of a cell's outputs that are searched."""
_OUTPUT_SHARE = 1 / 3


@dataclass(frozen=True)
class Reading:
    """What a call read: the text and images for the model, and a sentence for the user."""

    text: str
    message: str
    images: tuple[str, ...] = ()


def find_cell(name: CellName, cells: Sequence[Cell]) -> Cell:
    """Return the cell that a model named, by its id or the number that the user sees.

    Raises
    ------
    CallError
        If there is none, or more than one.
    """
    text = str(name).strip().removeprefix("cell=")
    if isinstance(name, str):
        if exact := [cell for cell in cells if cell.id == text]:
            return exact[0]
        begins = [cell for cell in cells if len(text) >= MIN_LENGTH and cell.id.startswith(text)]
        if len(begins) == 1:
            return begins[0]
    number = text.removeprefix("[").removesuffix("]")
    numbered = [cell for cell in cells if number.isdecimal() and cell.execution_count == int(number)]
    if len(numbered) == 1:
        return numbered[0]
    if numbered:
        ids = short_ids([cell.id for cell in cells])
        several = ", ".join(f"cell={ids[cell.id]}" for cell in numbered)
        raise CallError(f"[{number}] is the number of several cells: {several}. Use an id.", _no_cell(name))
    raise CallError(
        f"There is no cell {name!r} in the notebook. A cell's ID stands after cell= in its heading; "
        "the notebook's outline shows them all.",
        _no_cell(name),
    )


def _no_cell(name: CellName) -> str:
    return f"there is no single cell {str(name)[:40]!r}"


def label(cell: Cell) -> str:
    """Return how the user knows a cell."""
    if cell.cell_type != "code":
        return "text cell"
    return "cell [ ]" if cell.execution_count is None else f"cell [{cell.execution_count}]"


def read_cell(
    cell: Cell,
    whole: NotebookCell,
    name: str,
    *,
    room: int,
    secrets: Mapping[str, str],
    first_line: int = 1,
    supports_images: bool = False,
    call: str = "notebook.read",
) -> Reading:
    """Return a cell in full, from line ``first_line`` on, in ``room`` characters; ``call`` shows the rest."""
    outputs = [dict(output) for output in whole.get("outputs", ())]
    lines = masker(secrets)(text_of(whole["source"])).split("\n")
    first = min(max(1, first_line), len(lines))
    source_room = room - round(room * _OUTPUT_SHARE) if outputs else room
    shown, last = _lines_that_fit(lines[first - 1 :], source_room)
    parts = [title(cell, name) + f" {cell.cell_type} cell", *([f"(from line {first})"] if first > 1 else [])]
    parts.append(shown)
    end = first - 1 + last
    if end < len(lines):
        parts.append(
            f'(lines {first} to {end} of {len(lines):,}; {call}("{name}", first_line={end + 1}) shows more)'
        )
    observed = unfenced(outputs, room - len(shown), supports_images=supports_images, secrets=secrets)
    images = [*observed.images, *_attached_images(whole, supports_images)]
    if observed.text:
        parts.append(f"-> {observed.text}")
    elif cell.cell_type == "code":
        parts.append("(no output)")
    article = "a " if cell.cell_type != "code" else ""
    return Reading("\n".join(parts), f"Read {article}{label(cell)}.", tuple(images))


def _lines_that_fit(lines: Sequence[str], room: int) -> tuple[str, int]:
    """Return the first lines that fit, at least one, and how many they are."""
    count = size = 0
    for line in lines:
        size += len(line) + 1
        if size > room and count:
            break
        count += 1
    text = "\n".join(lines[:count])
    return (text if len(text) <= room else shorten(text, room)), count


def _attached_images(whole: NotebookCell, supports_images: bool) -> Iterator[str]:
    """Yield the images attached to a text cell."""
    attachments = whole.get("attachments")
    if supports_images and isinstance(attachments, Mapping):
        for bundle in attachments.values():
            image = image_of(bundle) if isinstance(bundle, Mapping) else None
            if image and (uri := image.data_uri()):
                yield uri


def search(text: str, cells: Sequence[Cell], *, room: int, secrets: Mapping[str, str]) -> Reading:
    """Return the cells in which a text occurs, with the lines; else those with all its words."""
    if not text.strip():
        raise CallError("notebook.search needs a text to look for.", "there is nothing to search for")
    names = short_ids([cell.id for cell in cells])
    mask = masker(secrets)
    contents = [(cell, _lines_of(cell)) for cell in cells]
    wanted = [text.casefold().strip()]
    found = [(cell, lines) for cell, lines in contents if _holds(lines, wanted)]
    note = ""
    if not found and len(words := text.casefold().split()) > 1:
        wanted = words
        found = [(cell, lines) for cell, lines in contents if _holds(lines, wanted)]
        note = " as a whole; these have all its words" if found else ""
    count = len(found)
    cells_found = f"{count:,} cell{'' if count == 1 else 's'}"
    message = f"Searched the notebook for “{shorten(text, 60)}”: {cells_found}."
    if not found:
        return Reading(f"No source or output has {text[:LINE]!r}.", message)
    parts = [f"No cell has {text[:LINE]!r}{note}:"] if note else []
    for index, (cell, lines) in enumerate(found):
        hits = [(where, line) for where, line in lines if any(word in line.casefold() for word in wanted)]
        shown = [f"{where}: {_around(mask(line), wanted)}" for where, line in hits[:LINES]]
        if len(hits) > LINES:
            shown.append(f"({len(hits) - LINES:,} more lines)")
        part = "\n".join([title(cell, names[cell.id]), *shown])
        if len(part) > room and index:
            parts.append(f"({count - index:,} more cells)")
            break
        room -= len(part)
        parts.append(part)
    return Reading("\n".join(parts), message)


def _lines_of(cell: Cell) -> list[tuple[str, str]]:
    """Return the lines of a cell's source and outputs, each with where it is."""
    lines = [(f"line {number}", line) for number, line in enumerate(cell.source.split("\n"), 1)]
    if cell.outputs:
        output = unfenced(cell.outputs, OUTPUT).text
        lines += [("output", line) for line in output.split("\n")]
    return lines


def _holds(lines: Sequence[tuple[str, str]], wanted: Sequence[str]) -> bool:
    whole = "\n".join(line for _, line in lines).casefold()
    return all(word in whole for word in wanted)


def _around(line: str, wanted: Sequence[str]) -> str:
    """Return a long line's part around the first hit."""
    line = line.strip()
    if len(line) <= LINE:
        return line
    hits = [at for word in wanted if (at := line.casefold().find(word)) >= 0]
    start = max(0, min(hits, default=0) - LINE // 3)
    return f"{'… ' if start else ''}{shorten(line[start:], LINE)}"


def read_outline(
    cells: Sequence[Cell], *, room: int, secrets: Mapping[str, str], call: str = "notebook.search"
) -> Reading:
    """Return the headings of a notebook, and one line of each cell; ``call`` finds what has no room."""
    names = short_ids([cell.id for cell in cells])
    cells = masked(cells, secrets)
    lines, _ = outline(cells, names, range(len(cells)), room)
    parts = [lines[at] for at in sorted(lines)]
    described = sum(1 for cell in cells if in_one_line(cell, names[cell.id])[0])
    if described > len(parts):
        parts.append(f"({described - len(parts):,} more cells; {call} finds them)")
    return Reading("\n".join(parts) or "The notebook is empty.", "Read the outline of the notebook.")
