"""A reply taken apart, in one pass: prose, thinking, blocks and calls, in any model's form.

What only mentions a form stays prose: a mark in backticks, or one in the middle of a sentence that goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..source import dedented, has_code, looks_like_code, syntax_tree
from .arguments import cell_source
from .blocks import LATE_OPENING, ONE_LINE, OPENING, Block, Part, block_at, block_in_line
from .calls import Call, bare_call, call_at, call_in, names_python
from .reply import CodeAction
from .thinking import (
    LONE_CLOSING,
    OPENS_LATE,
    Thinking,
    late_thinking,
    opens_thinking,
    thinking_at,
    unopened,
)

_PREFIX = r"(?:\w{1,20}:|[|\uff5c]\w{1,20}[|\uff5c])?"
_CALLS = rf"{_PREFIX}(?:tool|function)_?(?:call|use)s?"
_GLUED_ROLE = r"assistant(?=final[^a-z]|analysis[^a-z]|commentary[ ]to=)"  # marks that a server dropped
_MARK = re.compile(
    rf"""
      <(?P<tag>execute(?:_(?:i?python|code))?|solution|code|python)(?:[ ][a-z]+="[^"<>\n]{{0,40}}"){{0,3}}>
    | <(?P<call>{_CALLS}|tool_code)>
    | (?P<function><function=|<{_PREFIX}invoke[ ]name=)
    | (?P<vendor>\[TOOL_CALLS\]
        |<[|\uff5c]/?tool[_▁]calls?[|\uff5c]?>|<[|\uff5c]tool[_▁]call[_▁]begin[|\uff5c]>)
    | (?P<raw><\|python_tag\|>)
    | (?P<react>^Action:[ \t]{{0,20}}(?P<named>[\w.]{{1,80}})[ \t]{{0,20}}\nAction[ ]Input:)
    | (?P<channel>(?:<\|start\|>\s?assistant(?P<to>[ ]to=[\w.]{{1,80}})?\s?)?<\|channel\|>)
    | (?P<glued>(?-i:\A(?=analysis[A-Z][a-z']*(?:,?[ ][a-z]|\n))|(?<!\s){_GLUED_ROLE}))
    | (?P<wrapper></?{_CALLS}>)
    | <(?P<frame>/?(?:answer|response|output|final(?:_answer)?))>
    | (?P<end></s>|<(?:end_of_turn|eos)>)
    | (?P<token><\|(?:im_)?start\|>assistant\b|<[|\uff5c]/?[a-z][\w▁]{{0,40}}[|\uff5c]>)
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_HEADER = re.compile(
    r"\s{0,3}(?P<name>\w{0,20})(?:\s{0,3}(?:<\|constrain\|>)?\s{0,3}(?!to=)\w{0,20})?\s{0,3}(?:to=(?P<to>[\w.]{1,80}))?"
    r"\s{0,3}(?:<\|constrain\|>)?\s{0,3}\w{0,20}\s{0,3}(?:<\|message\|>|(?P<cut>\Z))"
)
_GLUED_HEADER = re.compile(r"(?P<name>analysis|commentary|final)(?: to=(?P<to>[\w.]{1,80}) ?(?:json|code)?)?")
_MESSAGE_END = re.compile(r"<\|(?:end|call|return|start|channel)\|>")
_GLUED_END = re.compile(_GLUED_ROLE)
_TAGS = ("execute", "execute_ipython", "execute_python", "execute_code", "solution", "code", "python")
_TAG = {name: re.compile(rf"<{name}>", re.IGNORECASE) for name in _TAGS}
_TAG_END = {name: re.compile(rf"</{name}>", re.IGNORECASE) for name in _TAGS}
_CALL = re.compile(rf"<{_CALLS}>", re.IGNORECASE)
_CALL_END = re.compile(rf"</{_CALLS}>", re.IGNORECASE)
_NESTS = re.compile(
    rf"\s*<(?:function=|{_PREFIX}invoke name=|\|tool_call_begin|[|\uff5c]tool[_▁]call[_▁]begin)"
)
_CUT_TAG = re.compile(r"</?\w*\Z")
_INK = re.compile(r"[ \t\r]*[^\s]")
_WORDS = re.compile(r"[ \t\r]*[^\s<\[]")
_BLANK_LINES = re.compile(r"(?:[ \t\r]*\n)+")
_BLANK = re.compile(r"[ \t\r]*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Prose(Part):
    """Text for the user."""


@dataclass(frozen=True, slots=True)
class Mark(Part):
    """A mark of a chat template's, which is nothing to read."""


@dataclass(frozen=True, slots=True)
class Undecided(Part):
    """A place without text: what is still to come may change how the reply was read before it."""


@dataclass(frozen=True, slots=True)
class Solution(Part):
    """An answer between tags: ``text``."""

    text: str


def scan(text: str, own: str = "") -> Iterator[Part]:
    """Take a reply apart: its parts in order and without gaps.

    Parameters
    ----------
    text : str
        The reply, or its beginning.
    own : str
        The name of the format in which the model was told to act.
    """
    parts = _Scanner(text, own).parts()
    if LONE_CLOSING.search(text) is None:
        return parts
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Thinking) and not part.opened:
            found.clear()
        found.append(part)
    return iter(found)


class _Scanner:
    """Goes through a reply line by line."""

    def __init__(self, text: str, own: str) -> None:
        self._text, self._own = text, own
        self._has_unopened = self._has_channels = self._has_prose = self._is_framed = False
        self._undecided = -1  # from where on the reply may be read in another way once more of it is there
        self._found: dict[re.Pattern[str], re.Match[str] | None] = {}

    def _next(self, pattern: re.Pattern[str], start: int) -> re.Match[str] | None:
        """Return the next match from ``start`` on; each part of the text is searched once only."""
        if pattern in self._found:
            match = self._found[pattern]
            if match is None or match.start() >= start:
                return match
        match = self._found[pattern] = pattern.search(self._text, start)
        return match

    def parts(self) -> Iterator[Part]:
        """Yield the parts; thinking that was not opened takes the place of all that came before."""
        text = self._text
        prose = position = 0
        begins = may_be_bare = True
        while position < len(text):
            if begins and (blank := _BLANK_LINES.match(text, position)):
                position = blank.end()
                continue
            line_end = text.find("\n", position)
            line_end = len(text) if line_end < 0 else line_end
            part: Part | None = thinking_at(text, position) if begins else None
            if part is None and may_be_bare and _BLANK.match(text, position) is None:
                may_be_bare = False
                bare = bare_call(text, position)
                part = bare and replace(bare, is_own=self._own == "tools")
            part = part or (self._block(position) if begins else None)
            part = part or self._in_line(position, line_end, begins=begins)
            if part is None:
                self._has_prose = self._has_prose or _BLANK.match(text, position) is None
                position, begins = line_end + 1, True
                continue
            if isinstance(part, Block | Call):
                part = self._unless_in_thinking(part)
            if _is_unopened(part):
                prose, self._has_unopened = part.start, True
            if part.start <= self._undecided < part.end and not _is_unopened(part):
                self._undecided = -1  # a mark that is part of it
            if prose < part.start:
                yield Prose(prose, part.start, True)
            if 0 <= self._undecided < part.start:
                yield Undecided(part.start, part.start, False)
            yield part
            prose = position = part.end
            is_unread = isinstance(part, Thinking | Mark)
            self._has_prose = not _is_unopened(part) and (self._has_prose or not is_unread)
            may_be_bare = may_be_bare or is_unread
            begins = is_unread or text[position - 1] == "\n"
        if prose < len(text):
            yield Prose(prose, len(text), False)

    def _leave_undecided(self, start: int) -> None:
        if self._undecided < 0:
            self._undecided = start

    def _block(self, position: int) -> Block | None:
        opening = OPENING.match(self._text, position)
        return block_at(self._text, opening, position, len(opening["indent"])) if opening else None

    def _in_line(self, start: int, end: int, *, begins: bool) -> Part | None:
        """Return the first part that begins within a line, other than prose."""
        text = self._text
        found: list[tuple[int, Part]] = []
        if (late := self._next(LATE_OPENING, start)) and late.start() < end:
            found.append((late.start(), block_at(text, late, late.start(), 0)))
        if (line := self._next(ONE_LINE, start)) and line.start() < end:
            ink = _INK.match(text, start) if begins else None
            alone = ink is not None and ink.end() - 1 == line.start()
            if block := block_in_line(text, line, alone=alone, first=not self._has_prose):
                found.append((line.start(), block))
        opens = self._next(OPENS_LATE, start)
        if opens and opens.start() < end and (thinking := late_thinking(text, opens.end())):
            found.append((thinking.start, thinking))
        part = self._marked(start, end)
        closing = self._next(LONE_CLOSING, start)
        if part:
            found.append((part.start, part))
        closes = closing.start() if closing else end
        if (
            closing
            and closes < end
            and all(closes < at or (one is part and closes == at) for at, one in found)
        ):
            return self._unopened(closing)  # only now, as it copies the text before
        return min(found, key=lambda one: one[0])[1] if found else None

    def _unopened(self, closing: re.Match[str]) -> Part:
        if self._has_unopened:
            return Mark(closing.start(), closing.end(), True)
        return unopened(self._text, closing.end())

    def _unless_in_thinking(self, part: Block | Call) -> Part:
        """Return the part, or the thinking that a lone mark in it closes."""
        text = self._text
        closing = self._next(LONE_CLOSING, part.start)
        if (
            closing is None
            or closing.start() >= part.end
            or self._has_unopened
            or opens_thinking(text[part.start : closing.start()])
        ):
            return part
        if isinstance(part, Call):
            is_text = part.action is not None and part.settled
        else:
            is_python = part.language in ("python", "unknown")
            is_text = not part.missing and (not is_python or syntax_tree(part.source) is not None)
        if is_text:
            return part
        if not part.settled:
            self._leave_undecided(part.start)
        return self._unopened(closing)

    def _marked(self, start: int, end: int) -> Part | None:
        """Return the first part that begins with a mark in a line, and is more than a mention of it."""
        text = self._text
        ink = _INK.match(text, start)
        counted, ticks = start, 0
        while (mark := self._next(_MARK, start)) and mark.start() < end:
            start = mark.end()
            ticks += text.count("`", counted, mark.start())
            counted = mark.start()
            in_sentence = ink is not None and ink.end() <= mark.start()
            if ticks % 2 == 0 and (part := self._part(mark, in_sentence)):
                return part
        return None

    def _part(self, mark: re.Match[str], in_sentence: bool) -> Part | None:
        text, start, inside = self._text, mark.start(), mark.end()
        if mark["tag"]:
            return self._tagged(mark, in_sentence)
        if mark["channel"] or mark["glued"] is not None:
            return self._channel(mark)
        if mark["react"]:
            is_python = names_python(mark["named"])
            return call_at(text, start, inside, name=mark["named"], raw=is_python)
        if mark["frame"]:
            return self._frame(mark, in_sentence)
        if mark["end"] or mark["token"]:
            if mark["token"] and not in_sentence:
                return Mark(start, inside, True)
            rest = text[inside : inside + 200].strip()
            return Mark(start, inside, True) if self._has_channels or not rest or rest[0] == "<" else None
        call: Call | None = None
        if mark["function"]:
            call = call_at(text, start, start)
        elif mark["call"] and not _NESTS.match(text, inside):
            call = call_at(text, start, inside, raw=mark["call"] == "tool_code", missing="\n</tool_call>")
            closing = None if call else self._next(_CALL_END, inside)
            if closing and not ((again := self._next(_CALL, inside)) and again.start() < closing.start()):
                call = Call(start, closing.end(), True, None)
            is_own = self._own == "tools" and mark["call"] == "tool_call"
            call = call and replace(call, is_own=is_own and "<function" not in text[start : call.end])
        elif mark["vendor"] or mark["raw"]:
            call = call_at(text, start, inside, raw=bool(mark["raw"]))
        elif mark["call"] or not (in_sentence or self._goes_on(inside)):
            return Mark(start, inside, True)
        if call is None or self._is_meant(call, in_sentence):
            return call
        if not call.settled:
            self._leave_undecided(start)
        return None

    def _frame(self, mark: re.Match[str], in_sentence: bool) -> Mark | None:
        """Return a mark of tags around all that follows the thinking."""
        if mark["frame"][0] == "/":
            is_meant = self._is_framed and not self._text[mark.end() : mark.end() + 200].strip()
        else:
            is_meant = not (in_sentence or self._has_prose)
            self._is_framed = self._is_framed or is_meant
        return Mark(mark.start(), mark.end(), True) if is_meant else None

    def _is_meant(self, call: Call, in_sentence: bool) -> bool:
        """Tell a call from a mention of one."""
        goes_on = self._goes_on(call.end)
        if call.action is None and call.settled:
            return not (in_sentence or goes_on)
        if call.action is None:
            return call.names_python or not in_sentence
        return not (in_sentence and goes_on)

    def _goes_on(self, position: int) -> bool:
        return _WORDS.match(self._text, position) is not None

    def _channel(self, mark: re.Match[str]) -> Part:
        """Return a message in a channel: thinking, a call, or a mark and prose after it."""
        text, start = self._text, mark.start()
        self._has_channels = True
        is_glued = mark["glued"] is not None
        header = (_GLUED_HEADER if is_glued else _HEADER).match(text, mark.end())
        if header is None:
            return Mark(start, mark.end(), True)
        if not is_glued and header["cut"] is not None:
            return Mark(start, len(text), False)
        recipient = (header["to"] or (mark["to"] or "").removeprefix(" to=")).removeprefix("functions.")
        if recipient and recipient not in ("user", "assistant", "all"):
            call = call_at(text, start, header.end(), name=recipient, raw=recipient == "python")
            if call is not None:
                return call
        closing = (_GLUED_END if is_glued else _MESSAGE_END).search(text, header.end())
        if header["name"].lower() == "analysis":
            end = closing.start() if closing else len(text)
            thought = text[header.end() : end].strip()
            end = closing.end() if closing and closing[0] == "<|end|>" else end
            return Thinking(start, end, closing is not None, thought)
        return Mark(start, header.end(), True)

    def _tagged(self, mark: re.Match[str], in_sentence: bool) -> Part | None:
        """Return code or an answer between tags, if that is meant."""
        text, start, name = self._text, mark.start(), mark["tag"].lower()
        is_own = self._own == "execute" and name in ("execute", "solution")
        again, closing = self._next(_TAG[name], mark.end()), self._next(_TAG_END[name], mark.end())
        if again and (closing is None or again.start() < closing.start()):
            return None  # a mention, or a slip
        end = closing.start() if closing else len(text)
        content, is_closed = text[mark.end() : end], closing is not None
        stop = closing.end() if closing else end
        if name == "solution":
            answer = content.strip()
            return Solution(start, stop, is_closed, answer) if is_own and (answer or not is_closed) else None
        called = call_in(content)
        source = called.source if called else cell_source(content)
        is_for_code = is_own or name.startswith("execute")
        if is_for_code:
            is_meant = has_code(source) or not is_closed
            if in_sentence:
                is_meant = is_meant and (is_own or (is_closed and not self._goes_on(stop)))
                is_meant = is_meant and ("\n" in content or syntax_tree(source) is not None)
        else:
            alone = not in_sentence and not (is_closed and self._goes_on(stop))
            is_meant = alone and looks_like_code(source, fenced=True)
        if not is_meant:
            if is_for_code and not is_closed:
                self._leave_undecided(start)
            return None
        is_whole = is_closed or is_own or syntax_tree(source) is not None
        action = CodeAction(source) if is_whole and has_code(source) else None
        partial = source if is_closed else dedented(_CUT_TAG.sub("", content))
        missing = "" if is_closed else f"</{name}>"
        return Call(start, stop, is_closed, action, partial, missing, is_own, names_python=True)


def _is_unopened(part: Part) -> bool:
    return isinstance(part, Thinking) and not part.opened
