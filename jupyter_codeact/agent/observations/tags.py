"""HTML and SVG taken apart, in one pass, however broken they are.

Python's own parser searches the rest of a document again at every bracket that nothing closes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from types import MappingProxyType
from typing import Literal, NamedTuple

_PLAIN = re.compile(r"<(/?[A-Za-z][^\s/<>\"']*)>")
_STOP = re.compile(r"[<>\"']")
_NAMED = re.compile(r"<(/?[A-Za-z][^\s/<>\"']*)")
_ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
_RAW = ("script", "style")
_QUOTED = 200
"""Most quoted values of one tag."""


class Piece(NamedTuple):
    """A tag, a comment, or the text between two of them.

    ``text`` is the name of a tag, in lower case, or the text, its entities read.
    """

    kind: Literal["start", "end", "text", "comment"]
    text: str
    attributes: Mapping[str, str] = MappingProxyType({})


def pieces(markup: str) -> Iterator[Piece]:
    """Take markup apart. A bracket that begins nothing is text, as browsers have it."""
    position = text = 0
    while (start := markup.find("<", position)) >= 0:
        plain = _PLAIN.match(markup, start)
        end = plain.end() if plain else _end_of_tag(markup, start)
        if end is None:
            position = start + 1
            continue
        if text < start:
            yield Piece("text", unescape(markup[text:start]))
        position = text = end
        name = plain or _NAMED.match(markup, start, end)
        if name is None:
            if markup.startswith("<!--", start):
                yield Piece("comment", markup[start + 4 : end].removesuffix("-->"))
            continue
        word = name[1].lower()
        if word[0] == "/":
            yield Piece("end", word[1:])
            continue
        if plain:
            yield Piece("start", word)
        else:
            found = _ATTRIBUTE.findall(markup, name.end(), end)
            yield Piece("start", word, {key.lower(): unescape(a or b or c) for key, a, b, c in found})
        if word in _RAW:  # with a word of the language's own, a bracket is none of markup's
            closing = re.compile(f"</{word}", re.IGNORECASE).search(markup, end)
            position = text = closing.start() if closing else len(markup)
    if text < len(markup):
        yield Piece("text", unescape(markup[text:]))


def _end_of_tag(markup: str, start: int) -> int | None:
    """Return where the tag, comment or declaration ends that begins at ``start``, if one does."""
    if markup.startswith("<!--", start):
        end = markup.find("-->", start + 4)
        return end + 3 if end >= 0 else len(markup)
    if markup.startswith(("<!", "<?"), start):
        end = markup.find(">", start)
        return end + 1 if end >= 0 else len(markup)
    name = _NAMED.match(markup, start)
    position = name.end() if name else len(markup)
    for _ in range(_QUOTED):
        stop = _STOP.search(markup, position)
        if stop is None or stop[0] == "<":
            return None
        if stop[0] == ">":
            return stop.end()
        position = markup.find(stop[0], stop.end()) + 1
        if not position:
            return None
    return None
