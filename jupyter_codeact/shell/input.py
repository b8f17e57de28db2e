"""Tasks in cells, kept from IPython's own syntax: a line that ends with ``?`` is one for help there."""

from __future__ import annotations

import re
from typing import Any

_TASK = re.compile(r"(?P<before>(?:%time[ \t]+|[^%\n]*=[ \t]*)?)%codeact[ \t]+(?P<line>\S.*)", re.DOTALL)
_SHOWN = re.compile(
    r"(?P<name>[A-Za-z_]\w*)[ \t]*=.*?(?<![ \t])(?P<end>[ \t]*;[ \t]*(?P=name)[ \t]*)", re.DOTALL
)
"""An assignment whose name stands alone at the end of the line: its value is to be shown."""
_CONTINUED = re.compile(r"\\\n")
_WITHOUT_PERCENT = re.compile(r"[ \t]*codeact[ \t]+(?P<line>[\w\"'{#-].*\?)\s*")


class QuestionMarks:
    """An input transformer of IPython's, which takes and returns the lines of a cell.

    It rewrites magics such as ``%codeact How many?`` and ``n = %codeact --quiet How many?; n``. Lines of a
    string, or of another magic's cell, stay as they are.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell, which may let users leave out the ``%``.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """Return the lines, those with such tasks as Python."""
        text = "".join(lines)
        if "codeact" not in text or not ("?" in text or ";" in text):
            return lines
        from ..agent.source import magics_and_strings

        if self._may_lack_percent(lines) and (found := _WITHOUT_PERCENT.fullmatch(text)):
            return [f"{_call(found['line'])}\n"]
        parts, end = list[str](), 0
        for span in magics_and_strings(text):
            magic = text[span.start : span.end].rstrip()
            found = _TASK.fullmatch(magic) if span.is_magic else None
            if found is None:
                continue
            shown = _SHOWN.fullmatch(magic)
            line = found["line"].removesuffix(shown["end"]) if shown else found["line"]
            if line.endswith("?") or shown:
                parts += [text[end : span.start], found["before"], _call(line), shown["end"] if shown else ""]
                end = span.start + len(magic)
        return "".join([*parts, text[end:]]).splitlines(keepends=True) if parts else lines

    def _may_lack_percent(self, lines: list[str]) -> bool:
        return len(lines) == 1 and bool(self._shell.automagic) and "codeact" not in self._shell.user_ns


def _call(line: str) -> str:
    return f"get_ipython().run_line_magic('codeact', {_CONTINUED.sub('', line)!r})"
