"""Turns an HTML display into text, with its tables as tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .tags import pieces

_INVISIBLE = {"script", "style", "template", "title"}
_BLOCKS = {
    "address", "article", "blockquote", "br", "dd", "details", "div", "dl", "dt", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "summary", "ul",
}  # fmt: skip
_MEDIA = {"audio", "canvas", "embed", "iframe", "img", "input", "object", "svg", "video"}
_ELLIPSES = ("...", "…", "⋮", "⋯")
_MAX_SPAN = 100
_WIDEST = 60
MAX_CHARACTERS = 300_000
"""Most characters of HTML that are read."""


@dataclass(slots=True)
class _Cell:
    texts: list[str] = field(default_factory=list)
    columns: int = 1
    rows: int = 1
    heading: bool = False

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


@dataclass(slots=True)
class Table:
    """A table, row by row. ``heads`` says of each row whether it stands in the table's head or foot."""

    cells: list[list[_Cell]] = field(default_factory=list)
    heads: list[bool] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int] | None:
        """The numbers of rows with data, and of columns; ``None`` if some are left out, or there are none."""
        if any(cell.text in _ELLIPSES for row in self.cells for cell in row if cell.heading):
            return None
        if any(row and all(text in _ELLIPSES for text in row) for row in self.data):
            return None
        columns = max(
            (sum(cell.columns for cell in row if not cell.heading) for row in self.cells), default=0
        )
        return (len(self.data), columns) if self.data and columns else None

    @property
    def data(self) -> list[list[str]]:
        """The texts of the cells that are no headings, for each row of the body that has such cells."""
        rows = [
            [cell.text for cell in row if not cell.heading]
            for row, head in zip(self.cells, self.heads, strict=True)
            if not head
        ]
        return [row for row in rows if row]

    def __str__(self) -> str:
        """Return the table with aligned columns."""
        grid: list[list[str]] = []
        spanned: dict[int, int] = {}  # rows that a cell above still spans, by column
        for row in self.cells:
            line: list[str] = []

            def skip(line: list[str] = line) -> None:
                while spanned.get(len(line), 0):
                    spanned[len(line)] -= 1
                    line.append("")

            for cell in row:
                skip()
                for column in range(cell.columns):
                    spanned[len(line)] = cell.rows - 1
                    line.append("" if column else cell.text)
            skip()
            grid.append(line)
        widths = [0] * max(map(len, grid), default=0)
        for line in grid:
            for column, text in enumerate(line):
                widths[column] = max(widths[column], min(len(text), _WIDEST))
        return "\n".join("  ".join(map(str.rjust, line, widths)).rstrip() for line in grid)


class Markup:
    """Parsed HTML.

    Attributes
    ----------
    tables : list of Table
        Its outermost tables.
    """

    def __init__(self, html: str) -> None:
        self.tables: list[Table] = []
        self._written: list[str | None] = []  # ``None`` stands for a table
        self._in_head = False
        self._invisible = self._depth = self._verbatim = 0
        self._cell: _Cell | None = None
        for piece in pieces(html[:MAX_CHARACTERS]):
            match piece.kind:
                case "start":
                    self._start(piece.text, piece.attributes)
                case "end":
                    self._end(piece.text)
                case "text":
                    self._add(piece.text)
        while self._depth:  # a table without an end tag
            self._end("table")

    @property
    def text(self) -> str:
        """The visible text, with each block on its own line, and with the tables."""
        tables = map(str, self.tables)
        return self._join(f"\n{next(tables)}\n" if one is None else one for one in self._written)

    @property
    def around(self) -> str:
        """The visible text without the tables."""
        return self._join("\n" if one is None else one for one in self._written)

    @staticmethod
    def _join(written: Iterable[str]) -> str:
        lines = "\n".join(map(str.rstrip, "".join(written).split("\n")))
        return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        self._invisible += tag in _INVISIBLE
        self._verbatim += tag == "pre"
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append(Table())
                self._in_head = False
        elif tag in ("thead", "tbody", "tfoot") and self._depth == 1:
            self._in_head = tag != "tbody"
        elif tag in ("tr", "td", "th") and self._depth == 1:
            self._cell = None
            rows = self.tables[-1].cells
            if tag == "tr" or not rows:
                rows.append([])
                self.tables[-1].heads.append(self._in_head)
            if tag != "tr":
                self._cell = _Cell(
                    [], _span(attributes, "colspan"), _span(attributes, "rowspan"), tag == "th"
                )
                rows[-1].append(self._cell)
        elif tag in _MEDIA:
            alt = attributes.get("alt")
            self._write(f"[{tag}: {alt}]" if alt else f"[{tag}]")
        elif tag in _BLOCKS:
            self._write("\n- " if tag == "li" else "\n")

    def _end(self, tag: str) -> None:
        """Close an element."""
        self._invisible -= tag in _INVISIBLE and self._invisible > 0
        self._verbatim -= tag == "pre" and self._verbatim > 0
        if tag == "table" and self._depth:
            self._depth -= 1
            if not self._depth:
                self._cell = None
                self._written.append(None)
        elif tag in ("tr", "td", "th") and self._depth == 1:
            self._cell = None
        elif tag in _BLOCKS:
            self._write("\n")

    def _add(self, data: str) -> None:
        """Add text."""
        if not self._invisible and not (self._depth and self._cell is None):
            self._write(
                data if self._verbatim else re.sub(r"\s+", " ", data if self._in_line else data.lstrip())
            )

    @property
    def _in_line(self) -> bool:
        return self._cell is not None or (
            bool(self._written) and not (self._written[-1] or "\n").endswith("\n")
        )

    def _write(self, text: str) -> None:
        (self._cell.texts if self._cell else self._written).append(text)


def _span(attributes: Mapping[str, str], name: str) -> int:
    value = attributes.get(name, "")
    return max(1, min(int(value[:4]), _MAX_SPAN)) if value.isascii() and value[:4].isdigit() else 1
