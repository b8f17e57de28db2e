"""The marks that models put around their thinking."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .blocks import Part

_NAME = r"(?:\w{1,20}:)?(?:think|thinking|thought|reasoning)"
_OPEN_MARK = (
    rf"(?:<(?P<tag>{_NAME})>|\[(?P<square>THINK)\]|◁(?P<triangle>think)▷"
    r"|<\|channel>(?P<channel>thought)\b|<\|START_(?P<capitals>THINKING)\|>|<\|begin_of_(?P<of>thought)\|>)"
)
_OPENS = re.compile(rf"[ \t]*{_OPEN_MARK}", re.IGNORECASE)
_OPENS_ANYWHERE = re.compile(_OPEN_MARK, re.IGNORECASE)
_CLOSED_BY = {
    "tag": "</{}>",
    "square": "[/{}]",
    "triangle": "◁/{}▷",
    "channel": "<channel|>",
    "capitals": "<|END_{}|>",
    "of": "<|end_of_{}|>",
}
_LONE = rf"(?:</{_NAME}>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>)"
_ACTION = r"`{3}|~{3}|<execute>|<tool_call>|\[TOOL_CALLS\]"
LONE_CLOSING = re.compile(
    rf"(?:^[ \t]*{_LONE}|{_LONE}[ \t\r]*(?:$|(?={_ACTION}))|(?<=[^\s`\"'(<>]){_LONE}(?=[^\s`\"',.;:)]))",
    re.IGNORECASE | re.MULTILINE,
)
"""What closes thinking that nothing opened: a mark at the beginning or end of a line, before an action, or
between words without a space."""
_TAG = re.compile(
    rf"</?{_NAME}>|\[/?THINK\]|◁/?think▷|<\|channel>thought\b|<channel\|>|<\|(?:START|END)_THINKING\|>"
    r"|<\|(?:begin|end)_of_thought\|>",
    re.IGNORECASE,
)
_CUT_TAG = re.compile(r"(?:<[|/:\w]*|\[/?[A-Z]*|◁/?[a-z]*)\Z")


@dataclass(frozen=True, slots=True)
class Thinking(Part):
    """Thinking, with its marks; it is not ``settled`` if the reply ends before it does.

    ``text`` is without the marks. ``opened`` is false if the prompt already had the opening mark.
    """

    text: str
    opened: bool = True


def thinking_at(text: str, position: int) -> Thinking | None:
    """Return the thinking that begins at a position."""
    opening = _OPENS.match(text, position)
    if opening is None:
        return None
    kind = opening.lastgroup or ""
    mark = re.escape(_CLOSED_BY[kind].format(opening[kind]))
    closing = re.compile(mark, re.IGNORECASE).search(text, opening.end())
    end = closing.end() if closing else len(text)
    return Thinking(
        position, end, closing is not None, _without_marks(text[position:end], whole=bool(closing))
    )


def unopened(text: str, end: int) -> Thinking:
    """Return everything up to a lone closing mark as thinking."""
    return Thinking(0, end, True, _without_marks(text[:end], whole=True), opened=False)


def opens_thinking(text: str) -> bool:
    """Tell whether a text has a mark that opens thinking somewhere."""
    return _OPENS_ANYWHERE.search(text) is not None


def _without_marks(text: str, *, whole: bool) -> str:
    thinking = _TAG.sub("", text)
    return (thinking if whole else _CUT_TAG.sub("", thinking)).strip()
