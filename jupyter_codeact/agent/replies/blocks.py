"""Fenced blocks: what is in them, and where they end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Literal

from ..source import CellReader, dedented, has_code, looks_like_code, syntax_tree, without_prompts

OPENING = re.compile(
    r"(?P<indent>[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?:(?P<fence>`{3,})(?P<info>[^`\n]*)|(?P<wave>~{3,})(?P<words>[^\n]*))(?=\n|\Z)"
)
LATE_OPENING = re.compile(
    r"(?<=[\s:])(?P<fence>`{3,})(?P<info>\{?i?py(?:thon)?3?\}?)[ \t\r]*(?=\n|\Z)", re.IGNORECASE
)
ONE_LINE = re.compile(r"(?<!`)(?P<fence>`{3,})(?P<inside>[^`\n]+)(?P=fence)[ \t\r]*(?=\n|\Z)")
_WORD = re.compile(r"[\w.]*")
_PYTHON = re.compile(
    r"i?py(?:thon)?[\d.]*|python[-_]\w+|pycon|jupyter(?:-python)?|tool_code|code-cell", re.IGNORECASE
)
_MAGICS_OF_TEXT = {"writefile", "file", "markdown"}
_LANGUAGE_LINE = re.compile(r"\s*i?python3?[ \t\r]*", re.IGNORECASE)
_SHELL = {"bash", "sh", "shell", "zsh", "console", "shell-session", "shellscript", "terminal", "powershell"}
_END_MARK = r"(?:<[|/]?\w+[|]?>)?"  # some models mark the end of the turn or of the code after the fence
_GLUED = re.compile(r"(?<=[^\s`])`{3}[ \t\r]*(?=\n|\Z)")
_GLUED_TRIES = 4
_ATTRIBUTE = re.compile(r"""\b(cell|after|before)\s*=\s*["']?([\w-]{1,64})""")
_CELL = re.compile(r"\bcell\b", re.IGNORECASE)
_OPTION = re.compile(r"[\w.-]+=\S|[{.#]")
_GOES_ON = re.compile(r"[ \t\r]*(?:\n|[^\w\s\"']|\Z)")  # what may follow a string in code, but not in prose
_HERE_DOCUMENT = re.compile(r"<<[-~]?[ \t]*(['\"]?)(\w+)\1[^\n]*\n")
_HERE_DOCUMENT_SIZE = 8_000

