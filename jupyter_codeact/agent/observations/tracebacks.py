"""Tracebacks in brief: the place in the user's code, library frames folded, the message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle, groupby, islice

from ..contracts import Output
from .displays import text_of
from .terminal import strip_terminal_codes

_RULE = re.compile(r"-{3,}\s*")
_HEADING = re.compile(r"(?:\S+\s+)?Traceback \(most recent call last\):?\s*")
_LINK = re.compile(r"direct cause of the following exception|During handling of the above exception")
_HIDDEN = re.compile(r"\s*\[\.\.\. skipping .*\]\s*")
_SIMILAR = re.compile(r"\s*\[\.\.\. skipping similar frames: .*\]\s*")
_TIMES = re.compile(r" at line \d+ \((\d{1,5}) times\)")
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
_MAX_UNFOLDED = 100_000
"""Frames of an error that are told apart at most: what a traceback says of itself may be made up."""
_MAX_LINES = 5


@dataclass(frozen=True, slots=True)
class _Frame:
    text: str
    in_user_code: bool


@dataclass(slots=True)
class _ChainedError:
    """One exception of a chain. ``link`` is the line that relates it to the one before."""

    link: str = ""
    frames: list[_Frame] = field(default_factory=list)
    message: list[str] = field(default_factory=list)


def explain(error: Output, *, source: str = "", execution_count: int | None = None) -> str:
    """Return an ``error`` output in brief; its last lines are the error's name and message.

    Parameters
    ----------
    error : Output
        In nbformat's form, with a traceback by IPython or another kernel.
    source : str
        Source of the failed cell, to quote lines that the traceback only names.
    execution_count : int or None
        The number of that cell in tracebacks.
    """
    traceback = error.get("traceback") or []
    items = list(map(text_of, traceback if isinstance(traceback, list) else [traceback]))
    plain_items = {
        item: strip_terminal_codes(item).strip("\n") for item in set(items)
    }  # a deep recursion repeats its frames
    cell_lines = {str(execution_count): source.split("\n")} if source else {}
    chain = [_ChainedError()]
    for item in map(plain_items.__getitem__, items):
        if not item.strip() or _RULE.fullmatch(item):
            continue
        if _HEADING.fullmatch(item):
            if chain[-1].message:
                chain.append(_ChainedError())
        elif _LINK.search(item) and chain[-1].message:
            chain.append(_ChainedError(link=item.strip()))
        elif repeated := _repeated(item, chain[-1].frames):
            chain[-1].frames += repeated
        elif frame := _frame(item, cell_lines):
            chain[-1].frames.append(frame)
        else:
            chain[-1].message.append(item)
    name = text_of(error.get("ename")) or "Error"
    if not any(name in line for line in chain[-1].message):
        chain[-1].message.append(strip_terminal_codes(f"{name}: {text_of(error.get('evalue'))}"))
    chain[-1].message[-1] = chain[-1].message[-1].rstrip().removesuffix(":")
    return "\n".join(_describe(_merge_chain(chain)))


def _frame(item: str, cell_lines: Mapping[str, list[str]]) -> _Frame | None:
    """Parse one frame of a traceback: its place and, if known, its line of code.

    ``cell_lines`` are the lines of the failed cell, by its number; they complete a statement that the
    traceback cuts.
    """
    header, *body = item.split("\n")
    header = header.strip()
    cell, file = _CELL.fullmatch(header), _FILE.fullmatch(header)
    if not (cell or file or _HIDDEN.fullmatch(item)) or any(re.match(r"[^\W\d]", line) for line in body):
        return None  # the message of a syntax error is in the same item
    numbered = [match for line in body if (match := _NUMBERED.fullmatch(line.strip()))]
    arrow = next((index for index, match in enumerate(numbered) if match["arrow"]), None)
    code = [match["code"] for match in numbered[arrow:]] if arrow is not None else body[:1]
    if cell and cell["line"]:
        lines = cell_lines.get(cell["count"], [])[int(cell["line"]) - 1 :]
        if lines and (not code or lines[0].strip() == code[0].strip()):
            code = lines
    code = _statement(code[:_MAX_LINES])
    shared = len(code[0]) - len(code[0].lstrip()) if code else 0
    quoted = [f"    {line[shared:].rstrip()}" for line in code if line.strip() not in ("", _NO_SOURCE)]
    in_user_code = bool(cell) or (file is not None and not _LIBRARY.search(file["path"]))
    return _Frame("\n".join([header, *quoted]), in_user_code)


def _repeated(item: str, before: list[_Frame]) -> list[_Frame]:
    """Return the frames of a recursion that IPython has folded, which depends on its version.

    The ones that recur are the last of those ``before``.
    """
    times = [int(count) for count in _TIMES.findall(item)] if _SIMILAR.fullmatch(item) else []
    if not times or len(before) + sum(times) > _MAX_UNFOLDED:
        return []
    recurring = before[-len(times) :]
    return list(islice(cycle(recurring), sum(times)))


def _statement(lines: list[str]) -> list[str]:
    """Return the lines up to the one that closes all brackets."""
    depth = 0
    for index, line in enumerate(lines):
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        if depth <= 0:
            return lines[: index + 1]
    return lines


def _merge_chain(chain: list[_ChainedError]) -> list[_ChainedError]:
    """Join an exception with the one raised next, if a library only raised it again with the same message."""
    merged: list[_ChainedError] = []
    for error in chain:
        previous = merged[-1] if merged else None
        if (
            previous
            and previous.message == error.message
            and not any(frame.in_user_code for frame in previous.frames)
        ):
            merged[-1] = _ChainedError(previous.link, error.frames + previous.frames, error.message)
        else:
            merged.append(error)
    return merged


def _describe(chain: list[_ChainedError]) -> Iterator[str]:
    any_in_user_code = any(frame.in_user_code for error in chain for frame in error.frames)
    for error in chain:
        if error.link:
            yield error.link
        lines: list[str] = []
        for frame, same in groupby(error.frames, key=lambda frame: frame if frame.in_user_code else None):
            count = len(list(same))
            if frame is None:
                lines.append(_library(count))
            else:
                lines.append(frame.text + (f"\n… the same {count - 1} more times …" if count > 1 else ""))
        if len(lines) > _MAX_FRAMES:
            half = _MAX_FRAMES // 2
            lines[half:-half] = [f"… {len(lines) - 2 * half} more like these …"]
        if error is chain[-1] and error.frames and not any_in_user_code:
            rest = [_library(len(error.frames) - 1)] if len(error.frames) > 1 else []
            lines = [*rest, error.frames[-1].text]
        yield from lines
        yield from error.message


def _library(count: int) -> str:
    return f"… {count} library frame{'' if count == 1 else 's'} …"
