"""The nearest existing name to one that is missing: a variable, a column, a key, an address.

Python suggests names itself for some errors. Models guess wrong mostly with keys and columns of libraries,
and with addresses that functions take.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..context.opening import mentioned
from ..contracts import Execution, Variable
from ..events import Event
from ..observations.observe import brief
from ..source import pieces, syntax_tree
from .grounding import shown_to

MISSING = {
    "NameError": r"name '(\w+)' is not defined",
    "KeyError": r"(?<!dtype=)'(?:[\w ]+ not found: )?([^']+)'|^([^'\"]+)$",
    "AttributeError": r"has no attribute '(\w+)'",
    "ColumnNotFoundError": r"\"([^\"]+)\"",
}
"""By error, where its message names what was missing."""
LIKENESS = 0.7
"""Of two names, from 0 to 1 as `difflib` measures it, above which one is taken for the other."""
PART = 4
"""Letters that a part of a name must have to stand for it."""
BRIEF = 300
"""Characters of the longest output that may say that something was not found, and not be what was."""

_NOT_THERE = re.compile(
    r"\b(?:not (?:found|exist|available|valid|known)|no such|(?:does|do)n't exist|invalid|unknown)\b",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    r"\"([^\"\n]+)\"|(?<!\w)'([^'\n]+)'(?!\w)|(?<![\w~.:/@-])([\w~.:/@-]*[/@.][\w~.:/@-]*\w)"
)


def suggest(error: Mapping[str, Any], variables: Sequence[Variable], source: str) -> dict[str, str]:
    """Return the names that an error misses, each with the nearest of those that are there.

    Parameters
    ----------
    error
        An output of type ``error``, as in nbformat.
    variables
        What is defined in the kernel.
    source
        The failed cell. A missing column or key is looked for in the variables that it mentions.
    """
    pattern = MISSING.get(error["ename"])
    if pattern is None:
        return {}
    if error["ename"] == "NameError":
        there = [variable.name for variable in variables]
    else:
        there = [name for variable in mentioned(variables, source) for name in variable.names]
    plain = {_plain(name): name for name in reversed(there)}
    found = {}
    for groups in re.finditer(pattern, error["evalue"][:1000]):
        missing = next(group for group in groups.groups() if group)
        near = _nearest(_plain(missing), list(plain))
        if near and missing not in there:
            found[missing] = plain[near]
    return found


def suggest_lookups(source: str, execution: Execution, events: Sequence[Event]) -> dict[str, str]:
    """Return what a cell looked up in vain, each with the nearest thing that the model was shown.

    Models complete the address or file that they read to one that does not exist. A function that is given
    such a thing often says so in what it returns, and raises no error.

    Parameters
    ----------
    source : str
        The cell. Strings are looked at that it gives to functions.
    execution : Execution
        What it showed: nothing is returned unless this is brief, and says that something is not there.
    events : sequence of Event
        What happened before. What is meant is quoted in what was shown, or is an address or a path there.
    """
    tree = syntax_tree(source)
    showed = brief(execution.outputs, 2 * BRIEF)
    if tree is None or len(showed) > BRIEF or not _NOT_THERE.search(showed):
        return {}
    shown = shown_to(events)
    there = [next(filter(None, groups)) for groups in _SPELLED.findall(shown)]
    plain = {_plain(name): name for name in reversed(there) if len(_plain(name)) >= PART}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    values = [value for call in calls for value in [*call.args, *(one.value for one in call.keywords)]]
    found = {}
    for value in values:
        missing = value.value if isinstance(value, ast.Constant) else None
        if isinstance(missing, str) and missing not in shown:
            whole = _plain(missing)
            ends = [name for name in plain if whole.endswith(name)]
            if near := max(ends, key=len) if ends else _nearest(whole, list(plain)):
                found[missing] = plain[near]
    return found


def renamed(source: str, error: str, meant: Mapping[str, str]) -> str:
    """Return a cell with what an error of this name misses replaced by what is meant.

    Names are replaced after a `NameError`, whole strings after another. A cell that cannot be parsed, or has
    magics in it, is returned as it is.
    """
    tree = syntax_tree(source)
    if tree is None or any(piece.stand_in is not None for piece in pieces(source)):
        return source
    kind: type[ast.expr] = ast.Name
    spelled = dict(meant)
    if error != "NameError":
        kind = ast.Constant
        spelled = {
            f"{quote}{missing}{quote}": f"{quote}{there}{quote}"
            for missing, there in meant.items()
            for quote in "'\""
            if not set(there) & set("\\'\"\n")
        }
    lines = [line.encode() for line in source.split("\n")]
    nodes = [node for node in ast.walk(tree) if isinstance(node, kind)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line, start, end = lines[node.lineno - 1], node.col_offset, node.end_col_offset
        # compared as written, for Python's places within formatted strings are not always right
        if new := spelled.get(line[start:end].decode(errors="replace")):
            lines[node.lineno - 1] = line[:start] + new.encode() + line[end:]
    return b"\n".join(lines).decode()


def _nearest(missing: str, there: Sequence[str]) -> str | None:
    """Return the name that is most like the missing one, or the only one that has it as a part."""
    wider = [name for name in there if missing in name] if len(missing) >= PART else []
    if len(wider) == 1:
        return wider[0]
    return next(iter(get_close_matches(missing, there, n=1, cutoff=LIKENESS)), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
