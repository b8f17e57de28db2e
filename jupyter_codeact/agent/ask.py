"""Asks the model for a reply: compacts the history if necessary, and asks again if a hook wants that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from math import inf

from .aside import aside
from .context import history
from .contracts import (
    ChatModel,
    Delta,
    Message,
    ModelError,
    ModelInfo,
    ModelSettings,
    TooLongError,
    Usage,
)
from .ending import Ended
from .events import Event, HistoryCompacted, ModelDescribed, Reply, ReplyDelta, RunStarted
from .hooks.hook import Resample
from .hooks.running import Hooks
from .limits import CUT, REPEATED, ReplyLimit
from .replies.reader import MAX_REPLY, ReplyReader, ReplyUpdate
from .replies.reply import ActionFormat, ParsedReply
from .run import Run

DEFAULT = Resample()
FILTERED = "content_filter"
"""The finish reason of a reply that the endpoint itself broke off, because of what it says."""
UNKNOWN_WAIT = 8000
"""Characters to read on after the first action of a model that may think or not."""
BREATH = 0.002
"""Seconds for which a reply is read at most before others have their turn."""
ENDLESS = (
    f"The model's reply was broken off after {MAX_REPLY:,} characters: it seems to write without end. "
    "What it did before is kept. Ask again, or use another model."
)


async def ask(run: Run, model: ChatModel, action_format: ActionFormat, hooks: Hooks) -> ParsedReply:
    """Return the model's reply to the conversation, which is compacted first if it may not fit."""
    run.window.tokens = model.info.context_window or run.window.tokens
    messages = await aside(None, history.messages, run.events, action_format)
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
class _Measured:
    """What one attempt at a reply took, measured while it streams."""

    started: float = field(default_factory=time.monotonic)
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "broken off"
    first_token: float | None = None
    last_thought: float | None = None

    def add(self, delta: Delta) -> None:
        """Take what a chunk tells."""
        self.usage = delta.usage or self.usage
        self.finish_reason = delta.finish_reason or self.finish_reason
        if delta.restart or (self.first_token is None and (delta.text or delta.thinking)):
            self.first_token = time.monotonic()

    def thinking_tokens(self, share: float) -> int:
        """Return the tokens of the thinking: counted, or by its ``share`` in what was written."""
        counted = self.usage.reasoning_tokens
        return round(self.usage.completion_tokens * share) if counted is None else counted

    @property
    def thinking_seconds(self) -> float | None:
        """The seconds from the first token to the last of the thinking."""
        return (
            None
            if self.first_token is None or self.last_thought is None
            else (self.last_thought - self.first_token)
        )


