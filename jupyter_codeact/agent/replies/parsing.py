"""What a reply means: its thinking, its prose, and the action in it, in whatever form the model wrote that.

A model is told one form, the format's own. Other models' forms are understood too, and kept in the history
in the format's own form, which the model then continues.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..source import dedented, looks_like_code, without_prompts
from .arguments import unwrapped
from .blocks import Block, Part, is_cut_code, without_language
from .calls import Call, call_in, may_be_action
from .reply import CodeAction, Doubt, Fault, ParsedReply, Preview, drop_partial_markup
from .scan import Mark, Prose, Solution, Undecided, scan
from .thinking import Thinking


class ReplyParser(ABC):
    """Parses replies; the base class of the action formats."""

    name: ClassVar[str]
    stop: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()

    @abstractmethod
    def write(self, action: CodeAction) -> str:
        """Return a code cell in the format's own form."""

    def call(self, text: str) -> tuple[str, str, str] | None:
        """Return nothing: the endpoint gets replies as they are."""
        return None

    def is_complete(self, text: str) -> bool:
        """Tell whether the first action is closed."""
        return self.preview(text).complete

    def preview(self, text: str) -> Preview:
        """Parse an unfinished reply."""
        thinking, prose, is_certain = [], [], True
        for part in scan(text, self.name):
            if isinstance(part, Thinking):
                thinking.append(part.text)
                continue
            action = answer = None
            complete = False
            match part:
                case Block() if part.language == "python" or part.is_code:
                    action, complete = part.body.rstrip(), is_certain and part.settled and part.is_code
                    if part.settled and not part.is_code:
                        prose.append(text[part.start : part.end])
                        continue
                case Call():
                    action, complete = part.partial, is_certain and part.settled and part.action is not None
                case Solution():
                    answer = part.text
                case Mark():
                    continue
                case Undecided():
                    is_certain = False
                    continue
                case _:
                    prose.append(text[part.start : part.end])
                    is_certain = is_certain and (part.settled or not isinstance(part, Block))
                    continue
            said = drop_partial_markup("".join(prose)) if answer is None else answer
            return Preview("\n\n".join(filter(None, thinking)), said, action or "", complete)
        return Preview("\n\n".join(filter(None, thinking)), drop_partial_markup("".join(prose)))

    def parse(self, text: str) -> ParsedReply:
        """Parse a reply: the cells up to the first code, or an answer."""
        return _Reading(self, text).reply(scan(text, self.name))


