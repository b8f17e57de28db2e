"""Printed text as a terminal would show it, without control codes."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    r"""
      (?:\x1b\[|\x9b) (?P<numbers>[0-9;:<=>?]*) [ -/]* (?P<command>[@-~])
    | \x1b[\]PX^_] [^\x07\x1b\x9c]* (?:\x07|\x1b\\|\x9c)?     # titles, links and the like
    | \x1b [ -/]* [0-~]?
    | (?P<move>[\r\n\b])
    | [\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]
    """,
    re.VERBOSE,
)
_ANY_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MOVES = re.compile(r"[\r\b]|(?:\x1b\[|\x9b)[0-9;]*[A-GK]")
_WIDEST = 500
"""How far the cursor moves beyond the end of a line at most."""
LONGEST = 200_000
"""Characters of printed text that are read; of a longer one, the beginning and the end."""


def strip_terminal_codes(text: str) -> str:
    """Return the text that stays on the screen: without colors and without overwritten characters.

    Progress bars move the cursor back and print again; only their last state is left.
    """
    text = shortened(text).replace("\r\n", "\n")
    if not _ANY_CONTROL.search(text):
        return text
    if not _MOVES.search(text):
        return _CONTROL.sub(lambda control: "\n" if control["move"] else "", text)
    screen = _Screen()
    end = 0
    for control in _CONTROL.finditer(text):
        screen.print(text[end : control.start()])
        screen.move(control["move"] or control["command"] or "", control["numbers"] or "")
        end = control.end()
    screen.print(text[end:])
    return str(screen)


class _Screen:
    """The lines of a terminal, and its cursor."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._blank = [0]  # how many characters at the beginning of each line are erased already
        self._row = self._column = 0

    def print(self, text: str) -> None:
        """Write text from the cursor on, over what is there."""
        if text:
            line = self._lines[self._row]
            line += [" "] * (self._column - len(line))
            line[self._column : self._column + len(text)] = text
            self._blank[self._row] = min(self._blank[self._row], self._column)
            self._column += len(text)

    def move(self, command: str, numbers: str) -> None:
        """Move the cursor, or erase a part of its line."""
        count = min(int(numbers[:9]), LONGEST) if numbers.isdecimal() and numbers.isascii() else 0
        line = self._lines[self._row]
        match command:
            case "\n":
                self._row, self._column = self._row + 1, 0
                if self._row == len(self._lines):
                    self._lines.append([])
                    self._blank.append(0)
            case "\r":
                self._column = 0
            case "\b":
                self._column = max(0, self._column - 1)
            case "A" | "F":
                self._row = max(0, self._row - max(1, count))
                self._column = 0 if command == "F" else self._column
            case "B" | "E":
                self._row = min(len(self._lines) - 1, self._row + max(1, count))
                self._column = 0 if command == "E" else self._column
            case "C":
                self._column = min(self._column + max(1, count), max(len(line), _WIDEST))
            case "D":
                self._column = max(0, self._column - max(1, count))
            case "G":
                self._column = min(max(0, count - 1), max(len(line), _WIDEST))
            case "K":
                if count != 1:
                    del line[0 if count else self._column :]
                    self._blank[self._row] = min(self._blank[self._row], len(line))
                elif (start := self._blank[self._row]) < (end := min(self._column, len(line))):
                    line[start:end] = [" "] * (end - start)
                    self._blank[self._row] = end

    def __str__(self) -> str:
        return "\n".join(map("".join, self._lines))


def shortened(text: str) -> str:
    """Return the two ends of a text that is too long to be read, and between them how much is left out."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    left_out = len(text) - LONGEST
    return f"{text[:half]}\n[… {left_out:,} characters left out …]\n{text[-half:]}"
