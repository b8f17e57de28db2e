"""Data files in short: what is in one, and how to read it, for a model that has not opened it."""

from __future__ import annotations

import csv
import html
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

TABLES = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
"""Text with a table in it, and what usually separates its columns."""
HEAD = 64_000
"""Bytes from which a table's columns and form are read."""
COUNTED = 200_000_000
"""Bytes of a file whose rows are counted; a larger one has too many to wait for."""
ROWS = 5
"""Rows that are shown."""
LINE = 1_000
"""Most characters of a line that is shown."""
SHEETS = 20
_SHEET = re.compile(r'<(?:\w+:)?sheet\s[^<>]*?\bname="([^"<>]*)"')
_DIMENSION = re.compile(rb'<dimension ref="[A-Z]+(\d+):([A-Z]+)(\d+)"')
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
_DECIMAL_POINT = re.compile(r"-?\d+\.\d+")


def preview(file: Path, path: str) -> str:
    """Return what is in a data file, and the call that reads it; empty for other files. Blocks.

    Parameters
    ----------
    file : Path
        The file.
    path : str
        Its path for the kernel.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    kind = file.suffix.lower()
    if kind in TABLES:
        return _table(file, path, TABLES[kind])
    if kind in (".xlsx", ".xlsm"):
        return _workbook(file, path)
    reader = {".parquet": "read_parquet", ".feather": "read_feather", ".xls": "read_excel"}.get(kind)
    if reader:
        return f"{file.stat().st_size:,} bytes. pd.{reader}({path!r}) reads it."
    return ""


def _table(file: Path, path: str, usual: str) -> str:
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    is_whole = len(head) < HEAD
    text, encoding = _decoded(head)
    lines = text.splitlines()
    if not is_whole:
        lines = lines[:-1] or lines  # the last one may be cut
    separator = _separator(lines, usual)
    rows = list(islice(_rows(lines, separator), 50))
    if not rows or "\0" in text:
        return ""
    options = {"sep": separator} if separator != "," else {}
    if _has_decimal_comma(rows[1:], separator):
        options["decimal"] = ","
    if encoding != "utf-8":
        options["encoding"] = encoding
    call = ", ".join([repr(path), *(f"{name}={value!r}" for name, value in options.items())])
    count = len(list(_rows(lines, separator))) - 1 if is_whole else _count_lines(file) - 1
    size = f"{count:,} rows, " if count >= 0 else ""
    shown = [line[:LINE] + ("…" if len(line) > LINE else "") for line in lines[: ROWS + 1]]
    more = ["…"] if count < 0 or count > ROWS else []
    facts = f"A table: {size}{len(rows[0])} columns. pd.read_csv({call}) reads it."
    return "\n".join([facts, *shown, *more])


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


def _separator(lines: list[str], usual: str) -> str:
    """Return what separates the columns: what cuts most lines into the same number of parts."""

    def agreement(separator: str) -> tuple[int, int]:
        widths = [len(row) for row in islice(_rows(lines, separator), 20)]
        return (widths.count(widths[0]), widths[0]) if widths and widths[0] > 1 else (0, 0)

    candidates = sorted([",", ";", "\t", "|"], key=lambda each: each != usual)
    return max(candidates, key=agreement, default=usual)


def _rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    # in a file's head, a quote may be open: no error, and no row of the whole rest
    with suppress(csv.Error):
        yield from (row for row in csv.reader(lines, delimiter=separator) if row)


def _has_decimal_comma(rows: list[list[str]], separator: str) -> bool:
    values = [value.strip() for row in rows for value in row]
    return (
        separator != ","
        and any(_DECIMAL_COMMA.fullmatch(value) for value in values)
        and not any(_DECIMAL_POINT.fullmatch(value) for value in values)
    )


def _count_lines(file: Path) -> int:
    """Return the number of a file's lines; -1 if it is too large to count."""
    if file.stat().st_size > COUNTED:
        return -1
    lines, last = 0, b"\n"
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            lines, last = lines + block.count(b"\n"), block[-1:]
    return lines + (last != b"\n")


def _workbook(file: Path, path: str) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            sheets = list(islice(_sheets(archive), SHEETS))
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
        return f"{file.stat().st_size:,} bytes, not an Excel workbook that can be read."
    if not sheets:
        return ""
    names = [f"- {name!r}{f': {size}' if size else ''}" for name, size in sheets]
    call = f"pd.read_excel({path!r}, sheet_name={sheets[0][0]!r})"
    return "\n".join([f"An Excel workbook. {call} reads a sheet. Its sheets:", *names])


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield the name and the size of each sheet; of the archive, only the beginnings are unpacked."""
    with archive.open("xl/workbook.xml") as opened:
        workbook = opened.read(HEAD).decode("utf-8", "replace")
    files = set(archive.namelist())
    for number, name in enumerate(_SHEET.findall(workbook), 1):
        size, part = "", f"xl/worksheets/sheet{number}.xml"
        if part in files:
            with archive.open(part) as opened:
                found = _DIMENSION.search(opened.read(4096))
            if found:
                rows = int(found[3]) - int(found[1]) + 1
                size = f"{rows:,} rows with the heading, columns up to {found[2].decode()}"
        yield html.unescape(name)[:100], size