@dataclass
class _Reading:
    """A reply, as far as it is read.

    ``kept`` is the text that stays in the history, ``named_cells_end`` the number of its parts up to the last
    block that calls itself a cell.
    """

    parser: ReplyParser
    text: str
    thinking: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    text_blocks: list[Block] = field(default_factory=list)
    named_cells_end: int = 0
    is_fenced: bool = False
    has_marks: bool = False
    is_thinking: bool = False
    is_unopened: bool = False
    shell_blocks: int = 0
    has_words: bool = False

    def reply(self, parts: Iterable[Part]) -> ParsedReply:
        """Read the parts up to the first that decides what the reply is."""
        for part in parts:
            if reply := self._read(part):
                return reply
        if self.named_cells_end:
            del self.kept[self.named_cells_end :]
            named = [block for block in self.text_blocks if block.names_cell]
            return self._parsed(tuple(map(_text_cell, named)))
        answer = _join(self.kept)
        written = without_prompts(dedented(answer))
        source = unwrapped(without_language(written))
        if not self.is_fenced and looks_like_code(source, fenced=False):
            self.prose.clear()
            is_own = self.parser.name == "markdown" and source == written and not self.has_marks
            return self._acted(CodeAction(source), is_own=is_own)
        self.prose = [answer]
        if self.is_thinking:
            return self._parsed(fault="thinking")
        if not answer and self.thinking:
            return self._parsed(fault="only thinking")
        if self.shell_blocks and not self.has_words:
            return self._parsed(fault="shell")
        doubt: Doubt = "call" if self._ends_in_call(answer) else "shell" if self.shell_blocks else ""
        return self._parsed(doubt=doubt)

    def _read(self, part: Part) -> ParsedReply | None:
        """Read one part; return the reply if it is decided by it."""
        written = self.text[part.start : part.end]
        match part:
            case Thinking():
                self.thinking.append(part.text)
                self.has_marks, self.is_thinking = True, not part.settled
                self.is_unopened = self.is_unopened or not part.opened
            case Mark():
                self.has_marks = True
            case Solution():
                self.kept.append(written)
                self.prose = [part.text]
                return self._parsed()
            case Call():
                return self._called(part, written)
            case Block():
                return self._fenced(part, written)
            case Prose():
                self.kept.append(written)
                self.prose.append(written)
                self.has_words = self.has_words or not written.isspace()
        return None

    def _called(self, call: Call, written: str) -> ParsedReply:
        if call.action is None:
            self.kept.append(self.text[call.start :])
            return self._parsed(fault="cut" if call.is_cut else "call")
        if call.missing and not written.startswith("<execute"):
            written = written.rstrip()
        return self._acted(call.action, is_own=call.is_own, written=written + call.missing)

    def _fenced(self, block: Block, written: str) -> ParsedReply | None:
        self.is_fenced = True
        if block.missing and not block.settled and is_cut_code(block):
            self.kept.append(written)
            return self._parsed(fault="cut")
        if block.is_code:
            action = CodeAction(block.source, "code", block.cell_id, block.after, block.before)
            return self._acted(action, is_own=self.parser.name == "markdown", written=written + block.missing)
        if block.language == "markdown" and not block.missing and self.parser.name == "markdown":
            self.text_blocks.append(block)
            self.kept.append(written)
            if block.names_cell:
                self.named_cells_end = len(self.kept)
            return None
        self.kept.append(written)
        self.prose.append(written)
        self.shell_blocks += block.language == "shell"
        return None

    def _acted(self, action: CodeAction, *, is_own: bool, written: str | None = None) -> ParsedReply:
        """Return the reply with an action that is ``written`` so, by default as all of the reply.

        One in another form is kept in the format's own.
        """
        if is_own:
            self.kept += [written] if written is not None else []
        else:
            before = "" if written is None else _join(self.kept)
            self.kept = [f"{before}\n\n" if before else "", self.parser.write(action)]
        return self._parsed((*map(_text_cell, self.text_blocks), action))

    def _ends_in_call(self, answer: str) -> bool:
        """Tell whether an answer ends in a call, which may be meant as one or only show it."""
        if may_be_action(answer.removesuffix("```").rstrip()):
            return True
        if not answer.endswith(("}", "]", "```")):
            return False
        body = answer.removesuffix("```").rstrip()
        start = max(body.rfind("\n{"), body.rfind("\n["))
        for _ in range(_LINES_OF_CALL):
            if start < 0 or call_in(body[start:].lstrip("\n")):
                return start >= 0
            start = max(body.rfind("\n{", 0, start), body.rfind("\n[", 0, start))
        return False

    def _parsed(
        self, actions: tuple[CodeAction, ...] = (), *, fault: Fault = "", doubt: Doubt = ""
    ) -> ParsedReply:
        text = "".join(self.kept)
        return ParsedReply(
            text.strip() if self.has_marks and not actions else text.lstrip() if self.has_marks else text,
            _join(self.prose),
            actions,
            fault,
            "\n\n".join(filter(None, self.thinking)),
            doubt,
            self.is_unopened,
        )


_LINES_OF_CALL = 20


def _join(prose: list[str]) -> str:
    return "".join(prose).strip()


def _text_cell(block: Block) -> CodeAction:
    return CodeAction(dedented(block.body), "markdown", block.cell_id, block.after, block.before)