@dataclass
class _ReplyRequest:
    """Asks for one reply, as often as the hooks want; what the model wrote is recorded in any case."""

    run: Run
    model: ChatModel
    action_format: ActionFormat
    hooks: Hooks
    spent: Usage = field(default_factory=Usage)
    measured: _Measured = field(default_factory=_Measured)
    started: float = field(default_factory=time.monotonic)
    first_token: float | None = None

    def __post_init__(self) -> None:
        self.limit = ReplyLimit(self.run)
        self._new_attempt()

    def _new_attempt(self) -> None:
        self.first_token = self.first_token or self.measured.first_token
        self.spent, self.measured = self.spent + self.measured.usage, _Measured()
        wait = wait_for_thinking(self.run.events, self.model.info, self.run.settings)
        self.reader = ReplyReader(self.action_format, wait=wait)

    async def reply(self) -> ParsedReply:
        """Ask until a reply is whole and the hooks accept it."""
        sampling = self.hooks.before_reply() or DEFAULT
        accepted: ParsedReply | None = None
        try:
            while accepted is None:
                messages = await aside(None, self._messages, sampling)
                if not await self._read(messages, sampling.temperature):
                    continue
                reply = await self._parsed()
                result = await aside(self.reader.length, self.hooks.on_reply, reply)
                if isinstance(result, ParsedReply):
                    accepted = result
                else:
                    sampling, self.limit = result, ReplyLimit(self.run)
                    self._new_attempt()
                    self.run.emit(ReplyDelta, restart=True)
            return accepted
        finally:
            self._record(accepted or await self._parsed())

    def _messages(self, sampling: Resample) -> list[Message]:
        events = self.run.events
        if sampling.hide_failed:
            events = history.hide_failed_turns(events, self.run.id, sampling.note)
        return history.messages(events, self.action_format)

    async def _read(self, messages: Sequence[Message], temperature: float | None) -> bool:
        """Read a reply; return whether it is whole. If it was cut off, the limit says how to ask again."""
        try:
            await self.run.unless_stopped(self._stream(messages, temperature))
        except TooLongError:
            raise
        except ModelError:  # perhaps the endpoint does not give that much
            if self.limit.way != "with room" or self.measured.first_token is not None:
                raise
            self.limit.ask_without_room(ParsedReply("", ""))
            return False
        if not self.measured.usage.estimated and self.limit.way in ("first", "with room"):
            self.run.window.learn(messages, self.measured.usage.prompt_tokens)
        if self.measured.finish_reason == FILTERED and not self.reader.has_action:
            raise ModelError(
                "The endpoint's content filter stopped the reply. "
                "Put the task in other words, or use another model."
            )
        if self.measured.finish_reason not in CUT or self.reader.has_action:
            return True
        reply = await self._parsed()
        if self.measured.finish_reason == REPEATED:
            self.limit.ask_once_in_brief()
        else:
            self.limit.ask_again(reply, self.measured.usage, messages)
        self._new_attempt()
        if self.limit.beginning is None:
            self.run.emit(ReplyDelta, restart=True)
        return False

    async def _stream(self, messages: Sequence[Message], temperature: float | None) -> None:
        """Stream a reply until its first action is complete."""
        settings = self.run.settings
        self.run.emit(ReplyDelta, prompt_tokens=self._unread(messages))
        stream = self.model.stream(
            self.limit.messages(messages),
            stop=self.action_format.stop,
            max_tokens=self.limit.tokens(messages),
            temperature=settings.temperature if temperature is None else temperature,
            tools=self.action_format.tools,
            settings=settings,
        )
        paused = time.monotonic()
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                self.measured.add(delta)
                if self.reader.add(delta):
                    self._show(await aside(self.reader.length, self.reader.read))
                else:
                    self._show(self.reader.unparsed())
                if self.reader.is_complete:
                    self.measured.finish_reason = "action"
                    return
                if self.reader.repeats_itself:
                    self.measured.finish_reason = REPEATED
                    return
                if self.reader.is_endless:
                    raise Ended("out_of_tokens", message=ENDLESS)
                if time.monotonic() - paused > BREATH:  # what has come already is read without a pause
                    await asyncio.sleep(0)
                    paused = time.monotonic()
        self._show(await aside(self.reader.length, self.reader.finish))

    def _unread(self, messages: Sequence[Message]) -> int:
        """Return about how many tokens the model has to read: without those that its cache still has."""
        tokens = round(history.size(messages) / self.run.window.per_token)
        last = next((event for event in reversed(self.run.events) if isinstance(event, Reply)), None)
        if last is None or not last.usage.cached_tokens:
            return tokens
        return max(0, tokens - last.usage.prompt_tokens - last.usage.completion_tokens)

    def _show(self, update: ReplyUpdate | None) -> None:
        if update is None:
            return
        tokens = None
        if update.thinking:
            self.measured.last_thought = time.monotonic()
            tokens = self.measured.thinking_tokens(self.reader.thinking_share)
        before = self.limit.beginning if update.restart else None
        self.run.emit(
            ReplyDelta,
            thinking=update.thinking,
            prose=(before.prose if before else "") + update.prose,
            action=update.action,
            restart=update.restart,
            thinking_tokens=tokens,
        )

    async def _parsed(self) -> ParsedReply:
        """Return the reply so far: what was read, after the beginning that it continues."""
        rest, beginning = await aside(self.reader.length, self.reader.parsed), self.limit.beginning
        if beginning is None:
            return rest
        text = beginning.text + rest.text
        whole = await aside(len(text), self.action_format.parse, text)
        thinking = "\n\n".join(filter(None, [beginning.thinking, rest.thinking]))
        return replace(whole, thinking=thinking, fault=whole.fault or rest.fault)

    def _record(self, reply: ParsedReply) -> None:
        usage, measured = self.spent + self.measured.usage, self.measured
        self.run.spend(usage)
        if not (reply.text or reply.thinking):
            return
        first, thinking = self.first_token or measured.first_token, {}
        if reply.thinking:
            thinking = {
                "thinking_seconds": measured.thinking_seconds,
                "thinking_tokens": measured.thinking_tokens(self.reader.thinking_share),
                "thinking_unopened": reply.unopened,
            }
        self.run.emit(
            Reply,
            text=reply.text,
            thinking=reply.thinking,
            prose=reply.prose,
            usage=usage,
            seconds=time.monotonic() - self.started,
            first_token_seconds=None if first is None else first - self.started,
            finish_reason=measured.finish_reason,
            **thinking,
        )


def wait_for_thinking(events: Sequence[Event], info: ModelInfo, settings: ModelSettings) -> float:
    """Return how many characters to read on after an action, in case that it was only thought of.

    Some chat templates open the thinking in the prompt, so that only a mark at its end tells. Of a model that
    nothing is known of, the first reply with an action is read on to see that.
    """
    replies: list[Reply] = []
    is_same = False
    for event in events:
        if isinstance(event, RunStarted | ModelDescribed):
            is_same = (event.model if isinstance(event, RunStarted) else event.name) == info.name
        elif isinstance(event, Reply) and is_same:
            replies.append(event)
    if any(reply.thinking_unopened for reply in replies):
        return inf
    if settings.reasoning_effort == "off" or info.thinks is False:
        return 0
    if info.thinks:
        return inf
    is_known = any(reply.finish_reason not in {"action", "broken off", *CUT} for reply in replies)
    return 0 if is_known else UNKNOWN_WAIT
