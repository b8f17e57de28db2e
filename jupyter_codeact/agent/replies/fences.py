"""A reply taken apart: what is said, what is only thought, and the fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ..source import Piece, dedented, has_code, looks_like_code, pieces, syntax_tree, without_prompts

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
    rf"(?:^[ \t]*</{_THINKING}>|</{_THINKING}>[ \t\r]*$)", re.IGNORECASE | re.MULTILINE
)
_THINKING_TAG = re.compile(rf"</?{_THINKING}>", re.IGNORECASE)
_CUT_TAG = re.compile(r"<[/\w]*\Z")
_GOES_ON = re.compile(r"[ \t\r]*(?:\n|[^\w\s\"']|\Z)")  # what may follow a string in code, but not in prose
_PYTHON = re.compile(
    r"i?py(?:thon)?[\d.]*|python[-_]\w+|pycon|jupyter(?:-python)?|tool_code|code-cell", re.IGNORECASE
)
_END_MARK = r"(?:<[|/]?\w+[|]?>)?"  # of the turn or of the code, as some models write it behind the fence
_GLUED = re.compile(r"(?<=[^\s`])`{3}[ \t\r]*(?=\n|\Z)")
_ATTRIBUTE = re.compile(r"""\bcell\s*=\s*["']?([\w-]{1,64})""")
_CELL = re.compile(r"\bcell\b", re.IGNORECASE)

Language = Literal["python", "markdown", "unknown", "other"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a reply from ``start`` to ``end``; if ``settled``, no further text can change it."""

    start: int
    end: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Prose(Part):
    """What is said."""


@dataclass(frozen=True, slots=True)
class Thinking(Part):
    """What is only thought; with its tags."""


@dataclass(frozen=True, slots=True)
class Block(Part):
    """A fenced block; its fences lie within.

    ``missing`` is what has to follow the reply for the block to be closed: empty if it is.
    """

    info: str
    body: str
    missing: str

    @property
    def language(self) -> Language:
        """What the info string says the block is written in."""
        word = re.split(r"[\s,;:={}]", self.info.strip().lstrip("{."), maxsplit=1)[0].lower()
        if word in ("", "markdown", "md"):
            return "markdown" if word else "unknown"
        return "python" if _PYTHON.fullmatch(word) else "other"

    @property
    def source(self) -> str:
        """What a cell made of the block holds: no common indentation, no prompts."""
        return without_prompts(dedented(self.body))

    @property
    def is_code(self) -> bool:
        """Whether the block is meant to be run as a code cell."""
        if self.language == "python":
            return has_code(self.source)
        return self.language == "unknown" and looks_like_code(self.source, fenced=True)

    @property
    def cell_id(self) -> str | None:
        """The cell that the block asks to replace."""
        attribute = _ATTRIBUTE.search(self.info)
        return attribute[1] if attribute else None

    @property
    def names_cell(self) -> bool:
        """Whether the info string says in words that the block is a cell."""
        return bool(_CELL.search(self.info))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply without its thinking: ``text`` has it blanked out, lengths kept."""

    text: str
    thinking: str
    incomplete: bool
    spans: tuple[tuple[int, int], ...]

    def upto(self, end: int | None = None) -> str:
        """Return what is said up to ``end``, thinking cut out."""
        end = len(self.text) if end is None else end
        kept, start = [], 0
        for first, last in self.spans:
            kept.append(self.text[start : min(first, end)])
            start = last
        kept.append(self.text[start:end])
        said = "".join(kept)
        return said.lstrip() if self.spans else said


def thought(text: str, part: Thinking) -> str:
    """Return what is thought in a part of a reply, without the tags around it."""
    said = _THINKING_TAG.sub("", text[part.start : part.end])
    return (said if part.settled else _CUT_TAG.sub("", said)).strip()


def spoken(text: str) -> Spoken:
    """Tell what a reply says from what it only thinks, whatever else is in it."""
    found = [part for part in parts(text, fences=False) if isinstance(part, Thinking)]
    said = text
    for part in found:
        said = said[: part.start] + " " * (part.end - part.start) + said[part.end :]
    return Spoken(
        said,
        "\n\n".join(thought(text, part) for part in found),
        bool(found) and not found[-1].settled,
        tuple((part.start, part.end) for part in found),
    )


def parts(text: str, *, fences: bool = True) -> Iterator[Part]:
    """Take a reply apart, in order and without gaps; without ``fences``, fenced blocks are prose."""
    start = _unopened_thinking(text, fences)
    if start:
        yield Thinking(0, start, settled=True)
    yield from _parts(text, start, fences)


def _unopened_thinking(text: str, fences: bool) -> int:
    """Return where thinking ends that began before the reply did, as some chat templates have it; else 0."""
    for closing in _THINKING_CLOSES.finditer(text):
        inside = next(part for part in _parts(text, 0, fences) if part.end > closing.start())
        in_code = isinstance(inside, Block) and not inside.missing and syntax_tree(inside.source) is not None
        if not in_code and not isinstance(inside, Thinking):
            return closing.end()
    return 0


def _parts(text: str, start: int, fences: bool) -> Iterator[Part]:
    said = position = start
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
            if said < found.start:
                yield Prose(said, found.start, settled=True)
            yield found
            said = position = found.end
            if isinstance(found, Thinking):
                continue  # what follows on the same line may be a fence
        position = text.find("\n", position) + 1 or len(text)
    if said < len(text):
        yield Prose(said, len(text), settled=False)


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
        for glued in _GLUED.finditer(text, first, by_rule.start() if by_rule else len(text)):
            short = replace(
                simple,
                end=glued.end(),
                body=text[first : glued.start()],
                missing="",
                settled=by_rule is not None,
            )
            if syntax_tree(short.source) is not None:
                return short
    if by_rule is None or simple.language not in ("python", "unknown"):
        return simple
    around: Piece | None = None  # the string that the fence by the rule stands in
    strings = pieces(text, first)
    string = next(strings, None)
    for close in closings.finditer(text, first):
        while string and string.end <= close.start():
            string = next(strings, None)
        if string is None or string.stand_in is not None or close.start() < string.start:
            longer = block(close)
            sound = close.start() == by_rule.start() or syntax_tree(longer.source) is not None
            return longer if sound else simple
        around = around or string
    if around and around.end <= len(text) and _GOES_ON.match(text, around.end):
        return block(None)
    return block(by_rule, settled=False)  # in a string that never ends, or ends in prose
