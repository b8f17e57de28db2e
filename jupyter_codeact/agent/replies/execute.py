"""The CodeActAgent models' own tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..source import dedented, has_code
from .fences import Block, hide_thinking, parts
from .reply import CodeAction, ParsedReply, Preview, drop_partial_markup

_TAG = re.compile(r"(?<!(?<!`)`)<(?P<tag>execute|solution)>", re.IGNORECASE)  # not `<execute>`: a quotation
_CLOSING = re.compile(r"</?\w*\Z")


class ExecuteFormat:
    """The CodeActAgent models' own tags: ``<execute>`` for an action, ``<solution>`` for an answer."""

    name = "execute"
    stop: tuple[str, ...] = ("</execute>",)
    tools: tuple[Mapping[str, Any], ...] = ()

    def describe(self) -> str:
        """Return the instructions for the model."""
        return (
            "To act, write Python between <execute> and </execute>. It runs as a notebook cell, and you are "
            "shown its output. Write your final answer between <solution> and </solution>."
        )

    def call(self, text: str) -> None:
        """Return nothing: the endpoint gets the tags as the model wrote them."""

    def is_complete(self, text: str) -> bool:
        """Tell whether the first tag with content is closed."""
        if "</" not in text:
            return False
        found = self._first_tag(hide_thinking(text).text)
        return found is not None and found[3]

    def preview(self, text: str) -> Preview:
        """Parse an unfinished reply."""
        visible = hide_thinking(text)
        opening = _TAG.search(visible.text)
        if opening is None:
            return Preview(visible.thinking(), drop_partial_markup(visible.text))
        before, inside = visible.text[: opening.start()], visible.text[opening.end() :]
        inside = _CLOSING.sub("", inside.partition(f"</{opening['tag']}>")[0])
        if opening["tag"].lower() == "solution":
            return Preview(visible.thinking(), inside.strip())
        return Preview(visible.thinking(), before.strip(), dedented(inside))

    def parse(self, text: str) -> ParsedReply:
        """Parse a reply. An unclosed ``<execute>`` is an action: engines drop the stop sequence."""
        visible = hide_thinking(text)
        found = self._first_tag(visible.text)
        if found is None:
            return ParsedReply(
                visible.up_to(), visible.text.strip(), (), visible.incomplete, visible.thinking()
            )
        tag, start, end, closed = found
        whole = visible.up_to(end) + f"</{tag}>"
        if tag == "solution":
            answer = visible.text[start:end].strip()
            return ParsedReply(whole if closed else visible.up_to(), answer, thinking=visible.thinking(end))
        prose = visible.text[: start - len("<execute>")].strip()
        action = CodeAction(self._source(visible.text[start:end]))
        return ParsedReply(whole, prose, (action,), thinking=visible.thinking(end))

    def _first_tag(self, visible: str) -> tuple[str, int, int, bool] | None:
        """Find the first tag with content: its name, the span of its content, whether it is closed."""
        for opening in _TAG.finditer(visible):
            tag = opening["tag"].lower()
            closing = re.compile(f"</{tag}>", re.IGNORECASE).search(visible, opening.end())
            end = closing.start() if closing else len(visible)
            content = visible[opening.end() : end]
            if content.strip() if tag == "solution" else has_code(self._source(content)):
                return tag, opening.end(), end, closing is not None
            if closing is None:
                return None
        return None

    def _source(self, content: str) -> str:
        """Return the code of an ``<execute>`` tag, without the fence that models like to put in it."""
        block = next((part for part in parts(content.lstrip()) if isinstance(part, Block)), None)
        return block.source if block and block.start == 0 else dedented(content)
