"""Data files in short: what is in one, and how to read it, for a model that has not opened it."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ..agent.unicode import valid_text
from .tables import HEAD, LINE, describe_table

TABLES = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
"""Text with a table in it, and what usually separates its columns."""
PARSED = 2_000_000
"""Bytes of a JSON file that is read as a whole; of a larger one, only the size is told."""
KEYS = 20
"""Keys of a JSON object that are named."""
SHEETS = 20
_SHEET = re.compile(r'<(?:\w+:)?sheet\s[^<>]*?\bname="([^"<>]*)"')
_DIMENSION = re.compile(rb'<dimension ref="[A-Z]+(\d+):([A-Z]+)(\d+)"')


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
        return describe_table(file, path, TABLES[kind])
    if kind in (".json", ".jsonl", ".ndjson"):
        return _json(file, path, is_lines=kind != ".json")
    if kind in (".xlsx", ".xlsm"):
        return _workbook(file, path)
    reader = {".parquet": "read_parquet", ".feather": "read_feather", ".xls": "read_excel"}.get(kind)
    if reader:
        return f"{file.stat().st_size:,} bytes. pd.{reader}({path!r}) reads it."
    return ""


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


def _json(file: Path, path: str, *, is_lines: bool) -> str:
    with file.open("rb") as opened:
        head = opened.read(3)
    encoding = "utf-8-sig" if head == b"\xef\xbb\xbf" else "utf-8"
    if is_lines:
        call = f"pd.read_json({path!r}, lines=True, encoding={encoding!r})"
    else:
        call = f"json.load(open({path!r}, encoding={encoding!r}))"
    size = file.stat().st_size
    if size > PARSED:
        return f"{size:,} bytes of JSON. {call} reads it."
    try:
        text = file.read_text(encoding)
        lines = [line for line in text.split("\n") if line.strip()]
        value = [json.loads(line) for line in lines] if is_lines else json.loads(text)
        first = json.dumps(value[0], ensure_ascii=False) if value and isinstance(value, list) else ""
    except (ValueError, RecursionError):
        return ""
    facts = [f"JSON: {_kind(value)}. {call} reads it."]
    if isinstance(value, dict):
        facts += [f"- {key[:LINE]!r}: {_kind(one)}" for key, one in islice(value.items(), KEYS)]
    elif first:
        facts.append(valid_text(first[:LINE]) + ("…" if len(first) > LINE else ""))
    return "\n".join(facts)


def _kind(value: Any) -> str:
    """Return what a value of JSON is, in words."""
    if isinstance(value, dict):
        keys = ", ".join(repr(key[:100]) for key in islice(value, KEYS))
        return f"an object with the keys {keys}{', …' if len(value) > KEYS else ''}" if value else "an object"
    if isinstance(value, list):
        objects = [one for one in value if isinstance(one, dict)]
        if value and len(objects) == len(value):
            return f"a list of {len(value):,} objects, the first {_kind(objects[0])}"
        return f"a list of {len(value):,} values"
    return repr(value[:100] if isinstance(value, str) else value)[:120]
