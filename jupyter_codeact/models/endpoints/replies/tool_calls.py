"""Tool calls that an endpoint streams in fields of their own, as the text that the agent reads."""

from __future__ import annotations

import json

from ....agent.replies.tool_calls import ToolsFormat
from .chunks import CallPiece


class ToolCalls:
    """Renders the tool calls of one reply piece by piece, as `ToolsFormat.render` writes a whole one."""

    def __init__(self) -> None:
        self._open: CallPiece | None = None
        self._closing = ""
        self._arguments: list[str] = []

    def add(self, piece: CallPiece, *, after: str) -> str:
        """Return the text that a piece adds to the text ``after`` which it comes."""
        text = ""
        if self._begins_another(piece):
            text = self.end()
            before = after + text
            text += "\n" if before and not before.endswith("\n") else ""
            opening, _, self._closing = ToolsFormat().render(piece.name, "\0").partition("\0")
            text += opening
            self._open, self._arguments = piece, []
        arguments = piece.arguments
        if isinstance(arguments, dict):  # whole, as an object
            arguments = json.dumps(arguments, ensure_ascii=False)
        if arguments:
            self._arguments.append(arguments)
            text += arguments
        return text

    def end(self) -> str:
        """Return what closes the open call, if there is one."""
        if self._open is None:
            return ""
        self._open = None
        return ("" if any(map(str.strip, self._arguments)) else "{}") + self._closing

    def _begins_another(self, piece: CallPiece) -> bool:
        """Tell whether a piece is of another call than the open one; many servers have no index or id."""
        now = self._open
        if now is None:
            return True
        if piece.index is not None and now.index is not None and piece.index != now.index:
            return True
        if not piece.name:
            return False
        # Some servers repeat the name with each piece, others number every call 0.
        if piece.id and now.id:
            return piece.id != now.id
        return _is_whole("".join(self._arguments)) if self._may_end else False

    @property
    def _may_end(self) -> bool:
        """Whether the arguments so far may be whole: to read them with each piece would take too long."""
        last = next((piece for piece in reversed(self._arguments) if not piece.isspace()), "")
        return last.rstrip().endswith(("}", "]", '"'))


def _is_whole(arguments: str) -> bool:
    try:
        json.loads(arguments)
    except (ValueError, RecursionError):
        return False
    return True
