"""Masks secrets and paths in what becomes training data.

What a user's journal holds may leave the machine with a model that was trained on it. So more is masked here
than in an observation: what a conversation itself calls a secret, what has the form of a well-known kind of
key, e-mail addresses, and the user's home folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..agent.told_secrets import Mask, mask_told

HOME = "/home/user"
"""Stands for the user's home folder."""
_EMAIL = re.compile(r"\b[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_HOMES = re.compile(
    r"(?:/home|/Users|[A-Za-z]:\\{1,2}Users)(?P<slash>/|\\{1,2})(?!user\b)[^/\\\s'\"<>:]{1,64}"
)


def mask_paths(paths: Mapping[str, str] | None = None) -> Mask:
    """Return a function that replaces paths, and the user's home folder, by others."""
    known = {**(paths or {}), str(Path.home()): HOME}
    known = {path: other for path, other in known.items() if len(path) > 1 and path != other}
    pattern = re.compile(
        "|".join(f"{re.escape(path)}(?![\\w-])" for path in sorted(known, key=len, reverse=True))
    )
    return lambda text: pattern.sub(lambda found: known[found[0]], text) if known else text


def mask_private(texts: Iterable[str]) -> Mask:
    """Return a function that masks what is private in a conversation, which consists of these texts."""
    secrets, paths = mask_told(texts), mask_paths()

    def mask(text: str) -> str:
        text = _EMAIL.sub("[address hidden]", secrets(text))
        return _HOMES.sub(lambda found: HOME if found["slash"] == "/" else "C:\\Users\\user", paths(text))

    return mask
