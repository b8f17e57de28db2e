"""Parsing a reply while it streams."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..contracts import Delta
from .reply import ActionFormat, ParsedReply, Preview


@dataclass(frozen=True, slots=True)
class ReplyUpdate(Preview):
    """What to add to the preview of a reply; with ``restart`` it replaces the preview."""

    restart: bool = False


class ReplyReader:
    """Splits a reply into thinking, prose and action while it streams.

    Parameters
    ----------
    action_format : ActionFormat
        How the model writes actions.
    """

    def __init__(self, action_format: ActionFormat) -> None:
        self._format = action_format
        self._text = self._thinking = ""
        self._shown = Preview()

    def feed(self, delta: Delta) -> ReplyUpdate | None:
        """Add a chunk of the reply; return what to add to the preview, if anything."""
        if delta.restart:
            self._text = self._thinking = ""
        self._text += delta.text
        self._thinking += delta.thinking
        before, self._shown = self._shown, self._with_thinking(self._format.preview(self._text))
        return _difference(before, self._shown, restart=delta.restart)

    @property
    def is_complete(self) -> bool:
        """Whether the first action is complete, so that generation can end."""
        return bool(self._text) and self._format.is_complete(self._text)

    def parsed(self) -> ParsedReply:
        """Return the finished reply."""
        parsed = self._format.parse(self._text)
        return replace(parsed, thinking=_join(self._thinking, parsed.thinking))

    def _with_thinking(self, preview: Preview) -> Preview:
        return replace(preview, thinking=_join(self._thinking, preview.thinking))


def _difference(before: Preview, now: Preview, *, restart: bool) -> ReplyUpdate | None:
    pairs = [(before.thinking, now.thinking), (before.prose, now.prose), (before.action, now.action)]
    if restart or not all(new.startswith(old) for old, new in pairs):
        return ReplyUpdate(now.thinking, now.prose, now.action, restart=True)
    new = [new[len(old) :] for old, new in pairs]
    return ReplyUpdate(new[0], new[1], new[2]) if any(new) else None


def _join(*parts: str) -> str:
    return "\n\n".join(filter(None, map(str.strip, parts)))
