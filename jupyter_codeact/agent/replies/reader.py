"""Parsing a reply while it streams."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from ..contracts import Delta
from .reply import ActionFormat, ParsedReply, Preview

STEPS = 256
"""A reply is parsed anew when it has grown by this share of itself, so that all the parsing of a reply that
streams is linear in its length."""


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
    wait : float
        How many characters to read on after an action that no thinking came before: a mark further on may
        tell that all of it was thinking, which some chat templates open in the prompt.
    """

    def __init__(self, action_format: ActionFormat, *, wait: float = 0) -> None:
        self._format, self._wait = action_format, wait
        self._begin()

    def _begin(self) -> None:
        self._text: list[str] = []
        self._thinking: list[str] = []  # what the endpoint itself marks as thinking
        self._length = self._parsed_length = self._thinking_length = self._action_end = 0
        self._shown = Preview()  # of the text
        self._is_stale = False

    def feed(self, delta: Delta) -> ReplyUpdate | None:
        """Add a chunk of the reply; return what to add to the preview, if anything."""
        if delta.restart:
            self._begin()
        thinking = delta.thinking if self._thinking else delta.thinking.lstrip()
        if thinking:
            self._thinking.append(thinking)
            self._thinking_length += len(thinking)
            self._is_stale = self._is_stale or bool(self._shown.thinking)
        self._text.append(delta.text)
        self._length += len(delta.text)
        grown = (self._length - self._parsed_length) * STEPS
        if not delta.restart and (not grown or grown < self._length):
            return ReplyUpdate(thinking) if thinking and not self._shown.thinking else None
        return self._parse(thinking, restart=delta.restart)

    def finish(self) -> ReplyUpdate | None:
        """Return what to add to the preview at the end of the reply."""
        return self._parse("", restart=False) if self._parsed_length < self._length else None

    def _parse(self, thinking: str, *, restart: bool) -> ReplyUpdate | None:
        """Parse the text so far; ``thinking`` is that of this chunk."""
        self._parsed_length = self._length
        before, now = self._shown, self._format.preview("".join(self._text))
        self._shown = now
        if not (before.complete and now.complete):
            self._action_end = self._length
        pairs = [(before.thinking, now.thinking), (before.prose, now.prose), (before.action, now.action)]
        if restart or self._is_stale or not all(new.startswith(old) for old, new in pairs):
            self._is_stale = False
            whole = "\n\n".join(filter(None, ["".join(self._thinking), now.thinking]))
            return ReplyUpdate(whole, now.prose, now.action, restart=True)
        added, prose, action = [new[len(old) :] for old, new in pairs]
        if added and self._thinking and not before.thinking:
            added = "\n\n" + added
        update = ReplyUpdate(thinking + added, prose, action)
        return update if update != ReplyUpdate() else None

    @property
    def is_complete(self) -> bool:
        """Whether the first action is complete, so that generation can end."""
        has_thought = bool(self._thinking or self._shown.thinking)
        return self._shown.complete and (has_thought or self._length - self._action_end >= self._wait)

    @property
    def has_action(self) -> bool:
        """Whether there is a complete action which may count, although the reply was cut off after it."""
        return self.is_complete or (self._shown.complete and self._wait < inf)

    @property
    def thinking_share(self) -> float:
        """The share of thinking in what was written so far."""
        thinking = self._thinking_length + len(self._shown.thinking)
        return thinking / max(1, thinking, self._thinking_length + self._length)

    def parsed(self) -> ParsedReply:
        """Return the finished reply."""
        parsed = self._format.parse("".join(self._text))
        thinking = "\n\n".join(filter(None, ["".join(self._thinking).strip(), parsed.thinking]))
        is_only_thinking = thinking and not (parsed.prose or parsed.actions or parsed.fault)
        return replace(parsed, thinking=thinking, fault="only thinking" if is_only_thinking else parsed.fault)
