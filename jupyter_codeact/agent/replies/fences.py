"""The parts of a reply: prose, thinking and fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ..source import (
    Span,
    dedented,
    has_code,
    looks_like_code,
    magics_and_strings,
    syntax_tree,
    without_prompts,
)

_OPENING = re.compile(
    r"(?P<indent>[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?:(?P<fence>`{3,})(?P<info>[^`\n]*)|(?P<wave>~{3,})(?P<words>[^\n]*))(?=\n|\Z)"
)
_LATE_OPENING = re.compile(
    r"(?<=[\s:])(?P<fence>`{3,})(?P<info>\{?i?py(?:thon)?3?\}?)[ \t\r]*(?=\n|\Z)", re.IGNORECASE
)
_THINKING = "(think|thinking|thought|reasoning)"
_THINKING_OPENS = re.compile(rf"[ \t]*<{_THINKING}>", re.IGNORECASE)
_THINKING_CLOSES = re.compile(
    rf"(?:^[ \t]*</{_THINKING}>|</{_THINKING}>[ \t\r]*(?:$|(?=`{{3}}|~{{3}}|<(?:execute|tool_call)>)))",
    re.IGNORECASE | re.MULTILINE,
)
_THINKING_TAG = re.compile(rf"</?{_THINKING}>", re.IGNORECASE)
_CUT_TAG = re.compile(r"<[/\w]*\Z")
_GOES_ON = re.compile(r"[ \t\r]*(?:\n|[^\w\s\"']|\Z)")  # what may follow a string in code, but not in prose
_PYTHON = re.compile(
    r"i?py(?:thon)?[\d.]*|python[-_]\w+|pycon|jupyter(?:-python)?|tool_code|code-cell", re.IGNORECASE
)
_END_MARK = r"(?:<[|/]?\w+[|]?>)?"  # some models mark the end of the turn or of the code after the fence
_GLUED = re.compile(r"(?<=[^\s`])`{3}[ \t\r]*(?=\n|\Z)")
_ATTRIBUTE = re.compile(r"""\b(cell|after|before)\s*=\s*["']?([\w-]{1,64})""")
_CELL = re.compile(r"\bcell\b", re.IGNORECASE)

