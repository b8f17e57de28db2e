"""Finds what a text cell makes the page do when it is shown."""

from __future__ import annotations

import re

from . import dangers as d

_ADDRESS = r"(?:https?:|ftp:)?//[^\s\"'<>)\]]{1,500}"
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_CODE = re.compile(r"(?<!`)`(?!`)[^`\n]{1,1000}`(?!`)")
_HTML_LINE = re.compile(r"^ {0,3}<[a-z!?/]", re.MULTILINE | re.IGNORECASE)
_IMAGE = re.compile(rf"!\[[^\]\n]{{0,300}}\]\(\s{{0,9}}<?\s{{0,9}}(?P<address>{_ADDRESS})")
_REFERENCE = re.compile(r"!\[(?P<text>[^\]\n]{0,300})\](?:\[(?P<name>[^\]\n]{0,300})\])?(?!\()")
_DEFINITION = re.compile(
    rf"^ {{0,3}}\[(?P<name>[^\]\n]{{1,300}})\]:\s{{0,9}}<?(?P<address>{_ADDRESS})", re.MULTILINE
)
_SOURCE = re.compile(
    r"\b(?:src|srcset|poster|data|background|xlink:href|action|formaction|manifest)"
    rf"\s{{0,9}}=\s{{0,9}}[\"']?\s{{0,9}}(?P<address>{_ADDRESS})",
    re.IGNORECASE,
)
_LINKED = re.compile(
    r"<(?:link|image|use|base|feimage|script)\b[^>]{0,300}?\bhref"
    rf"\s{{0,9}}=\s{{0,9}}[\"']?\s{{0,9}}(?P<address>{_ADDRESS})",
    re.IGNORECASE,
)
_STYLE = re.compile(rf"(?:url\(|@import)\s{{0,9}}[\"']?\s{{0,9}}(?P<address>{_ADDRESS})", re.IGNORECASE)
_LONGEST = 200_000


def risks_of_markup(text: str) -> list[tuple[str, str]]:
    """Return what Markdown or HTML makes the page do by itself: scripts, and addresses that it fetches.

    A link does nothing until somebody clicks on it.
    """
    if len(text) > _LONGEST:
        return [(d.TOO_COMPLEX, f"{len(text):,} characters")]
    plain = _CODE.sub(" ", _without_fences(text))
    risks = [(d.PAGE, "")] if d.SCRIPTS.search(plain) else []
    names = {found["name"].lower(): found["address"] for found in _DEFINITION.finditer(plain)}
    addresses = [
        found["address"]
        for pattern in (_IMAGE, _SOURCE, _LINKED, _STYLE)
        for found in pattern.finditer(plain)
    ]
    for found in _REFERENCE.finditer(plain) if names else ():
        name = (found["name"] or found["text"]).lower()
        addresses += [names[name]] if name in names else []
    return [*risks, *((d.FETCHES, address) for address in list(dict.fromkeys(addresses))[:5])]


def _without_fences(text: str) -> str:
    """Return Markdown without blocks of code; all of it if HTML stands in it, which knows no fences."""
    if _HTML_LINE.search(text):
        return text
    lines: list[str] = []
    closing = ""
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if closing:
            is_end = fence is not None and fence[1].startswith(closing) and not line[fence.end() :].strip()
            closing = "" if is_end else closing
        elif fence is not None:
            closing = fence[1]
        else:
            lines.append(line)
    return "\n".join(lines)