Language = Literal["python", "markdown", "shell", "unknown", "other"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a reply, from ``start`` to ``end``; if ``settled``, no further text can change it."""

    start: int
    end: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Block(Part):
    """A fenced block, fences included.

    ``missing`` is the text that would close the block; empty if it is closed.
    """

    info: str
    body: str
    missing: str = ""

    @property
    def language(self) -> Language:
        """The language that the info string names."""
        return _language(self.info)

    @property
    def source(self) -> str:
        """The source of a cell made from the block: without common indentation and prompts."""
        source = without_prompts(dedented(self.body))
        return source if self.info.strip() else without_language(source)

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


@lru_cache(maxsize=64)
def _language(info: str) -> Language:
    word = re.split(r"[\s,;:={}]", info.strip().lstrip("{."), maxsplit=1)[0].lower()
    if word in ("", "markdown", "md"):
        return "markdown" if word else "unknown"
    if word in _SHELL:
        return "shell"
    return "python" if _PYTHON.fullmatch(word) else "other"


def block_in_line(text: str, found: re.Match[str], *, alone: bool, first: bool) -> Block | None:
    """Return a block that begins and ends in the same line: alone in it (``alone``), or after a colon.

    Without the name of a language, it must be the whole reply: the ``first`` of it, and the last.
    """
    inside, start = found["inside"], found.start()
    word = _WORD.match(inside)
    info = word[0] if word and _PYTHON.fullmatch(word[0]) else ""
    code = inside[len(info) :].strip()
    after_colon = text[max(0, start - 20) : start].rstrip().endswith(":")
    if not info and not (alone and first and not text[found.end() :].strip()):
        return None
    if not (alone or after_colon) or not looks_like_code(code, fenced=True):
        return None
    return Block(start, found.end(), found.end() < len(text), info, code)


def block_at(text: str, opening: re.Match[str], start: int, indent: int) -> Block:
    """Return the block that begins with an opening fence at ``start``."""
    return _BlockReader(text, opening, start, indent).block()


class _BlockReader:
    """Finds where a block ends."""

    def __init__(self, text: str, opening: re.Match[str], start: int, indent: int) -> None:
        groups = opening.groupdict()
        self._text, self._start, self._indent = text, start, indent
        self._fence = groups["fence"] or groups["wave"]
        self._info = groups["info"] if groups["fence"] else groups["words"]
        self._head = ""  # code that a model wrote behind the name of the language
        self._first = min(opening.end() + 1, len(text))
        language, _, rest = self._info.strip().partition(" ")
        if _PYTHON.fullmatch(language) and not _OPTION.match(rest) and looks_like_code(rest, fenced=True):
            self._info, self._head = language, rest + "\n"

    def block(self) -> Block:
        """Return the block."""
        text, fence = self._text, self._fence
        language = _language(self._info)
        lines = re.compile(rf"^[ \t]*(?P<fence>{fence}{fence[0]}*){_END_MARK}(?P<rest>[^\n]*)$", re.MULTILINE)
        fences = lines.finditer(text, self._first)
        if language == "markdown":
            return self._nesting(fences, is_text=True)
        if language not in ("python", "unknown"):
            return self._block(next((line for line in fences if not line["rest"].strip()), None))
        cell = CellReader(text, self._first)
        if cell.cell_magic:
            fences = _outside_here_documents(text, self._first, fences)
            return self._nesting(fences, is_text=cell.cell_magic in _MAGICS_OF_TEXT)
        return self._of_python(fences, cell, language)

    def _of_python(self, fences: Iterator[re.Match[str]], cell: CellReader, language: Language) -> Block:
        """Return a block of Python: a fence in a triple-quoted string does not end it."""
        text = self._text
        by_rule: re.Match[str] | None = None  # what closes the block by Markdown's rule
        around = None  # the string around it
        simple: Block | None = None
        string = None
        for line in fences:
            is_bare = not line["rest"].strip()
            if not is_bare and (language != "python" or self._fence[0] != "`"):
                continue
            for span in cell.spans(line.start()):
                string = None if span.is_magic else span
            in_string = string is not None and line.start() < string.end
            if is_bare and by_rule is None:
                by_rule = line
                simple = self._block(line)
                if language == "python" and (glued := self._glued(simple, settled=True)):
                    return glued
            if in_string:
                around = around or (string if by_rule else None)
                continue
            if line is by_rule or by_rule is None:
                return self._block(line)
            longer = self._block(line)
            assert simple is not None
            return longer if syntax_tree(longer.source) is not None else simple
        if by_rule is None:
            cut = self._block(None)
            return (self._glued(cut, settled=False) if language == "python" else None) or cut
        if around and around.end <= len(text) and _GOES_ON.match(text, around.end):
            return self._block(None)
        return self._block(by_rule, settled=False)  # in a string that never ends, or ends in prose

    def _glued(self, whole: Block, *, settled: bool) -> Block | None:
        """Return a block that a fence at the end of a line of code closes, if only that makes it Python."""
        if self._fence != "```":
            return None
        end = whole.end if not whole.missing else len(self._text)
        fences = list(islice(_GLUED.finditer(self._text, self._first, end), _GLUED_TRIES))
        if not fences or syntax_tree(whole.source) is not None:
            return None
        for fence in fences:
            body = self._head + self._text[self._first : fence.start()]
            short = Block(self._start, fence.end(), settled, self._info, body)
            if syntax_tree(short.source) is not None:
                return short
        return None

    def _nesting(self, fences: Iterator[re.Match[str]], *, is_text: bool) -> Block:
        """Return a block that may have blocks in it.

        A fence with the name of a language begins one. In text (``is_text``), so does a bare fence that
        stands where blocks begin, if one that may end it follows, and then another that closes the whole.
        """
        depth, bare = 0, None
        opening: re.Match[str] | None = None  # a bare fence that may begin a block
        first: re.Match[str] | None = None  # what closes the block if no bare fence begins one
        for line in fences:
            is_named = bool(line["rest"].strip())
            if opening:
                if is_named or self._is_introduced(line):
                    return self._block(opening)
                first, opening = first or opening, None
            elif is_named:
                depth += 1
            elif depth:
                depth, bare = depth - 1, line
            elif is_text and self._is_introduced(line) and self._goes_on(line):
                opening = line
            else:
                return self._block(line)
        return self._block(opening or first or bare, settled=False)

    def _is_introduced(self, line: re.Match[str]) -> bool:
        """Tell whether a fence stands where a block begins: after a blank line, a heading or a colon."""
        start = max(self._first, self._text.rfind("\n", 0, max(0, line.start() - 1)) + 1)
        before = self._text[start : line.start()].strip()
        is_begin = line.start() == self._first
        return not is_begin and (not before or before.startswith(("#", "%%")) or before.endswith(":"))

    def _goes_on(self, line: re.Match[str]) -> bool:
        """Tell whether a fence is followed by a line with something in it, as the opening of a block is."""
        following = self._text[line.end() + 1 : line.end() + 200].partition("\n")
        return bool(following[0].strip()) or not following[1]

    def _block(self, close: re.Match[str] | None, *, settled: bool = True) -> Block:
        text, fence = self._text, self._fence
        lines = text[self._first : close.start() if close else len(text)].replace("\r\n", "\n").split("\n")
        last = lines.pop()  # blank, unless the reply ends here
        missing, end = "", close.end("fence") if close else len(text)
        if close is None and last.strip() and fence.startswith(last.strip()):
            missing = fence.removeprefix(last.strip())
        elif close is None:
            missing = "\n" + fence if last else fence
            lines.append(last)
        elif _PYTHON.match(close["rest"]):  # the next block begins here
            missing, end = fence, close.start()
        indent = self._indent
        body = self._head + "\n".join(
            line[min(indent, len(line) - len(line.lstrip(" \t"))) :] for line in lines
        )
        settled = settled and close is not None and close.end() < len(text)
        return Block(self._start, end, settled, self._info, body, missing)


def _outside_here_documents(
    text: str, start: int, fences: Iterator[re.Match[str]]
) -> Iterator[re.Match[str]]:
    """Leave out the fences that are in a shell's here-documents."""
    hidden = start
    for line in fences:
        while hidden <= line.start() and (opening := _HERE_DOCUMENT.search(text, hidden, line.start())):
            closing = re.compile(rf"^[ \t]*{opening[2]}[ \t\r]*$", re.MULTILINE)
            found = closing.search(text, opening.end(), opening.end() + _HERE_DOCUMENT_SIZE)
            hidden = found.end() if found else opening.end()
        if line.start() >= hidden:
            hidden = line.end()
            yield line


def without_language(source: str) -> str:
    """Return code without the name of its language, which some models write in a line of its own."""
    first, _, rest = source.partition("\n")
    return rest.lstrip("\n") if rest.strip() and _LANGUAGE_LINE.fullmatch(first) else source


def is_cut_code(block: Block) -> bool:
    """Tell whether an unclosed block is code that breaks off in the middle."""
    if syntax_tree(block.source) is not None:
        return False
    if block.language == "python":
        return True
    lines = block.source.split("\n")
    tries = range(len(lines) - 1, max(0, len(lines) - 12), -1)
    whole = next((n for n in tries if syntax_tree("\n".join(lines[:n]))), 0)
    return block.language == "unknown" and looks_like_code("\n".join(lines[:whole]), fenced=True)
