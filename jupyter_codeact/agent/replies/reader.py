"""Reading a reply while it streams."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..contracts import Delta
from .reply import ActionFormat, ParsedReply, Preview


@dataclass(frozen=True, slots=True)
class Piece(Preview):
    """What is new in a reply; with ``restart`` it is all there is, and what came before no longer counts."""

    restart: bool = False


class ReplyReader:
    """Takes a reply in as it streams, and tells its thinking, prose and action apart.

    Parameters
    ----------
    action_format : ActionFormat
        How the model writes actions.
    """

    def __init__(self, action_format: ActionFormat) -> None:
        self._format = action_format
        self._text = self._thinking = ""
        self._shown = Preview()

    def feed(self, delta: Delta) -> Piece | None:
        """Take in a piece of the reply; return what is new to watch, if anything is."""
        if delta.restart:
            self._text = self._thinking = ""
        self._text += delta.text
        self._thinking += delta.thinking
        before, self._shown = self._shown, self._with_thinking(self._format.preview(self._text))
        return _difference(before, self._shown, restart=delta.restart)

    @property
    def is_complete(self) -> bool:
        """Whether the first action is complete, so that the model can be cut off."""
        return bool(self._text) and self._format.is_complete(self._text)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come yet."""
        return not self._text and not self._thinking

    def parsed(self) -> ParsedReply:
        """Return the reply as it is when it has ended."""
        parsed = self._format.parse(self._text)
        return replace(parsed, thinking=_joined(self._thinking, parsed.thinking))

    def _with_thinking(self, preview: Preview) -> Preview:
        return replace(preview, thinking=_joined(self._thinking, preview.thinking))


def _difference(before: Preview, now: Preview, *, restart: bool) -> Piece | None:
    pairs = [(before.thinking, now.thinking), (before.prose, now.prose), (before.action, now.action)]
    if restart or not all(new.startswith(old) for old, new in pairs):
        return Piece(now.thinking, now.prose, now.action, restart=True)
    new = [new[len(old) :] for old, new in pairs]
    return Piece(new[0], new[1], new[2]) if any(new) else None


def _joined(*parts: str) -> str:
    return "\n\n".join(filter(None, map(str.strip, parts)))
