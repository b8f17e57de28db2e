"""Function calls that an endpoint streams in its protocol's own way, as the text that the agent reads."""

from __future__ import annotations

from typing import Any

from ...agent.replies.formats import ToolsFormat


class Calls:
    """Turns the pieces of one reply's calls into pieces of text, as `ToolsFormat.render` writes a call."""

    def __init__(self) -> None:
        self._index: int | None = None
        self._closing = ""
        self._has_arguments = False

    def text(self, piece: Any, *, after: str) -> str:
        """Return what a piece adds; ``after`` is what the reply had said before."""
        said, index = "", piece.index or 0
        function = piece.function
        if index != self._index:
            said = self.end()
            lead = after + said
            said += "\n" if lead and not lead.endswith("\n") else ""
            name = (function.name if function else None) or ""
            opening, _, self._closing = ToolsFormat().render(name, "\0").partition("\0")
            said += opening
            self._index, self._has_arguments = index, False
        if function and function.arguments:
            self._has_arguments = True
            said += function.arguments
        return said

    def end(self) -> str:
        """Return what closes the call that is open, if one is."""
        if self._index is None:
            return ""
        self._index = None
        return ("" if self._has_arguments else "{}") + self._closing
