"""Where a completion ends: with the line or block of the cursor, and before what is there already."""

from __future__ import annotations

import io
import re
import tokenize

MOST_LINES = 12
_FENCE = re.compile(r"\s*```[^\n]*\n?")
_MARKS = re.compile(r"<\|[a-z_]+\|>|<(?:fim_\w+|file_sep|EOT|PRE|SUF|MID)>")
"""Tokens that are no code, from a server that sends them as text."""


class Ending:
    """Decides how much of what a model writes is taken, at a cursor in a cell.

    Parameters
    ----------
    before, after
        The cell before and after the cursor.
    """

    def __init__(self, before: str, after: str) -> None:
        self._before = before
        self._line = before.rpartition("\n")[2]
        self._is_last = not after.strip()
        self._rest, _, below = after.partition("\n")
        self._next = next((line.strip() for line in below.split("\n") if line.strip()), "")
        self._indent = _indent(self._line)
        # what follows a comment is what it announces
        self._is_free = not self._line.strip() or self._line.lstrip().startswith("#")

    def is_whole(self, text: str) -> bool:
        """Tell whether nothing that follows would be taken."""
        return self._end(self._plain(text)) is not None

    def cut(self, text: str, *, is_complete: bool) -> str:
        """Return what is taken of a text; ``is_complete`` says that the model was at its end with it."""
        text = self._plain(text)
        end = self._end(text)
        if end is None:
            end = len(text) if is_complete else max(text.rfind("\n"), 0)
        taken = text[:end].rstrip()
        if self._rest.strip():
            taken = _without_overlap(self._line, taken, self._rest.rstrip())
        while self._is_last and taken and _is_open(self._before + taken):
            taken = taken[: max(taken.rfind("\n"), 0)].rstrip()
        return taken if taken.strip() else ""

    def _plain(self, text: str) -> str:
        """Return code without a fence, and without the beginning of the line, which is there already."""
        text = text.replace("\r\n", "\n")
        if fence := _FENCE.match(text):
            text = text[fence.end() :]
        written = self._line.strip()
        if not written:
            return text.lstrip(" \t" if self._line else "\n")
        if len(written) > 2 and text.lstrip().startswith(written):
            text = text.lstrip()[len(written) :]
        return text.lstrip(" \t") if self._line[-1].isspace() else text

    def _end(self, text: str) -> int | None:
        """Return where the text ends for us; ``None`` as long as more may belong to it."""
        mark = _MARKS.search(text)
        lines, at = text[: mark.start() if mark else None].split("\n"), 0
        for number, line in enumerate(lines):
            is_partial = number == len(lines) - 1 and mark is None
            start, at = max(at - 1, 0), at + len(line) + 1
            if self._ends_before(line, text[:start], is_partial=is_partial, is_first=number == 0):
                return start
            if not is_partial and (self._rest.strip() or number + 1 >= MOST_LINES):
                return at - 1
        return mark.start() if mark else None

    def _ends_before(self, line: str, earlier: str, *, is_partial: bool, is_first: bool) -> bool:
        """Tell whether a line of the model's is no more of what the user is about to write."""
        stripped = line.strip()
        if stripped.startswith("```"):
            return True
        if stripped and stripped == self._next and not is_partial:
            return self._is_free or not is_first
        if is_first:
            return False
        if (not stripped and is_partial) or _is_open(self._before + earlier):
            return False
        if not stripped:
            return True
        if self._is_free:
            return _indent(line) < self._indent
        opened = (self._line + earlier.partition("\n")[0]).split("#")[0].rstrip()
        return _indent(line) <= self._indent or not (opened.endswith(":") or "\n" in earlier)


def _without_overlap(line: str, text: str, rest: str) -> str:
    """Return a text without an end that the rest of the line repeats; a bracket may be another one."""
    for length in range(min(len(text), len(rest)), 0, -1):
        cut, repeated = text[: len(text) - length], rest[:length]
        if not text.endswith(repeated):
            continue
        is_bracket = length < 3 and any(character in "()[]{}" for character in repeated)
        if not is_bracket or _balance(line + cut + rest) < _balance(line + text + rest):
            return cut
    return text


def _balance(text: str) -> int:
    return abs(sum(text.count(opening) - text.count(closing) for opening, closing in ("()", "[]", "{}")))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _is_open(code: str) -> bool:
    """Tell whether a statement goes on in the next line: in brackets, or in a string of several lines."""
    if code.endswith("\\"):
        return True
    try:
        for _token in tokenize.generate_tokens(io.StringIO(code).readline):
            pass
    except tokenize.TokenError as error:
        said = str(error.args[0])
        return "multi-line" in said or "triple-quoted" in said
    except SyntaxError:
        return False
    return False
