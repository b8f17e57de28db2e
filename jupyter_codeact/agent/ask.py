"""Asks the model for a reply: compacts the history if necessary, and asks again if a hook wants that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from .context import history
from .contracts import ChatModel, Message, TooLongError, Usage
from .events import HistoryCompacted, Reply, ReplyDelta
from .hooks.hook import Resample
from .hooks.running import Hooks
from .replies.reader import ReplyReader
from .replies.reply import ActionFormat, ParsedReply
from .run import Run

DEFAULT = Resample()


async def ask(run: Run, model: ChatModel, action_format: ActionFormat, hooks: Hooks) -> ParsedReply:
    """Return the model's reply to the conversation, which is compacted first if it may not fit."""
    run.window.tokens = model.info.context_window or run.window.tokens
    messages = history.messages(run.events, action_format)
    compacted = not run.window.fits(messages, run.window.reply(run.settings.reply_tokens))
    if compacted:
        _compact(run, messages)
    try:
        return await _ReplyRequest(run, model, action_format, hooks).reply()
    except TooLongError:
        if compacted:
            raise
        run.window.tokens = run.window.tokens or round(history.size(messages) / run.window.per_token)
        _compact(run, messages)
        return await _ReplyRequest(run, model, action_format, hooks).reply()


def _compact(run: Run, messages: Sequence[Message]) -> None:
    run.emit(HistoryCompacted, room=run.window.kept(messages))


@dataclass
class _ReplyRequest:
    """Asks for one reply, as often as the hooks want; what the model wrote is recorded in any case."""

    run: Run
    model: ChatModel
    action_format: ActionFormat
    hooks: Hooks
    spent: Usage = field(default_factory=Usage)
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "broken off"
    first_token_seconds: float | None = None
    started: float = field(default_factory=time.monotonic)

    async def reply(self) -> ParsedReply:
        """Ask until the hooks accept a reply."""
        sampling = self.hooks.before_reply() or DEFAULT
        reader = ReplyReader(self.action_format)
        reply: ParsedReply | None = None
        try:
            while True:
                messages = self._messages(sampling)
                await self.run.unless_stopped(self._read(reader, messages, sampling.temperature))
                if not self.usage.estimated:
                    self.run.window.learn(messages, self.usage.prompt_tokens)
                result = self.hooks.on_reply(reader.parsed())
                if isinstance(result, ParsedReply):
                    reply = result
                    return reply
                sampling, self.spent, self.usage = result, self.spent + self.usage, Usage()
                reader = ReplyReader(self.action_format)
                self.run.emit(ReplyDelta, restart=True)
        finally:
            self._record(reply or reader.parsed())

    def _messages(self, sampling: Resample) -> list[Message]:
        events = self.run.events
        if sampling.hide_failed:
            events = history.hide_failed_turns(events, self.run.id, sampling.note)
        return history.messages(events, self.action_format)

    async def _read(
        self, reader: ReplyReader, messages: Sequence[Message], temperature: float | None
    ) -> None:
        """Stream a reply until its first action is complete."""
        settings = self.run.settings
        limit = settings.reply_tokens
        stream = self.model.stream(
            messages,
            stop=self.action_format.stop,
            max_tokens=limit and self.run.window.reply(limit),
            temperature=settings.temperature if temperature is None else temperature,
            tools=self.action_format.tools,
            settings=settings,
        )
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                self.usage, self.finish_reason = (
                    delta.usage or self.usage,
                    delta.finish_reason or self.finish_reason,
                )
                if self.first_token_seconds is None and (delta.text or delta.thinking):
                    self.first_token_seconds = time.monotonic() - self.started
                if update := reader.feed(delta):
                    self.run.emit(
                        ReplyDelta,
                        thinking=update.thinking,
                        prose=update.prose,
                        action=update.action,
                        restart=update.restart,
                    )
                if reader.is_complete:
                    self.finish_reason = "action"
                    return

    def _record(self, reply: ParsedReply) -> None:
        usage = self.spent + self.usage
        self.run.spend(usage)
        if reply.text or reply.thinking:
            self.run.emit(
                Reply,
                text=reply.text,
                thinking=reply.thinking,
                prose=reply.prose,
                usage=usage,
                seconds=time.monotonic() - self.started,
                first_token_seconds=self.first_token_seconds,
                finish_reason=self.finish_reason,
            )
