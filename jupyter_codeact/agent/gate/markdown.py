"""Finds what a text cell makes the page do when it is shown."""

from __future__ import annotations

import re

from . import dangers as d
from .writers import ADDRESS

_ADDRESS = r"(?:https?:|ftp:)?//[^\s\"'<>)\]]+"
_CODE = re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^(?P=fence)|\Z)|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_IMAGE = re.compile(rf"!\[[^\]\n]*\]\(\s*<?\s*(?P<address>{_ADDRESS})")
_REFERENCE = re.compile(rf"!\[(?P<text>[^\]\n]*)\](?:\[(?P<name>[^\]\n]*)\])?(?!\()")
_DEFINITION = re.compile(rf"^ {{0,3}}\[(?P<name>[^\]\n]+)\]:\s*<?(?P<address>{_ADDRESS})", re.MULTILINE)
_SOURCE = re.compile(
    rf"<(?!a\b)[a-z][\w-]*\b[^>]*?\b(?:src|srcset|poster|data|background|href|xlink:href|action|formaction|manifest)"
    rf"\s*=\s*[\"']?\s*(?P<address>{_ADDRESS})",
    re.IGNORECASE | re.DOTALL,
)
_STYLE = re.compile(rf"(?:url\(|@import)\s*[\"']?\s*(?P<address>{_ADDRESS})", re.IGNORECASE)
_LATEX = re.compile(rf"\\(?:includegraphics|href|url)\s*(?:\[[^\]]*\])?\{{(?P<address>{_ADDRESS})", re.IGNORECASE)
_LONGEST = 200_000


def risks_of_markup(text: str) -> list[tuple[str, str]]:
    """Return what Markdown or HTML makes the page do by itself: scripts, and addresses that it fetches.

    A link does nothing until somebody clicks on it.
    """
    if len(text) > _LONGEST:
        return [(d.TOO_COMPLEX, f"{len(text):,} characters")]
    plain = _CODE.sub(" ", text)
    risks = [(d.PAGE, "")] if d.SCRIPTS.search(plain) else []
    names = {found["name"].lower(): found["address"] for found in _DEFINITION.finditer(plain)}
    addresses = [
        found["address"] for pattern in (_IMAGE, _SOURCE, _STYLE) for found in pattern.finditer(plain)
    ]
    for found in _REFERENCE.finditer(plain) if names else ():
        name = (found["name"] or found["text"]).lower()
        addresses += [names[name]] if name in names else []
    return [*risks, *((d.FETCHES, address) for address in dict.fromkeys(addresses))]


__all__ = ["ADDRESS", "risks_of_markup"]
