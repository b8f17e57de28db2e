"""Parsing a reply while it streams."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import inf

from ..contracts import Delta
from .reply import ActionFormat, ParsedReply, Preview

STEPS = 256
"""A reply is parsed anew when it has grown by this share of itself, so that all the parsing of a reply that
streams is linear in its length."""
REST = 10.0
"""After a parsing that took long there is none for so many times as long: not even a reply that is hard to
read, and comes fast, keeps the reader busy for more than a tenth of the time."""
QUICK = 0.001
"""Seconds of a parsing after which no rest is needed."""
MAX_REPLY = 500_000
"""Characters of the longest reply, with its thinking: more than any model's limit of tokens allows."""
LOOP_PIECE, LOOP_TIMES, LOOP_CHARS, LOOP_CHECKED = 2000, 4, 1000, 128
"""A reply repeats itself if it ends in the same piece of at most so many characters, at least so many times
and for at least so many characters: no code or table that is worth running has that, and models that do not
know what to say have it to the end of their context. Looked for after every so many characters."""
_LOOP_KEY = 32


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

    Attributes
    ----------
    repeats_itself : bool
        Whether the reply goes on and on with the same words.
    """

    repeats_itself: bool

    def __init__(self, action_format: ActionFormat, *, wait: float = 0) -> None:
        self._format, self._wait = action_format, wait
        self._begin()

    def _begin(self) -> None:
        self._text: list[str] = []
        self._thinking: list[str] = []  # what the endpoint itself marks as thinking
        self._length = self._parsed_length = self._thinking_length = self._action_end = 0
        self._shown = Preview()  # of the text
        self._is_stale = self._restarts = False
        self._new_thinking: list[str] = []  # which no update has had yet
        self._rests_until = 0.0
        self._tail, self._unchecked = "", 0  # of the text and the thinking, as they came
        self.repeats_itself = False

    def feed(self, delta: Delta) -> ReplyUpdate | None:
        """Add a chunk of the reply; return what to add to the preview, if anything."""
        return self.read() if self.add(delta) else self.unparsed()

    def add(self, delta: Delta) -> bool:
        """Add a chunk of the reply; return whether it is time to `read`."""
        if delta.restart:
            self._begin()
            self._restarts = True
        thinking = delta.thinking if self._thinking else delta.thinking.lstrip()
        thinking = thinking[: MAX_REPLY - self.length]
        if thinking:
            self._thinking.append(thinking)
            self._new_thinking.append(thinking)
            self._thinking_length += len(thinking)
            self._is_stale = self._is_stale or bool(self._shown.thinking)
        if text := delta.text[: MAX_REPLY - self.length]:
            self._text.append(text)
            self._length += len(text)
        self._look_for_a_loop(thinking + text)
        grown = (self._length - self._parsed_length) * STEPS
        is_due = self._restarts or (grown > 0 and grown >= self._length)
        return is_due and (self._restarts or time.monotonic() >= self._rests_until)

    def _look_for_a_loop(self, added: str) -> None:
        self._tail = (self._tail + added)[-LOOP_PIECE * LOOP_TIMES :]
        self._unchecked += len(added)
        if self._unchecked < LOOP_CHECKED:
            return
        self._unchecked, self.repeats_itself = 0, _repeats_itself(self._tail)

    def unparsed(self) -> ReplyUpdate | None:
        """Return what to add to the preview without parsing: the thinking that the endpoint marks as such."""
        if not self._new_thinking or self._shown.thinking:
            return None
        thinking, self._new_thinking = "".join(self._new_thinking), []
        return ReplyUpdate(thinking)

    @property
    def is_endless(self) -> bool:
        """Whether the reply is longer than any should be; what came beyond that is not kept."""
        return self.length >= MAX_REPLY

    @property
    def length(self) -> int:
        """The characters of the reply so far, with its thinking."""
        return self._length + self._thinking_length

    def finish(self) -> ReplyUpdate | None:
        """Return what to add to the preview at the end of the reply."""
        return self.read() if self._parsed_length < self._length or self._new_thinking else None

    def read(self) -> ReplyUpdate | None:
        """Parse the text so far; return what to add to the preview."""
        began = time.thread_time()
        try:
            return self._read()
        finally:
            took = time.thread_time() - began
            self._rests_until = time.monotonic() + (REST * took if took > QUICK else 0.0)

    def _read(self) -> ReplyUpdate | None:
        restart, self._restarts = self._restarts, False
        thinking, self._new_thinking = "".join(self._new_thinking), []
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


def _repeats_itself(tail: str) -> bool:
    """Tell whether a text ends in a loop; only distances at which its last words stand again are tried."""
    key = tail[-_LOOP_KEY:]
    place = len(tail) - len(key)
    while (place := tail.rfind(key, 0, place + len(key) - 1)) >= 0:
        size = len(tail) - len(key) - place
        if tail.endswith(tail[-size:] * max(LOOP_TIMES, -(-LOOP_CHARS // size))):
            return True
    return False
