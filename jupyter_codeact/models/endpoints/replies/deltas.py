"""The chunks of a reply as the `Delta`s that the agent reads: valid text, calls as text, the cost so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....agent.contracts import Delta, Message
from ..errors import EmptyReplyError, IncompleteReplyError
from ..words import ServerError
from . import counting
from .chunks import Chunk
from .stops import Stops
from .tool_calls import ToolCalls


class ValidText:
    """Makes streamed text valid Unicode: joins surrogate pairs that two pieces share, replaces lone ones."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the text without what the next piece may complete."""
        if text.isascii() and not self._held:
            return text
        text, self._held = self._held + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return valid(text)

    def end(self) -> str:
        """Return what was held."""
        held, self._held = self._held, ""
        return "\ufffd" if held else ""


def valid(text: str) -> str:
    """Return text with surrogate pairs joined and lone surrogates replaced."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Deltas:
    """Turns the chunks of one reply into deltas.

    Parameters
    ----------
    messages, tools
        The request, to estimate its tokens where the endpoint does not count.
    stops
        The stop strings, at which the text ends even where the endpoint ignores them.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] = (),
        stops: Sequence[str] = (),
    ) -> None:
        self._prompt = counting.prompt_size(messages, tools)
        self._valid_text, self._valid_thinking = ValidText(), ValidText()
        self._calls, self._stops = ToolCalls(), Stops(stops)
        self._raw: list[str] = []
        self._text, self._thinking, self._last = 0, 0, ""  # lengths, and the text's last character
        self._count: counting.Count | None = None
        self._odd: Any = None
        self._begun = self._finished = False

    def feed(self, chunk: Chunk) -> Delta | None:
        """Return what a chunk adds, if it adds anything."""
        self._odd = chunk.odd if self._odd is None else self._odd
        if chunk.is_end:
            return self._end() if self._begun else None
        text, thinking = self._new(chunk)
        text, thinking = self._stops.feed(self._valid_text.feed(text)), self._valid_thinking.feed(thinking)
        for call in chunk.calls:
            text += self._calls.add(call, after=text or self._last)
        reason = "stop" if self._stops.found else chunk.finish_reason
        if self._begun and not self._finished and chunk.count and not chunk.has_choice:
            reason = "stop"  # the count comes last, where it comes alone
        if reason:
            text += self._rest()
            thinking += self._valid_thinking.end()
        self._count = chunk.count or self._count
        return self._delta(text, thinking, reason, is_counted=chunk.count is not None)

    def check(self) -> None:
        """Check at the end of the answer that the reply is whole.

        Raises
        ------
        ServerError
            If the answer is none.
        IncompleteReplyError
            If it broke off.
        """
        if self._finished:
            return
        if self._begun:
            raise IncompleteReplyError
        if self._odd is not None:
            raise ServerError(None, self._odd, in_stream=True)
        raise EmptyReplyError

    def _end(self) -> Delta | None:
        """Return what ends a reply that is whole although no chunk said so."""
        if self._finished:
            return None
        return self._delta(self._rest(), self._valid_thinking.end(), "stop", is_counted=False)

    def _rest(self) -> str:
        """Return the text that was held, and what closes an open call."""
        return self._stops.feed(self._valid_text.end()) + self._stops.end() + self._calls.end()

    @property
    def is_stopped(self) -> bool:
        """Whether the text has come to a stop string."""
        return self._stops.found

    def _delta(self, text: str, thinking: str, reason: str | None, *, is_counted: bool) -> Delta | None:
        text = valid(text)
        self._text, self._last = self._text + len(text), text[-1:] or self._last
        self._thinking += len(thinking)
        self._begun = self._begun or bool(text or thinking)
        self._finished = self._finished or reason is not None
        if not (text or thinking or reason or is_counted):
            return None
        usage = counting.usage_of(self._count, self._prompt, self._text + self._thinking)
        return Delta(text=text, thinking=thinking, usage=usage, finish_reason=reason)

    def _new(self, chunk: Chunk) -> tuple[str, str]:
        """Return a chunk's text and thinking without what earlier ones had.

        Some servers repeat the message so far with each piece, or the whole one at the end.
        """
        text, thinking = chunk.text, chunk.thinking
        before = "".join(self._raw) if chunk.is_message else ""
        if (
            before
            and text.startswith(before)
            and (chunk.finish_reason is not None or len(text) > len(before) >= 4)
        ):
            text, thinking = text[len(before) :], "" if self._thinking else thinking
        self._raw.append(text)
        return text, thinking
