"""Finds the existing name nearest to a missing one: a variable, a column, a key, an address.

Python itself suggests names for some errors, but models mostly guess wrong with keys, with columns of
tables, and with addresses that they pass to functions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..context.marks import NAME
from ..context.opening import mentioned_variables
from ..contracts import Execution, Variable
from ..events import Event
from ..observations.observe import brief
from ..source import has_magics, source_lines, syntax_tree
from .grounding import shown_text

MISSING_NAME = {
    "NameError": r"name '(\w+)' is not defined",
    "KeyError": r"(?<!dtype=)'(?:[\w ]+ not found: )?([^']+)'|^([^'\"]+)$",
    "AttributeError": r"has no attribute '(\w+)'",
    "ColumnNotFoundError": r"\"([^\"]+)\"",
}
"""For each error, the pattern that finds the missing name in its message."""
MIN_LIKENESS = 0.7
"""Smallest similarity of two names, from 0 to 1 as `difflib` measures it, to suggest one for the other."""
MIN_PART = 4
"""Fewest letters of a part that may stand for a whole name."""
MAX_OUTPUT = 300
"""Longest output, in characters, that may mean "not found"; a longer one is taken for a result."""

_NOT_FOUND = re.compile(
    r"\b(?:not (?:found|exist|available|valid|known)|no such|(?:does|do)n't exist|invalid|unknown)\b",
    re.IGNORECASE,
)
_QUOTED_OR_PATH = re.compile(
    r"\"([^\"\n]{1,300})\"|(?<!\w)'([^'\n]{1,300})'(?!\w)"
    r"|(?<![\w~.:/@-])([\w~.:/@-]{0,200}[/@.][\w~.:/@-]{0,200}\w)"
)


def suggest_names(error: Mapping[str, Any], variables: Sequence[Variable], source: str) -> dict[str, str]:
    """Return the missing names in an error, each with the nearest existing name.

    Parameters
    ----------
    error
        An output of type ``error``, in nbformat's form.
    variables
        The variables in the kernel.
    source
        The failed cell. Missing columns and keys are searched in the variables that it mentions.
    """
    pattern = MISSING_NAME.get(error["ename"])
    if pattern is None:
        return {}
    if error["ename"] == "NameError":
        existing = [variable.name for variable in variables]
    else:
        existing = [name for variable in mentioned_variables(variables, source) for name in variable.names]
    by_plain_name = {_plain(name): name for name in reversed(existing)}
    found = {}
    for groups in re.finditer(pattern, error["evalue"][:1000]):
        missing = next(group for group in groups.groups() if group)
        match = _nearest(_plain(missing), list(by_plain_name))
        if match and missing not in existing:
            found[missing] = by_plain_name[match]
    return found


def suggest_lookups(source: str, execution: Execution, events: Sequence[Event]) -> dict[str, str]:
    """Return the strings that a cell looked up in vain, each with the nearest string that was shown.

    Models expand an address or file name that they read into one that does not exist. Functions often report
    that in the value that they return, without an error.

    Parameters
    ----------
    source : str
        The cell, whose calls have the strings as arguments.
    execution : Execution
        Its result. Nothing is returned unless its output is short and says that something was not found.
    events : sequence of Event
        The events before. Candidates are quoted strings, addresses and paths that the model was shown.
    """
    tree = syntax_tree(source)
    output = brief(execution.outputs, 2 * MAX_OUTPUT)
    if tree is None or len(output) > MAX_OUTPUT or not _NOT_FOUND.search(output):
        return {}
    shown = shown_text(events)
    existing = [next(filter(None, groups)) for groups in _QUOTED_OR_PATH.findall(shown)]
    existing = [name for name in existing if len(name) <= NAME]
    by_plain_name = {_plain(name): name for name in reversed(existing) if len(_plain(name)) >= MIN_PART}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    values = [
        value for call in calls for value in [*call.args, *(keyword.value for keyword in call.keywords)]
    ]
    found = {}
    for value in values:
        missing = value.value if isinstance(value, ast.Constant) else None
        if isinstance(missing, str) and missing not in shown:
            plain = _plain(missing)
            ends = [name for name in by_plain_name if plain.endswith(name)]
            if match := max(ends, key=len) if ends else _nearest(plain, list(by_plain_name)):
                found[missing] = by_plain_name[match]
    return found


def replace_names(source: str, error: str, replacements: Mapping[str, str]) -> str:
    """Return a cell with the missing names replaced by existing ones.

    After a `NameError` variables are replaced, after another ``error`` whole strings. A cell that cannot be
    parsed, or has magics, is returned unchanged.
    """
    tree = syntax_tree(source)
    if tree is None or has_magics(source):
        return source
    kind: type[ast.expr] = ast.Name
    new_texts = dict(replacements)
    if error != "NameError":
        kind = ast.Constant
        new_texts = {
            f"{quote}{missing}{quote}": f"{quote}{existing}{quote}"
            for missing, existing in replacements.items()
            for quote in "'\""
            if not set(existing) & set("\\'\"\n")
        }
    lines = [line.encode() for line in source_lines(source)]
    nodes = [node for node in ast.walk(tree) if isinstance(node, kind)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line, start, end = lines[node.lineno - 1], node.col_offset, node.end_col_offset
        # compare the source itself: Python's positions inside f-strings are not always right
        if new := new_texts.get(line[start:end].decode(errors="replace")):
            lines[node.lineno - 1] = line[:start] + new.encode() + line[end:]
    return b"\n".join(lines).decode()


def _nearest(missing: str, existing: Sequence[str]) -> str | None:
    """Return the name most similar to the missing one, or the only name that contains it."""
    containing = [name for name in existing if missing in name] if len(missing) >= MIN_PART else []
    if len(containing) == 1:
        return containing[0]
    return next(iter(get_close_matches(missing, existing, n=1, cutoff=MIN_LIKENESS)), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
