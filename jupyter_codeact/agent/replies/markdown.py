"""Actions as fenced blocks, the format that models are used to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..source import dedented, looks_like_code, syntax_tree, without_prompts
from .fences import Block, Thinking, parts, thinking_text
from .reply import CodeAction, ParsedReply, Preview, drop_partial_markup


class MarkdownFormat:
    """Fenced blocks, the format that models are used to: the first Python block is the action."""

    name = "markdown"
    stop: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()

    def describe(self) -> str:
        """Return the instructions for the model."""
        return (
            "To act, write one ```python block. It runs as a notebook cell, and you are shown its output. "
            "```python cell=ID replaces cell ID; a ```markdown block before the code becomes a text cell. "
            "A reply without a code block is your final answer."
        )

    def call(self, text: str) -> None:
        """Return nothing: the endpoint gets blocks as the model wrote them."""

    def is_complete(self, text: str) -> bool:
        """Tell whether the first Python block is closed."""
        if text.count("```") < 2 and text.count("~~~") < 2:
            return False
        for part in parts(text):
            if not isinstance(part, Block) or part.language not in ("python", "unknown"):
                continue
            if not part.settled or part.is_code:
                return part.settled
        return False

    def preview(self, text: str) -> Preview:
        """Parse an unfinished reply."""
        thinking, prose, action = [], [], ""
        for part in parts(text):
            if isinstance(part, Thinking):
                thinking.append(thinking_text(text, part))
            elif isinstance(part, Block) and (part.language == "python" or part.is_code):
                action = part.body.rstrip()
                break
            else:
                prose.append(text[part.start : part.end])
        return Preview("\n\n".join(thinking), drop_partial_markup("".join(prose)), action)

    def parse(self, text: str) -> ParsedReply:
        """Parse a reply: the cells up to the first Python block, or an answer."""
        partial = _PartialReply()
        fenced = incomplete = False
        for part in parts(text):
            written = text[part.start : part.end]
            if isinstance(part, Thinking):
                partial.thinking.append(thinking_text(text, part))
                incomplete = not part.settled
                continue
            partial.kept.append(written)
            if not isinstance(part, Block):
                partial.prose.append(written)
                continue
            fenced = True
            if part.missing and _is_cut_code(part):
                return partial.reply(incomplete=True)
            if part.is_code:
                partial.kept.append(part.missing)
                action = CodeAction(part.source, "code", part.cell_id, part.after, part.before)
                return partial.reply((*map(_text_cell, partial.text_blocks), action))
            if part.language == "markdown" and not part.missing:
                partial.text_blocks.append(part)
                partial.named_cells_end = len(partial.kept) if part.names_cell else partial.named_cells_end
            else:
                partial.prose.append(written)
        if partial.named_cells_end:
            del partial.kept[partial.named_cells_end :]
            named = [block for block in partial.text_blocks if block.names_cell]
            return partial.reply(tuple(map(_text_cell, named)))
        answer = _join(partial.kept)
        source = without_prompts(dedented(answer))
        if not fenced and looks_like_code(source, fenced=False):
            partial.prose.clear()
            return partial.reply((CodeAction(source),))
        partial.prose = [answer]
        return partial.reply(incomplete=incomplete)


@dataclass
class _PartialReply:
    """The part of a reply parsed so far.

    ``kept`` is the text that stays in the history, ``named_cells_end`` the number of its parts up to the last
    block that calls itself a cell.
    """

    thinking: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    text_blocks: list[Block] = field(default_factory=list)
    named_cells_end: int = 0

    def reply(self, actions: tuple[CodeAction, ...] = (), *, incomplete: bool = False) -> ParsedReply:
        text = "".join(self.kept)
        return ParsedReply(
            text.lstrip() if self.thinking else text,
            _join(self.prose),
            actions,
            incomplete,
            "\n\n".join(self.thinking),
        )


def _join(prose: list[str]) -> str:
    return "".join(prose).strip()


def _text_cell(block: Block) -> CodeAction:
    return CodeAction(dedented(block.body), "markdown", block.cell_id, block.after, block.before)


def _is_cut_code(block: Block) -> bool:
    """Tell whether an unclosed block is code that breaks off in the middle."""
    if syntax_tree(block.source) is not None:
        return False
    if block.language == "python":
        return True
    lines = block.source.split("\n")
    whole = next((n for n in range(len(lines) - 1, 0, -1) if syntax_tree("\n".join(lines[:n]))), 0)
    return block.language == "unknown" and looks_like_code("\n".join(lines[:whole]), fenced=True)
