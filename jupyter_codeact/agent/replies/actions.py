"""What a reply asks for: an action to run, or an answer.

An `ActionFormat` reads the reply while it grows, so that the model can be cut off behind its first action,
and once more when it is whole. Whatever is ambiguous is an answer: prose is never run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..source import dedented, looks_like_code, syntax_tree, without_prompts
from .fences import Block, Thinking, parts


@dataclass(frozen=True, slots=True)
class CodeAction:
    """A cell that the model wants in the notebook; a code cell is to be run.

    ``cell_id`` names the cell to rewrite; ``None`` asks for a new one.
    """

    source: str
    cell_type: Literal["code", "markdown"] = "code"
    cell_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """A reply, understood.

    Parameters
    ----------
    text : str
        The reply as it stays in the history: cut behind the action, whose closing fence is there. Otherwise
        byte for byte what the model wrote, so that a prefix cache still knows it.
    prose : str
        What the model says to the user, without the actions and without its thinking.
    actions : tuple of CodeAction
        Cells in order; at most one is a code cell, and it is the last. Empty if the reply is an answer.
    incomplete : bool
        Whether the reply broke off in its thinking or in code that cannot be run like this. Then there is no
        action, and ``prose`` is no answer.
    """

    text: str
    prose: str
    actions: tuple[CodeAction, ...] = ()
    incomplete: bool = False


class ActionFormat(Protocol):
    """A way to write actions into a reply."""

    @property
    def name(self) -> str:
        """What the configuration calls the format."""
        ...

    @property
    def stop(self) -> tuple[str, ...]:
        """Strings that an engine can end the reply at. It may leave them out of the reply."""
        ...

    @property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """Functions to declare to the endpoint, if the format uses its function calling."""
        ...

    def is_complete(self, text: str) -> bool:
        """Tell whether nothing that may still come changes what `parse` makes of the reply. Cheap.

        But for one thing: a ``</think>`` that was never opened turns all before it into thinking.
        """
        ...

    def parse(self, text: str) -> ParsedReply:
        """Read a reply that has ended, or that was cut off because it `is_complete`. Never raises."""
        ...

    def describe(self) -> str:
        """Tell the model how to act in this format."""
        ...

    def call(self, text: str) -> tuple[str, str, str] | None:
        """Return a reply as a call of one of the `tools`: what is said before, the name, the arguments."""
        ...


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

    def parse(self, text: str) -> ParsedReply:
        """Read a reply: the cells up to the first Python block, or an answer."""
        said: list[str] = []
        markdown: list[Block] = []
        everything: list[str] = []
        fenced = broken_off = False
        for part in parts(text):
            written = text[part.start : part.end]
            if isinstance(part, Thinking):
                broken_off = not part.settled
                continue
            everything.append(written)
            if not isinstance(part, Block):
                said.append(written)
                continue
            fenced = True
            if part.missing and _is_cut_code(part):
                return ParsedReply(text, _joined(said), incomplete=True)
            if part.is_code:
                action = CodeAction(part.source, "code", part.cell_id)
                return ParsedReply(
                    text[: part.end] + part.missing, _joined(said), (*map(_text_cell, markdown), action)
                )
            if part.language == "markdown" and not part.missing:
                markdown.append(part)
            else:
                said.append(written)
        named = [block for block in markdown if block.names_cell]
        if named:
            return ParsedReply(text[: named[-1].end], _joined(said), tuple(map(_text_cell, named)))
        answer = _joined(everything)
        source = without_prompts(dedented(answer))
        if not fenced and looks_like_code(source, fenced=False):
            return ParsedReply(text, "", (CodeAction(source),))
        return ParsedReply(text, answer, incomplete=broken_off)


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
