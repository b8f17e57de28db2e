"""Text from outside, made valid Unicode.

Python marks what it cannot decode with single halves of surrogate pairs, and JSON may hold such halves, too.
No file, request or terminal takes them, so every text from outside passes through here where it comes in: a
task, a file's name, a notebook, a kernel's output, a reply.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

T = TypeVar("T")

DEEPEST = 100
"""Levels of a JSON value that are kept: readers and writers of JSON give up at some 200."""
TOO_DEEP = "[… nested too deep to be kept …]"

_HALF = re.compile(r"[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def valid_text(text: str) -> str:
    """Return a text that can be encoded; a text that can be already is returned as it is.

    Two halves that belong together become their character. A byte that was not UTF-8 (Python decodes byte E9
    of a file name to U+DCE9) becomes what it is in Windows-1252, which extends Latin-1. Any other half
    becomes U+FFFD.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return _HALF.sub(_character, joined)
    return text


def valid(value: T, levels: int = DEEPEST) -> T:
    """Return a JSON value in which every text is valid, keys included, with at most so many levels."""
    changed: Any = value
    if isinstance(value, str):
        changed = valid_text(value)
    elif isinstance(value, dict | list) and value and not levels:
        changed = TOO_DEEP
    elif isinstance(value, dict):
        changed = type(value)({valid(key): valid(item, levels - 1) for key, item in value.items()})
    elif isinstance(value, list):
        changed = [valid(item, levels - 1) for item in value]
    result: T = changed
    return result


def _character(half: re.Match[str]) -> str:
    byte = ord(half[0]) - 0xDC00
    return bytes([byte]).decode("cp1252", "replace") if 0x80 <= byte <= 0xFF else _REPLACEMENT
