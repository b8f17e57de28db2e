"""Which kind of task a text asks for, by its words: conversations from elsewhere do not tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from .drawing import Split, all_kinds, split_of

LEAST = 6
"""Words that a wording needs besides its fields, to be told from what anybody may ask."""
_GAP = 400
"""Most characters that a field is filled with."""
_WORDS = re.compile(r"\w+")
_FIELD = re.compile(r"\w*\{[^{}]*\}\w*")


def words_of(text: str) -> str:
    """Return a text's words between single blanks, without punctuation and case."""
    return f" {' '.join(_WORDS.findall(text.lower()))} "


def kind_in(words: str) -> str | None:
    """Return the name of the kind, one of whose requests is among the `words_of` a text."""
    return next((name for name, parts in _wordings() if _has(words, parts)), None)


def split_now(kind: object, seed: object, words: str) -> Split | None:
    """Return the split that a task is of by today's kinds, which an earlier release may not have had.

    Of one that tells no kind of these, the `words_of` what the user says tell whether the kind is held out.
    """
    found = kind if any(kind == one.name for one in all_kinds()) else kind_in(words)
    if found is None:
        return None
    name = str(found)
    if split_of(name, 0) == "held-out-kinds":
        return "held-out-kinds"
    return split_of(name, seed) if name == kind and isinstance(seed, int) else None


@cache
def _wordings() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return each wording as the words between its fields, with the name of its kind."""
    found = []
    for kind in all_kinds():
        for wording in (wording for of_step in kind.wordings for wording in of_step):
            between = _FIELD.split(wording.replace("{{", " ").replace("}}", " "))
            parts = tuple(part for part in map(words_of, between) if part.strip())
            if sum(len(part.split()) for part in parts) >= LEAST:
                found.append((kind.name, parts))
    return tuple(found)


def _has(words: str, parts: Sequence[str]) -> bool:
    """Tell whether the parts are among the words, one after the other and close together."""
    if not all(part in words for part in parts):
        return False
    start = words.find(parts[0])
    while start >= 0:
        end = start + len(parts[0]) - 1  # two parts may share the blank between them
        for part in parts[1:]:
            at = words.find(part, end, end + _GAP + len(part))
            if at < 0:
                break
            end = at + len(part) - 1
        else:
            return True
        start = words.find(parts[0], start + 1)
    return False
