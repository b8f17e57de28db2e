"""The CodeActAgent models' own tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..source import dedented, has_code
from .fences import Block, parts, spoken
from .reply import CodeAction, ParsedReply, Preview, settled

_TAG = re.compile(r"<(?P<tag>execute|solution)>", re.IGNORECASE)
_CLOSING = re.compile(r"</?\w*\Z")


class ExecuteFormat:
    """The CodeActAgent models' own tags: ``<execute>`` for an action, ``<solution>`` for an answer."""

    name = "execute"
    stop: tuple[str, ...] = ("</execute>",)
    tools: tuple[Mapping[str, Any], ...] = ()

    def describe(self) -> str:
        """Tell the model how to act in this format."""
        return (
            "To act, write Python between <execute> and </execute>. It runs as a notebook cell, and you are "
            "shown its output. Write your final answer between <solution> and </solution>."
        )

    def call(self, text: str) -> None:
        """Return nothing: an endpoint is shown the tags as the model wrote them."""

    def is_complete(self, text: str) -> bool:
        """Tell whether the first tag that counts is closed."""
        if "</" not in text:
            return False
        found = self._first(spoken(text).text)
        return found is not None and found[3]

    def preview(self, text: str) -> Preview:
        """Read a reply that is still being written."""
        said = spoken(text)
        opening = _TAG.search(said.text)
        if opening is None:
            return Preview(said.thinking, settled(said.text))
        before, inside = said.text[: opening.start()], said.text[opening.end() :]
        inside = _CLOSING.sub("", inside.partition(f"</{opening['tag']}>")[0])
        if opening["tag"].lower() == "solution":
            return Preview(said.thinking, inside.strip())
        return Preview(said.thinking, before.strip(), dedented(inside))

    def parse(self, text: str) -> ParsedReply:
        """Read a reply. An ``<execute>`` left open is an action: the engine ended there, and took the tag."""
        said = spoken(text)
        found = self._first(said.text)
        if found is None:
            return ParsedReply(said.upto(), said.text.strip(), (), said.incomplete, said.thinking)
        tag, start, end, closed = found
        whole = said.upto(end) + f"</{tag}>"
        if tag == "solution":
            answer = said.text[start:end].strip()
            return ParsedReply(whole if closed else said.upto(), answer, thinking=said.thinking)
        prose = said.text[: start - len("<execute>")].strip()
        action = CodeAction(self._source(said.text[start:end]))
        return ParsedReply(whole, prose, (action,), thinking=said.thinking)

    def _first(self, said: str) -> tuple[str, int, int, bool] | None:
        """Find the first tag with something in it: its name, its content's span, whether it is closed."""
        for opening in _TAG.finditer(said):
            tag = opening["tag"].lower()
            closing = re.compile(f"</{tag}>", re.IGNORECASE).search(said, opening.end())
            end = closing.start() if closing else len(said)
            content = said[opening.end() : end]
            if content.strip() if tag == "solution" else has_code(self._source(content)):
                return tag, opening.end(), end, closing is not None
            if closing is None:
                return None
        return None

    def _source(self, content: str) -> str:
        """Return the code of an ``<execute>``; models like to put a fence into it."""
        block = next((part for part in parts(content.lstrip()) if isinstance(part, Block)), None)
        return block.source if block and block.start == 0 else dedented(content)