Language = Literal["python", "markdown", "unknown", "other"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a reply, from ``start`` to ``end``; if ``settled``, no further text can change it."""

    start: int
    end: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Prose(Part):
    """Text for the user."""


@dataclass(frozen=True, slots=True)
class Thinking(Part):
    """Thinking, with its tags."""


@dataclass(frozen=True, slots=True)
class Block(Part):
    """A fenced block, fences included.

    ``missing`` is the text that would close the block; empty if it is closed.
    """

    info: str
    body: str
    missing: str

    @property
    def language(self) -> Language:
        """The language that the info string names."""
        word = re.split(r"[\s,;:={}]", self.info.strip().lstrip("{."), maxsplit=1)[0].lower()
        if word in ("", "markdown", "md"):
            return "markdown" if word else "unknown"
        return "python" if _PYTHON.fullmatch(word) else "other"

    @property
    def source(self) -> str:
        """The source of a cell made from the block: without common indentation and prompts."""
        return without_prompts(dedented(self.body))

    @property
    def is_code(self) -> bool:
        """Whether the block is meant to be run as a code cell."""
        if self.language == "python":
            return has_code(self.source)
        return self.language == "unknown" and looks_like_code(self.source, fenced=True)

    @property
    def cell_id(self) -> str | None:
        """The id of the cell that the block is to replace."""
        return self._attributes.get("cell")

    @property
    def after(self) -> str | None:
        """The id of the cell that the block's cell is to be put below."""
        return self._attributes.get("after")

    @property
    def before(self) -> str | None:
        """The id of the cell that the block's cell is to be put above."""
        return self._attributes.get("before")

    @property
    def _attributes(self) -> dict[str, str]:
        return dict(_ATTRIBUTE.findall(self.info))

    @property
    def names_cell(self) -> bool:
        """Whether the info string calls the block a cell."""
        return bool(_CELL.search(self.info) or self._attributes)


@dataclass(frozen=True, slots=True)
class VisibleReply:
    """A reply without its thinking, which ``text`` has blanked out, so that positions stay the same."""

    text: str
    incomplete: bool
    spans: tuple[tuple[int, int], ...]
    thoughts: tuple[str, ...]

    def thinking(self, end: int | None = None) -> str:
        """Return the thinking before ``end``."""
        end = len(self.text) if end is None else end
        return "\n\n".join(
            text for text, (start, _) in zip(self.thoughts, self.spans, strict=True) if start < end
        )

    def up_to(self, end: int | None = None) -> str:
        """Return the reply up to ``end``, with its thinking cut out."""
        end = len(self.text) if end is None else end
        kept, start = [], 0
        for first, last in self.spans:
            kept.append(self.text[start : min(first, end)])
            start = last
        kept.append(self.text[start:end])
        visible = "".join(kept)
        return visible.lstrip() if self.spans else visible


def thinking_text(text: str, part: Thinking) -> str:
    """Return the text of a thinking part, without its tags."""
    thinking = _THINKING_TAG.sub("", text[part.start : part.end])
    return (thinking if part.settled else _CUT_TAG.sub("", thinking)).strip()


def hide_thinking(text: str) -> VisibleReply:
    """Separate a reply from its thinking, whatever the action format."""
    found = [part for part in parts(text, fences=False) if isinstance(part, Thinking)]
    visible = text
    for part in found:
        visible = visible[: part.start] + " " * (part.end - part.start) + visible[part.end :]
    return VisibleReply(
        visible,
        bool(found) and not found[-1].settled,
        tuple((part.start, part.end) for part in found),
        tuple(thinking_text(text, part) for part in found),
    )


def parts(text: str, *, fences: bool = True) -> Iterator[Part]:
    """Split a reply into its parts, in order and without gaps; without ``fences``, blocks count as prose."""
    start = _unopened_thinking(text, fences)
    if start:
        yield Thinking(0, start, settled=True)
    yield from _parts(text, start, fences)


def _unopened_thinking(text: str, fences: bool) -> int:
    """Return where thinking ends that a chat template opened before the reply; 0 if there is none."""
    for closing in _THINKING_CLOSES.finditer(text):
        inside = next(part for part in _parts(text, 0, fences) if part.end > closing.start())
        in_code = isinstance(inside, Block) and not inside.missing and syntax_tree(inside.source) is not None
        if not in_code and not isinstance(inside, Thinking):
            return closing.end()
    return 0


def _parts(text: str, start: int, fences: bool) -> Iterator[Part]:
    prose_start = position = start
    while position < len(text):
        found: Part | None = None
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        if thinking := _THINKING_OPENS.match(text, position):
            closing = re.compile(f"</{thinking[1]}>", re.IGNORECASE).search(text, thinking.end())
            found = Thinking(position, closing.end() if closing else len(text), closing is not None)
        elif not fences:
            pass
        elif opening := _OPENING.match(text, position):
            found = _block(text, opening, position, len(opening["indent"]))
        elif late := _LATE_OPENING.search(text, position, line_end + 1):
            found = _block(text, late, late.start(), 0)
        if found:
            if prose_start < found.start:
                yield Prose(prose_start, found.start, settled=True)
            yield found
            prose_start = position = found.end
            if isinstance(found, Thinking):
                continue  # a fence may follow on the same line
        position = text.find("\n", position) + 1 or len(text)
    if prose_start < len(text):
        yield Prose(prose_start, len(text), settled=False)


def _block(text: str, opening: re.Match[str], start: int, indent: int) -> Block:
    groups = opening.groupdict()
    fence = groups["fence"] or groups["wave"]
    info = groups["info"] if groups["fence"] else groups["words"]
    first = min(opening.end() + 1, len(text))

    def block(close: re.Match[str] | None, *, settled: bool = True) -> Block:
        lines = text[first : close.start() if close else len(text)].replace("\r\n", "\n").split("\n")
        last = lines.pop()  # blank, unless the reply ends here
        missing = ""
        if close is None and last.strip() and fence.startswith(last.strip()):
            missing = fence.removeprefix(last.strip())
        elif close is None:
            missing = "\n" + fence if last else fence
            lines.append(last)
        body = "\n".join(line[min(indent, len(line) - len(line.lstrip(" \t"))) :] for line in lines)
        settled = settled and close is not None and close.end() < len(text)
        return Block(start, close.end("fence") if close else len(text), settled, info, body, missing)

    closings = re.compile(
        rf"^[ \t]*(?P<fence>{re.escape(fence)}{fence[0]}*){_END_MARK}[ \t\r]*$", re.MULTILINE
    )
    by_rule = closings.search(text, first)
    simple = block(by_rule)
    if fence == "```" and simple.language == "python" and syntax_tree(simple.source) is None:
        for fence_at_line_end in _GLUED.finditer(text, first, by_rule.start() if by_rule else len(text)):
            short = replace(
                simple,
                end=fence_at_line_end.end(),
                body=text[first : fence_at_line_end.start()],
                missing="",
                settled=by_rule is not None,
            )
            if syntax_tree(short.source) is not None:
                return short
    if by_rule is None or simple.language not in ("python", "unknown"):
        return simple
    around: Span | None = None  # the string around the fence that closes the block by Markdown's rule
    strings = magics_and_strings(text, first)
    string = next(strings, None)
    for close in closings.finditer(text, first):
        while string and string.end <= close.start():
            string = next(strings, None)
        if string is None or string.is_magic or close.start() < string.start:
            longer = block(close)
            sound = close.start() == by_rule.start() or syntax_tree(longer.source) is not None
            return longer if sound else simple
        around = around or string
    if around and around.end <= len(text) and _GOES_ON.match(text, around.end):
        return block(None)
    return block(by_rule, settled=False)  # in a string that never ends, or ends in prose
