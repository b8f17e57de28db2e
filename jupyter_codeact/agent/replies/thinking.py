"""The marks that models put around their thinking."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .blocks import Part

_NAME = r"(?:\w{1,20}:)?(?:think|thinking|thoughts?|reasoning|reflection|scratchpad|analysis|inner_monologue)"
_BAR = r"[|\uff5c]"  # of a special token; some models have the wide one
_WORD = r"(?:thinking|think|thought|reasoning)"
_OPEN_MARK = (
    rf"(?:<(?P<tag>{_NAME})(?:\s[^<>\n]{{0,80}})?>|\[(?P<square>THINK)\]|◁(?P<triangle>think)▷"
    r"|<\|channel>(?P<channel>thought)\b"
    rf"|<(?P<details>details)\s(?=[^<>\n]{{0,80}}{_WORD})[^<>\n]{{1,160}}>"  # chats fold it so
    r"|(?P<phrase>Here(?:'s| is) my thought process):"  # of Granite, which has no marks
    rf"|<{_BAR}(?:(?:begin|start)_(?:of_)?)?(?P<token>{_WORD})(?:_(?:begin|start))?{_BAR}>)"
)
_OPENS = re.compile(rf"[ \t]*{_OPEN_MARK}", re.IGNORECASE)
_OPENS_ANYWHERE = re.compile(_OPEN_MARK, re.IGNORECASE)
OPENS_LATE = re.compile(rf"(?<=[.!?…])[ \t]+(?={_OPEN_MARK})", re.IGNORECASE)
"""What comes before thinking that begins in a line, after a sentence."""
_CLOSING_TOKEN = rf"(?:</{_BAR}{{0}}{_BAR}>|<{_BAR}(?:/{{0}}|end_(?:of_)?{{0}}|{{0}}_end){_BAR}>)"
_CLOSED_BY = {
    "tag": r"</{0}\s{{0,9}}>",
    "square": r"\[/{0}\]",
    "triangle": "◁/{0}▷",
    "channel": r"<channel\|>",
    "token": _CLOSING_TOKEN,
    "details": "</details>",
    "phrase": r"^[ \t]*Here(?:'s| is) my response:",
}
_LONE = rf"(?:</{_NAME}\s{{0,9}}>|\[/THINK\]|◁/think▷|{_CLOSING_TOKEN.format(_WORD)})"
_ACTION = r"`{3}|~{3}|<execute>|<tool_call>|\[TOOL_CALLS\]"
LONE_CLOSING = re.compile(
    rf"(?:^[ \t]*{_LONE}|{_LONE}[ \t\r]*(?:$|(?={_ACTION}))|(?<=[^\s`\"'(<>]){_LONE}(?=[^\s`\"',.;:)]))",
    re.IGNORECASE | re.MULTILINE,
)
"""What closes thinking that nothing opened: a mark at the beginning or end of a line, before an action, or
between words without a space."""
_TAG = re.compile(
    rf"{_OPEN_MARK}|{_LONE}|<channel\|>|</details>|{_CLOSED_BY['phrase']}", re.IGNORECASE | re.MULTILINE
)
_GOES_ON = re.compile(r"[ \t]*[a-z,;]")
_INDENT = 80
_LINE_END = re.compile(r"[ \t\r]*\n")
_CUT_TAG = re.compile(r"(?:<[|\uff5c/:\w]*|\[/?[A-Z]*|◁/?[a-z]*)\Z")


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
    if kind == "phrase" and (position > _INDENT or text[:position].strip()):
        return None  # words that count at the beginning of a reply only
    mark = _CLOSED_BY[kind].format(re.escape(opening[kind]))
    closing = re.compile(mark, re.IGNORECASE | re.MULTILINE).search(text, opening.end())
    end = closing.end() if closing else len(text)
    return Thinking(
        position, end, closing is not None, _without_marks(text[position:end], whole=bool(closing))
    )


def late_thinking(text: str, position: int) -> Thinking | None:
    """Return the thinking that begins at a position in a line; none if its marks are only mentioned there."""
    thinking = thinking_at(text, position)
    if thinking is None:
        return None
    if thinking.settled:
        return None if _GOES_ON.match(text, thinking.end) else thinking
    opening = _OPENS.match(text, position)
    return thinking if opening and _LINE_END.match(text, opening.end()) else None


def unopened(text: str, end: int) -> Thinking:
    """Return everything up to a lone closing mark as thinking."""
    return Thinking(0, end, True, _without_marks(text[:end], whole=True), opened=False)


def opens_thinking(text: str) -> bool:
    """Tell whether a text has a mark that opens thinking somewhere."""
    return _OPENS_ANYWHERE.search(text) is not None


def _without_marks(text: str, *, whole: bool) -> str:
    thinking = _TAG.sub("", text)
    return (thinking if whole else _CUT_TAG.sub("", thinking)).strip()
