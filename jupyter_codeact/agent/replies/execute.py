"""The CodeActAgent models' own tags."""

from __future__ import annotations

from .parsing import ReplyParser
from .reply import CodeAction


class ExecuteFormat(ReplyParser):
    """The CodeActAgent models' own tags: ``<execute>`` for an action, ``<solution>`` for an answer."""

    name = "execute"
    stop = ("</execute>",)

    def describe(self) -> str:
        """Return the instructions for the model."""
        return (
            "To act, write Python between <execute> and </execute>. It runs as a notebook cell, and you are "
            "shown its output. Write your final answer between <solution> and </solution>."
        )

    def write(self, action: CodeAction) -> str:
        """Return a code cell between tags."""
        return f"<execute>\n{action.source}\n</execute>"
