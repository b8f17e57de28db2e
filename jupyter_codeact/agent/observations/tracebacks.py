"""An error as a model should read it: the place in the user's code, library frames in brief, the message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from ..contracts import Output
from .terminal import strip_terminal_codes

_RULE = re.compile(r"-{3,}\s*")
_HEADING = re.compile(r"(?:\S+\s+)?Traceback \(most recent call last\):?\s*")
_LINK = re.compile(r"direct cause of the following exception|During handling of the above exception")
_HIDDEN = re.compile(r"\s*\[\.\.\. skipping .*\]\s*")
_CELL = re.compile(r"(?:Cell|Input) In ?\[(?P<count>\d+)\], (?:line (?P<line>\d+)|in <cell line: \d+>).*")
_FILE = re.compile(r"File (?P<path>.+?)(?::\d+)?(?:,? in .*)?")
_NUMBERED = re.compile(r"(?P<arrow>-+>)? *\d+ ?(?P<code>.*)")
_NO_SOURCE = "'Could not get source, probably due dynamically evaluated source code.'"
_LIBRARY = re.compile(
    r"site-packages|dist-packages|[\\/]lib[\\/]python\d|[\\/]python\d*[\\/]lib[\\/]"
    r"|<frozen |<__array_function__|\.(?:pyx|pxi|pxd|so)$",
    re.IGNORECASE,
)
_MAX_FRAMES = 8
_MAX_LINES = 5


@dataclass(frozen=True, slots=True)
class _Frame:
    text: str
    of_user: bool


@dataclass(slots=True)
class _Raised:
    """One exception of a chain. ``link`` is the line that says how it followed from the one before."""

    link: str = ""
    frames: list[_Frame] = field(default_factory=list)
    message: list[str] = field(default_factory=list)


def explain(error: Output, *, source: str = "", execution_count: int | None = None) -> str:
    """Return an ``error`` output in brief; its last lines are the error's name and message.

    Parameters
    ----------
    error : Output
        As nbformat has it, with a traceback by IPython or another kernel.
    source : str
        Source of the cell that failed, to quote a line that the traceback names without quoting it.
    execution_count : int or None
        The number by which tracebacks name that cell.
    """
    traceback = error.get("traceback") or []
    items = list(map(str, [traceback] if isinstance(traceback, str) else traceback))
    shown = {
        item: strip_terminal_codes(item).strip("\n") for item in set(items)
    }  # a deep recursion repeats its frames
    own = {str(execution_count): source.split("\n")} if source else {}
    chain = [_Raised()]
    for item in map(shown.__getitem__, items):
        if not item.strip() or _RULE.fullmatch(item):
            continue
        if _HEADING.fullmatch(item):
            if chain[-1].message:
                chain.append(_Raised())
        elif _LINK.search(item) and chain[-1].message:
            chain.append(_Raised(link=item.strip()))
        elif frame := _frame(item, own):
            chain[-1].frames.append(frame)
        else:
            chain[-1].message.append(item)
    name = str(error.get("ename") or "Error")
    if not any(name in line for line in chain[-1].message):
        chain[-1].message.append(strip_terminal_codes(f"{name}: {error.get('evalue') or ''}"))
    chain[-1].message[-1] = chain[-1].message[-1].rstrip().removesuffix(":")
    return "\n".join(_described(_merged(chain)))


def _frame(item: str, own: Mapping[str, list[str]]) -> _Frame | None:
    """Read one frame of a traceback: its place and, if it can be had, its line of code.

    ``own`` has the lines of the cell, which go on where the traceback breaks off.
    """
    header, *body = item.split("\n")
    header = header.strip()
    cell, file = _CELL.fullmatch(header), _FILE.fullmatch(header)
    if not (cell or file or _HIDDEN.fullmatch(item)) or any(re.match(r"[^\W\d]", line) for line in body):
        return None  # a syntax error has its message in the same item
    numbered = [match for line in body if (match := _NUMBERED.fullmatch(line.strip()))]
    arrow = next((index for index, match in enumerate(numbered) if match["arrow"]), None)
    code = [match["code"] for match in numbered[arrow:]] if arrow is not None else body[:1]
    if cell and cell["line"]:
        lines = own.get(cell["count"], [])[int(cell["line"]) - 1 :]
        if lines and (not code or lines[0].strip() == code[0].strip()):
            code = lines
    code = _statement(code[:_MAX_LINES])
    shared = len(code[0]) - len(code[0].lstrip()) if code else 0
    quoted = [f"    {line[shared:].rstrip()}" for line in code if line.strip() not in ("", _NO_SOURCE)]
    of_user = bool(cell) or (file is not None and not _LIBRARY.search(file["path"]))
    return _Frame("\n".join([header, *quoted]), of_user)


def _statement(lines: list[str]) -> list[str]:
    """Return the lines up to the one where all brackets are closed again."""
    depth = 0
    for index, line in enumerate(lines):
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        if depth <= 0:
            return lines[: index + 1]
    return lines


def _merged(chain: list[_Raised]) -> list[_Raised]:
    """Join an exception that a library caught with the one it raised next, if the messages are the same."""
    merged: list[_Raised] = []
    for raised in chain:
        before = merged[-1] if merged else None
        if before and before.message == raised.message and not any(frame.of_user for frame in before.frames):
            merged[-1] = _Raised(before.link, raised.frames + before.frames, raised.message)
        else:
            merged.append(raised)
    return merged


def _described(chain: list[_Raised]) -> Iterator[str]:
    in_users_code = any(frame.of_user for raised in chain for frame in raised.frames)
    for raised in chain:
        if raised.link:
            yield raised.link
        lines: list[str] = []
        for frame, same in groupby(raised.frames, key=lambda frame: frame if frame.of_user else None):
            count = len(list(same))
            if frame is None:
                lines.append(_library(count))
            else:
                lines.append(frame.text + (f"\n… the same {count - 1} more times …" if count > 1 else ""))
        if len(lines) > _MAX_FRAMES:
            half = _MAX_FRAMES // 2
            lines[half:-half] = [f"… {len(lines) - 2 * half} more like these …"]
        if raised is chain[-1] and raised.frames and not in_users_code:
            rest = [_library(len(raised.frames) - 1)] if len(raised.frames) > 1 else []
            lines = [*rest, raised.frames[-1].text]
        yield from lines
        yield from raised.message


def _library(count: int) -> str:
    return f"… {count} library frame{'' if count == 1 else 's'} …"
