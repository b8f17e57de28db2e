"""Actions as fenced blocks, the format that models are used to."""

from __future__ import annotations

import re

from .parsing import ReplyParser
from .reply import CodeAction


class MarkdownFormat(ReplyParser):
    """Fenced blocks, the format that models are used to: the first Python block is the action."""

    name = "markdown"

    def describe(self) -> str:
        """Return the instructions for the model."""
        return (
            "To act, write one ```python block. It runs as a notebook cell, and you are shown its output. "
            "```python cell=ID replaces cell ID; a ```markdown block before the code becomes a text cell. "
            "A reply without a code block is your final answer."
        )

    def write(self, action: CodeAction) -> str:
        """Return a code cell as a fenced block."""
        longest = max(
            (len(run) for run in re.findall(r"^[ \t]*(`{3,})", action.source, re.MULTILINE)), default=2
        )
        fence = "`" * (longest + 1)
        named = {"cell": action.cell_id, "after": action.after, "before": action.before}
        where = "".join(f" {key}={cell}" for key, cell in named.items() if cell)
        return f"{fence}python{where}\n{action.source}\n{fence}"
