"""Tool calls that an endpoint streams in fields of their own, as the text that the agent reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...agent.replies.tool_calls import ToolsFormat

if TYPE_CHECKING:
    from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall


class ToolCalls:
    """Renders the tool calls of one reply piece by piece, as `ToolsFormat.render` writes a whole one."""

    def __init__(self) -> None:
        self._index: int | None = None
        self._closing = ""
        self._has_arguments = False

    def add(self, piece: ChoiceDeltaToolCall, *, after: str) -> str:
        """Return the text that a piece adds to the text ``after`` which it comes."""
        text, index = "", piece.index or 0
        function = piece.function
        if index != self._index:
            text = self.end()
            before = after + text
            text += "\n" if before and not before.endswith("\n") else ""
            name = (function.name if function else None) or ""
            opening, _, self._closing = ToolsFormat().render(name, "\0").partition("\0")
            text += opening
            self._index, self._has_arguments = index, False
        if function and function.arguments:
            self._has_arguments = True
            text += function.arguments
        return text

    def end(self) -> str:
        """Return what closes the open call, if there is one."""
        if self._index is None:
            return ""
        self._index = None
        return ("" if self._has_arguments else "{}") + self._closing
