"""What an error about a name that is not there probably meant: the nearest name that is.

Python does this itself for some errors; libraries' keys and columns are the ones that models guess wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from .context import mentioned
from .contracts import Variable

MISSING = {
    "NameError": r"name '(\w+)' is not defined",
    "KeyError": r"(?<!dtype=)'(?:[\w ]+ not found: )?([^']+)'|^([^'\"]+)$",
    "AttributeError": r"has no attribute '(\w+)'",
    "ColumnNotFoundError": r"\"([^\"]+)\"",
}
"""By error, where its message names what was missing."""
LIKENESS = 0.7
"""Of two names, from 0 to 1 as `difflib` measures it, from which on one may be meant by the other."""
PART = 4
"""Letters that a part of a name must have to stand for it."""


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


def _nearest(missing: str, there: Sequence[str]) -> str | None:
    """Return the name that is most like the missing one, or the only one that has it as a part."""
    wider = [name for name in there if missing in name] if len(missing) >= PART else []
    if len(wider) == 1:
        return wider[0]
    return next(iter(get_close_matches(missing, there, n=1, cutoff=LIKENESS)), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
