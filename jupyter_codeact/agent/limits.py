"""Replies that are cut off, at a limit or in a loop: asked for once more, with more room where that helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from . import prompts
from .context import history
from .contracts import Message, Usage
from .ending import Ended
from .replies.reply import ParsedReply
from .run import Run

REPEATED = "repeated"
"""The finish reason of a reply that was ended because it repeated itself."""
CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length", REPEATED})
"""Finish reasons of a reply that was cut off."""
MARGIN = 0.02
"""The share of a context window that is left free, because chat templates add tokens."""
WORTH_IT = 1.5
"""More room is at least so many times what a reply had."""
UNKNOWN_WINDOW_FACTOR = 4
REPEATING = (
    "The model's reply repeated the same words over and over, also when it was asked for again. Ask in other"
    " words, or use another model."
)


@dataclass
class ReplyLimit:
    """The limit of one reply, and what happened at it.

    Attributes
    ----------
    way : str
        How the reply is asked for: ``"first"``; then ``"with room"``, ``"briefly"``, or, if it is an answer
        that broke off, to be ``"continued"``.
    beginning : ParsedReply or None
        The answer that is to be continued.
    """

    run: Run
    way: Literal["first", "with room", "briefly", "continued"] = "first"
    beginning: ParsedReply | None = None

    def tokens(self, messages: Sequence[Message]) -> int | None:
        """Return the limit to send with a request; ``None`` leaves it to the endpoint."""
        limit = self.run.settings.reply_tokens
        if self.run.needs_room:
            return self._room(messages) or limit
        return limit and self.run.window.reply(limit)

    def messages(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages to send: with what a model is told whose reply was cut off."""
        if self.beginning is not None:
            beginning = {"role": "assistant", "content": self.beginning.text}
            return [*messages, beginning, {"role": "user", "content": prompts.CONTINUE}]
        if self.way == "briefly":
            return history.with_note(messages, prompts.TOO_LONG)
        return list(messages)

    def ask_again(self, reply: ParsedReply, usage: Usage, messages: Sequence[Message]) -> None:
        """Choose how to ask for a reply again that was cut off.

        Raises
        ------
        Ended
            If that was done already.
        """
        limit = self.tokens(messages)
        if self.way != "first":
            raise Ended("out_of_tokens", message=_message(usage, limit, reply, self.way))
        room = self._room(messages)
        had = max(limit or 0, usage.completion_tokens)
        if not self.run.needs_room and room is not None and room >= WORTH_IT * had:
            self.way, self.run.needs_room = "with room", True
        else:
            self.ask_without_room(reply)

    def ask_once_in_brief(self) -> None:
        """Ask for a reply again that repeated itself: more room would only have more of the same.

        Raises
        ------
        Ended
            If it was asked for again already.
        """
        if self.way != "first":
            raise Ended("stuck", message=REPEATING)
        self.way = "briefly"

    def ask_without_room(self, reply: ParsedReply) -> None:
        """Ask again where there is no more room: to continue an answer, or for something shorter."""
        self.run.needs_room = False
        self.way = "continued" if reply.is_answer else "briefly"
        self.beginning = reply if reply.is_answer else None

    def _room(self, messages: Sequence[Message]) -> int | None:
        """Return how many tokens the context window leaves for a reply."""
        window, limit = self.run.window, self.run.settings.reply_tokens
        if window.tokens is None:
            return limit and limit * UNKNOWN_WINDOW_FACTOR
        room = round(window.tokens * (1 - MARGIN) - history.size(messages) / window.per_token)
        return room if room > 0 else None


def _message(usage: Usage, limit: int | None, reply: ParsedReply, way: str) -> str:
    """Return a sentence for the user about a reply that was cut off twice."""
    about = "about " if usage.estimated else ""
    at = f"its limit of {limit:,} tokens" if limit else f"{about}{usage.completion_tokens:,} tokens"
    in_what = " in its thinking" if reply.fault in ("thinking", "only thinking") else ""
    asked = {"with room": "with more room", "continued": "from where it broke off"}.get(way, "in brief")
    return (
        f"The model's reply was cut off{in_what} at {at}, although it was asked for again {asked}. "
        "Set a higher reply limit or a lower reasoning effort, or use a model with a bigger context window."
    )
