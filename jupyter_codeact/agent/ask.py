"""Asking the model for one reply: with a history that has room, and again where a hook wants it."""

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

AS_USUAL = Resample(temperature=0.0)


async def ask(run: Run, model: ChatModel, action_format: ActionFormat, hooks: Hooks) -> ParsedReply:
    """Return the model's reply to the conversation, which is compacted first if it might not have room."""
    run.window.tokens = model.info.context_window or run.window.tokens
    chat = history.messages(run.events, action_format)
    compacted = not run.window.holds(chat, run.window.reply(run.budget.reply_tokens))
    if compacted:
        _compact(run, chat)
    try:
        return await _Asking(run, model, action_format, hooks).reply()
    except TooLongError:
        if compacted:
            raise
        run.window.tokens = run.window.tokens or round(history.size(chat) / run.window.per_token)
        _compact(run, chat)
        return await _Asking(run, model, action_format, hooks).reply()


def _compact(run: Run, chat: Sequence[Message]) -> None:
    run.emit(HistoryCompacted, room=run.window.kept(chat))


@dataclass
class _Asking:
    """One reply, asked for as often as the hooks want; what was said is recorded however it ends."""

    run: Run
    model: ChatModel
    action_format: ActionFormat
    hooks: Hooks
    spent: Usage = field(default_factory=Usage)
    usage: Usage = field(default_factory=Usage)
    finish: str = "broken off"
    first: float | None = None
    begun: float = field(default_factory=time.monotonic)

    async def reply(self) -> ParsedReply:
        """Ask until the hooks take the reply."""
        how = self.hooks.before_reply() or AS_USUAL
        reader = ReplyReader(self.action_format)
        reply: ParsedReply | None = None
        try:
            while True:
                asked = self._messages(how)
                await self.run.unless_stopped(self._read(reader, asked, how.temperature))
                if not self.usage.estimated:
                    self.run.window.learn(asked, self.usage.prompt_tokens)
                found = self.hooks.on_reply(reader.parsed())
                if isinstance(found, ParsedReply):
                    reply = found
                    return reply
                how, self.spent, self.usage = found, self.spent + self.usage, Usage()
                reader = ReplyReader(self.action_format)
                self.run.emit(ReplyDelta, restart=True)
        finally:
            self._record(reply or reader.parsed())

    def _messages(self, how: Resample) -> list[Message]:
        events = self.run.events
        if how.hide_failed:
            events = history.hide_failed_turns(events, self.run.id, how.note)
        return history.messages(events, self.action_format)

    async def _read(self, reader: ReplyReader, asked: Sequence[Message], temperature: float) -> None:
        """Stream a reply, cut where its first action is complete."""
        stream = self.model.stream(
            asked,
            stop=self.action_format.stop,
            max_tokens=self.run.window.reply(self.run.budget.reply_tokens),
            temperature=temperature,
            tools=self.action_format.tools,
        )
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                self.usage, self.finish = delta.usage or self.usage, delta.finish_reason or self.finish
                if self.first is None and (delta.text or delta.thinking):
                    self.first = time.monotonic() - self.begun
                if piece := reader.feed(delta):
                    self.run.emit(
                        ReplyDelta,
                        thinking=piece.thinking,
                        prose=piece.prose,
                        action=piece.action,
                        restart=piece.restart,
                    )
                if reader.is_complete:
                    self.finish = "action"
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
                seconds=time.monotonic() - self.begun,
                first_token_seconds=self.first,
                finish_reason=self.finish,
            )
