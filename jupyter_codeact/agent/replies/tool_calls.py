"""Native function calling, written as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .parsing import ReplyParser
from .reply import CodeAction


class ToolsFormat(ReplyParser):
    """Native function calling, written as text.

    A client turns the calls that an endpoint reports into text with `render`; models that write calls into
    their replies use the same form. The endpoint gets past calls and results in its own protocol: hosted
    models continue the pattern, and local ones see the form of their chat template.
    """

    name = "tools"
    schema: Mapping[str, Any] = {
        "type": "function",
        "function": {
            "name": "python",
            "description": "Run Python in a cell of the notebook and show its output.",
            "parameters": {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "description": "source of the cell"},
                    "cell": {"type": "string", "description": "id of the cell to replace, if any"},
                },
                "required": ["code"],
            },
        },
    }
    """The one tool, as an OpenAI-compatible endpoint expects it."""
    tools: tuple[Mapping[str, Any], ...] = (schema,)

    def describe(self) -> str:
        """Return the instructions for the model."""
        return (
            "To act, call the function python with the code of one notebook cell; you are shown its output. "
            "A reply without a call is your final answer."
        )

    def render(self, name: str, arguments: str) -> str:
        """Return a call as text; ``arguments`` are JSON, as the endpoint sent them."""
        return f'<tool_call>\n{{"name": {json.dumps(name)}, "arguments": {arguments}}}\n</tool_call>'

    def call(self, text: str) -> tuple[str, str, str] | None:
        """Return a reply as a call of the one tool: the text before it, the name, the arguments."""
        parsed = self.parse(text)
        return (parsed.prose, "python", _arguments(parsed.actions[-1])) if parsed.actions else None

    def write(self, action: CodeAction) -> str:
        """Return a code cell as a call."""
        return self.render("python", _arguments(action))


def _arguments(action: CodeAction) -> str:
    named = {"cell": action.cell_id, "after": action.after, "before": action.before}
    where = {key: cell for key, cell in named.items() if cell}
    return json.dumps({"code": action.source, **where}, ensure_ascii=False)
