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
_WIDEST = 10_000


def strip_terminal_codes(text: str) -> str:
    """Return the text that stays on the screen: without colors and without overwritten characters.

    Progress bars move the cursor back and print again; only their last state is left.
    """
    text = text.replace("\r\n", "\n")
    if not _ANY_CONTROL.search(text):
        return text
    if not _MOVES.search(text):
        return _CONTROL.sub(lambda control: "\n" if control["move"] else "", text)
    lines, row, column, end = [""], 0, 0, 0
    for control in [*_CONTROL.finditer(text), None]:
        if run := text[end : control.start() if control else len(text)]:
            line = lines[row].ljust(column)
            lines[row] = line[:column] + run + line[column + len(run) :]
            column += len(run)
        if control is None:
            break
        end = control.end()
        count = min(int(control["numbers"]), _WIDEST) if (control["numbers"] or "").isdigit() else 0
        match control["move"] or control["command"]:
            case "\n":
                row, column = row + 1, 0
                lines += [""] * (row == len(lines))
            case "\r":
                column = 0
            case "\b":
                column = max(0, column - 1)
            case "A" | "F" as up:
                row, column = max(0, row - max(1, count)), 0 if up == "F" else column
            case "B" | "E" as down:
                row, column = min(len(lines) - 1, row + max(1, count)), 0 if down == "E" else column
            case "C":
                column += max(1, count)
            case "D":
                column = max(0, column - max(1, count))
            case "G":
                column = max(0, count - 1)
            case "K":
                before, after = lines[row][:column], lines[row][column:]
                lines[row] = ("" if count else before) + (" " * len(before) + after if count == 1 else "")
    return "\n".join(lines)
