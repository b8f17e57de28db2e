"""Tables in text files in short: their size, the call that reads them, and their first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

HEAD = 64_000
"""Bytes from which a table's columns and form are read."""
COUNTED = 50_000_000
"""Bytes of a file whose rows are counted, about a second's work; a larger one has too many to wait for."""
ROWS = 5
"""Rows that are shown."""
ABOVE = 5
"""Lines above the heading that are shown."""
LINE = 1_000
"""Most characters of a line that is shown."""
SPACES = r"\s+"
_LINE_END = re.compile(r"\r\n|\r|\n")
_SEPARATOR_LINE = re.compile(r"sep=([,;|\t])")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?%?")
_DECIMAL_POINT = re.compile(r"-?\d+\.\d+")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
_POINTS_IN_THOUSANDS = re.compile(r"-?\d{1,3}(?:\.\d{3})+,\d+")
_COMMAS_IN_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


@dataclass(frozen=True)
class Form:
    """How a table is written: its separator, and the lines above its heading."""

    separator: str
    above: int = 0

    def rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Split lines into rows; blank lines are none."""
        if self.separator == SPACES:
            yield from filter(None, (line.split() for line in lines))
            return
        # in a file's head, a quote may be open: no error, and no row of the whole rest
        with suppress(csv.Error):
            yield from filter(None, csv.reader(lines, delimiter=self.separator))


def describe_table(file: Path, path: str, usual: str) -> str:
    """Return what is in a table, and the call with which pandas reads it; empty if it is none. Blocks.

    Parameters
    ----------
    file : Path
        The file.
    path : str
        Its path for the kernel.
    usual : str
        What separates the columns of such files if nothing speaks against it.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    is_whole = len(head) < HEAD
    text, encoding = _decoded(head)
    lines = _LINE_END.split(text)
    if not is_whole:
        lines = lines[:-1] or lines  # the last one may be cut
    form = _form(lines, usual)
    rows = list(islice(form.rows(_with_ends(lines[form.above :])), 50))
    if not rows or "\0" in text:
        return ""
    if is_whole:
        count = sum(1 for _ in form.rows(_with_ends(lines[form.above :])))
    else:
        count, encoding = _count(file, form, encoding)
    options = _options(form, rows[1:], encoding)
    call = ", ".join([repr(path), *(f"{name}={value!r}" for name, value in options.items())])
    size = f"{count - 1:,} rows, " if count else ""
    end = form.above + ROWS + 1
    shown = [
        line[:LINE] + ("…" if len(line) > LINE else "") for line in lines[max(0, form.above - ABOVE) : end]
    ]
    more = ["…"] if not is_whole or any(lines[end:]) else []
    facts = f"A table: {size}{len(rows[0])} columns. pd.read_csv({call}) reads it."
    return "\n".join([facts, *shown, *more]).rstrip("\n")


def _with_ends(lines: Iterable[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _decoded(head: bytes) -> tuple[str, str]:
    """Return text and its encoding as pandas names it."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace"), "utf-16"
    encoding = "utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return head.decode(encoding), "utf-8"
    except UnicodeDecodeError as error:
        if error.start > len(head) - 4:  # a character cut in two
            return head[: error.start].decode(encoding), "utf-8"
        return head.decode("cp1252", "replace"), "cp1252"


def _form(lines: list[str], usual: str) -> Form:
    """Return how a table is written: what cuts most of its lines into the same number of parts."""
    if lines and (said := _SEPARATOR_LINE.fullmatch(lines[0])):  # as Excel writes it
        return Form(said[1], above=1)

    def agreement(separator: str) -> tuple[int, int]:
        return _usual_width(Form(separator).rows(_with_ends(lines)))

    candidates = sorted([",", ";", "\t", "|"], key=lambda each: each != usual)
    best = max(candidates, key=agreement)
    if agreement(best) == (0, 0):
        full = [line.split() for line in lines[:20] if line.strip()]
        is_aligned = len(full) > 1 and len({len(row) for row in full}) == 1 and len(full[0]) > 1
        has_numbers = any(_is_number(value) for row in full[1:] for value in row)
        return Form(SPACES if is_aligned and has_numbers else usual)
    return Form(best, _lines_above(lines, Form(best), agreement(best)[1]))


def _usual_width(rows: Iterable[list[str]]) -> tuple[int, int]:
    """Return how many of the first rows have as many columns as most have, and how many these are.

    If most have one column, or there is no such number, that is 0 rows: a text may have commas, too.
    """
    widths = Counter(map(len, islice(rows, 50)))
    count, width = max(((count, width) for width, count in widths.items()), default=(0, 0))
    return (count, width) if width > 1 and 2 * count > widths.total() else (0, 0)


def _lines_above(lines: list[str], form: Form, width: int) -> int:
    """Return the number of lines above the heading: a title, notes, units."""
    rows = list(islice(form.rows(_with_ends(lines)), 20))
    if len(rows[0]) >= width or (len(rows[0]) == width - 1 and not _is_heading(rows[1:])):
        return 0  # one column less: those of a table whose rows have names, as R writes it
    for number, line in enumerate(lines):
        row = next(form.rows([line]), [])
        if len(row) == width:
            return number if any(value.strip() and not _is_number(value) for value in row) else 0
    return 0


def _is_heading(rows: list[list[str]]) -> bool:
    """Tell whether the first of some rows has words only, and others have numbers."""
    numbers = [any(map(_is_number, row)) for row in rows]
    return any(numbers) and not numbers[0]


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value.strip()) is not None


def _options(form: Form, rows: list[list[str]], encoding: str) -> dict[str, object]:
    """Return what pandas must be told about a table."""
    options: dict[str, object] = {"sep": form.separator} if form.separator != "," else {}
    if form.above:
        options["skiprows"] = form.above
    values = [value.strip() for row in rows for value in row]

    def some(*patterns: re.Pattern[str]) -> bool:
        return any(pattern.fullmatch(value) for value in values for pattern in patterns)

    if some(_POINTS_IN_THOUSANDS):
        options |= {"decimal": ",", "thousands": "."}
    elif form.separator != "," and some(_DECIMAL_COMMA) and not some(_DECIMAL_POINT):
        options["decimal"] = ","
    elif all(map(_COMMAS_IN_THOUSANDS.fullmatch, filter(_DECIMAL_COMMA.match, values))) and some(
        _COMMAS_IN_THOUSANDS
    ):
        options["thousands"] = ","
    if encoding != "utf-8":
        options["encoding"] = encoding
    return options


def _count(file: Path, form: Form, encoding: str) -> tuple[int, str]:
    """Return the number of a large file's rows, with the heading, and its encoding; 0 if it is not known."""
    if file.stat().st_size > COUNTED:
        return 0, encoding
    for each in dict.fromkeys([encoding, "cp1252"]):
        errors = "strict" if each == encoding else "replace"
        with suppress(UnicodeDecodeError), file.open(encoding=each, errors=errors, newline="") as opened:
            if form.separator == SPACES:
                lines = sum(1 for line in opened if line.strip())
                return lines - form.above, each
            try:
                rows = filter(None, csv.reader(islice(opened, form.above, None), delimiter=form.separator))
                return sum(1 for _ in rows), each
            except csv.Error:
                return 0, each
    return 0, encoding
