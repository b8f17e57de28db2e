"""Fenced blocks, as models write them anyway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..source import dedented, looks_like_code, syntax_tree, without_prompts
from .fences import Block, Thinking, parts, thought
from .reply import CodeAction, ParsedReply, Preview, settled


class MarkdownFormat:
    """Fenced blocks, as models write them anyway: the first Python block is the action."""

    name = "markdown"
    stop: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()

    def describe(self) -> str:
        """Tell the model how to act in this format."""
        return (
            "To act, write one ```python block. It runs as a notebook cell, and you are shown its output. "
            "```python cell=ID replaces cell ID; a ```markdown block before the code becomes a text cell. "
            "A reply without a code block is your final answer."
        )

    def call(self, text: str) -> None:
        """Return nothing: an endpoint is shown blocks as the model wrote them."""

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
        """Read a reply that is still being written."""
        thinking, said, action = [], [], ""
        for part in parts(text):
            if isinstance(part, Thinking):
                thinking.append(thought(text, part))
            elif isinstance(part, Block) and (part.language == "python" or part.is_code):
                action = part.body.rstrip()
                break
            else:
                said.append(text[part.start : part.end])
        return Preview("\n\n".join(thinking), settled("".join(said)), action)

    def parse(self, text: str) -> ParsedReply:
        """Read a reply: the cells up to the first Python block, or an answer."""
        reading = _Reading()
        fenced = incomplete = False
        for part in parts(text):
            written = text[part.start : part.end]
            if isinstance(part, Thinking):
                reading.thinking.append(thought(text, part))
                incomplete = not part.settled
                continue
            reading.kept.append(written)
            if not isinstance(part, Block):
                reading.said.append(written)
                continue
            fenced = True
            if part.missing and _is_cut_code(part):
                return reading.reply(incomplete=True)
            if part.is_code:
                reading.kept.append(part.missing)
                action = CodeAction(part.source, "code", part.cell_id)
                return reading.reply((*map(_text_cell, reading.markdown), action))
            if part.language == "markdown" and not part.missing:
                reading.markdown.append(part)
                reading.named = len(reading.kept) if part.names_cell else reading.named
            else:
                reading.said.append(written)
        if reading.named:
            del reading.kept[reading.named :]
            named = [block for block in reading.markdown if block.names_cell]
            return reading.reply(tuple(map(_text_cell, named)))
        answer = _joined(reading.kept)
        source = without_prompts(dedented(answer))
        if not fenced and looks_like_code(source, fenced=False):
            reading.said.clear()
            return reading.reply((CodeAction(source),))
        reading.said = [answer]
        return reading.reply(incomplete=incomplete)


@dataclass
class _Reading:
    """What was read so far; ``kept`` stays in the history, ``named`` is where the last named cell ends."""

    thinking: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    markdown: list[Block] = field(default_factory=list)
    named: int = 0

    def reply(self, actions: tuple[CodeAction, ...] = (), *, incomplete: bool = False) -> ParsedReply:
        text = "".join(self.kept)
        return ParsedReply(
            text.lstrip() if self.thinking else text,
            _joined(self.said),
            actions,
            incomplete,
            "\n\n".join(self.thinking),
        )


def _joined(said: list[str]) -> str:
    return "".join(said).strip()


def _text_cell(block: Block) -> CodeAction:
    return CodeAction(dedented(block.body), "markdown", block.cell_id)


def _is_cut_code(block: Block) -> bool:
    """Tell whether a block that was never closed is code that stops in the middle."""
    if syntax_tree(block.source) is not None:
        return False
    if block.language == "python":
        return True
    lines = block.source.split("\n")
    whole = next((n for n in range(len(lines) - 1, 0, -1) if syntax_tree("\n".join(lines[:n]))), 0)
    return block.language == "unknown" and looks_like_code("\n".join(lines[:whole]), fenced=True)
