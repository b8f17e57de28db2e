"""Tests of whether a model does what the agent needs, and how fast."""

from __future__ import annotations

import asyncio
import base64
import struct
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from ..agent.contracts import Frozen, Message, ModelError, TooLongError, Usage
from .endpoints.errors import RequestError
from .open import EndpointModel, LocalModel

Outcome = Literal["pass", "fail", "n/a"]
Verdict = tuple[Outcome, str]

COUNT: list[Message] = [{"role": "user", "content": "Count from one to forty in English words."}]
STORY: list[Message] = [{"role": "user", "content": "Tell a very long story about a lighthouse."}]
CANCELLED_REPLIES = 4
"""Replies cancelled to test whether that frees the engine: more than most machines write at a time."""
TURNS = 5
FREE_SECONDS = 90.0
"""Longest time that the engine may take to be free again."""
LONGEST_CONTEXT = 140_000
"""Longest context that is tested, in tokens."""


class Finding(Frozen):
    """The outcome of one test; ``n/a`` where it does not apply to the model."""

    name: str
    outcome: Outcome
    message: str


class Report(Frozen):
    """The findings so far. Speeds are of one reply at a time; shares are from 0 to 1."""

    model: str
    where: str
    context: int | None = None
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    cached_share: float | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no test failed."""
        return all(finding.outcome != "fail" for finding in self.findings)


@dataclass
class _Reply:
    """A reply, and how it arrived."""

    text: str = ""
    usage: Usage = field(default_factory=Usage)
    finish: str | None = None
    pieces: int = 0
    first: float = 0.0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Tokens a second after the first."""
        return max(self.usage.completion_tokens - 1, 0) / max(self.seconds - self.first, 1e-6)


@dataclass
class _Probe:
    """The tests of one model; later ones use what earlier ones measured."""

    model: EndpointModel | LocalModel
    counted: _Reply = field(default_factory=_Reply)
    cached: float | None = None
    firsts: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    async def ask(self, messages: list[Message], *, max_tokens: int, stop: Sequence[str] = ()) -> _Reply:
        """Request a reply, and measure its time."""
        reply, begun = _Reply(), time.perf_counter()
        stream = self.model.stream(messages, max_tokens=max_tokens, stop=stop, temperature=0.0)
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                if delta.text and not reply.pieces:
                    reply.first = time.perf_counter() - begun
                reply.text = delta.text if delta.restart else reply.text + delta.text
                reply.pieces += bool(delta.text)
                reply.usage, reply.finish = delta.usage or reply.usage, delta.finish_reason or reply.finish
        reply.seconds = time.perf_counter() - begun
        return reply

    async def chat(self) -> Verdict:
        """Test that there is a reply."""
        asked: list[Message] = [
            {"role": "system", "content": "You answer in one word."},
            {"role": "user", "content": "Say ready."},
        ]
        reply = await self.ask(asked, max_tokens=16)
        if not reply.text.strip():
            return "fail", "the reply was empty"
        how = "estimated" if reply.usage.estimated else "counted"
        tokens = f"{reply.usage.prompt_tokens} + {reply.usage.completion_tokens} tokens, {how}"
        return "pass", f"said {_short(reply.text)} ({tokens})"

    async def streaming(self) -> Verdict:
        """Test that the reply is streamed."""
        reply = self.counted = await self.ask(COUNT, max_tokens=64)
        if reply.pieces < 3:
            return "fail", f"{reply.pieces} pieces: the reply came all at once"
        self._time(reply)
        return "pass", f"{reply.pieces} pieces, the first after {reply.first:.2f} s"

    async def stop_string(self) -> Verdict:
        """Test that a stop string ends the reply, and is not part of it."""
        text = self.counted.text
        stop = text[len(text) // 2 :].strip()[:4]
        if len(text) < 12 or text.index(stop) < 3:
            return "n/a", "the reply is too short for a stop string"
        reply = await self.ask(COUNT, max_tokens=64, stop=[stop])
        if stop in reply.text:
            return "fail", f"the reply went on after {stop!r}"
        if reply.finish == "length":
            return "n/a", "the second reply was another one"
        return "pass", f"ended before {stop!r}"

    async def cancellation(self) -> Verdict:
        """Test that a cancelled reply frees the engine."""
        before = await self.ask(COUNT, max_tokens=32)
        for _ in range(CANCELLED_REPLIES):
            async with aclosing(self.model.stream(STORY, max_tokens=1500)) as deltas:
                async for delta in deltas:
                    if delta.text:
                        break
        try:
            async with asyncio.timeout(FREE_SECONDS + before.seconds):
                # the fastest counts: a busy machine slows one, replies that go on slow all of them
                after = min([(await self.ask(COUNT, max_tokens=32)).seconds for _ in range(3)])
        except TimeoutError:
            replies = f"{CANCELLED_REPLIES} cancelled replies"
            return "fail", f"{FREE_SECONDS:.0f} s after {replies}, the next ones were not done"
        took = f"the fastest of the next three took {after:.1f} s, and one before {before.seconds:.1f} s"
        is_free = after < 2.5 * before.seconds + 1
        return "pass" if is_free else "fail", f"{CANCELLED_REPLIES} replies cancelled; {took}"

    async def image(self) -> Verdict:
        """Test that the model takes images, unless it refuses them."""
        parts = [
            {"type": "text", "text": "Which colour is this picture? Answer in one word."},
            {"type": "image_url", "image_url": {"url": red_image()}},
        ]
        try:
            reply = await self.ask([{"role": "user", "content": parts}], max_tokens=16)
        except ModelError as error:
            if not isinstance(error, RequestError) and "image" not in str(error).lower():
                raise
            return "n/a", "it takes no images"
        if "red" in reply.text.lower():
            return "pass", "it sees what is in an image"
        if self.model.refuses_images:
            return "n/a", "it takes no images"
        return "fail", f"took a red image and said {_short(reply.text)}"

    async def context_limit(self) -> Verdict:
        """Test that a conversation that is too long is refused, and not cut silently."""
        context = self.model.info.context_window
        if context is None:
            return "n/a", "the endpoint does not tell its context window"
        if context > LONGEST_CONTEXT:
            return "n/a", f"{context:,} tokens are too many to try"
        long = "one two three four five six seven eight nine ten " * (context // 9)
        try:
            reply = await self.ask([{"role": "user", "content": long}], max_tokens=1)
        except TooLongError:
            return "pass", f"more than {context:,} tokens are refused"
        if reply.usage.prompt_tokens > context:
            return "n/a", f"it takes more than the {context:,} tokens it tells"
        return "fail", "it cut the conversation silently; see its settings"

    async def growing(self) -> Verdict:
        """Measure how much of a growing conversation the prefix cache serves."""
        talk: list[Message] = [
            {"role": "system", "content": "You help in a notebook. " + "Keep answers short and exact. " * 40},
            {"role": "user", "content": "Name a number."},
        ]
        prompt = cached = 0
        for turn in range(TURNS):
            reply = await self.ask(talk, max_tokens=24)
            if turn:
                prompt, cached = prompt + reply.usage.prompt_tokens, cached + reply.usage.cached_tokens
                self._time(reply)
            answer = {"role": "assistant", "content": reply.text.strip() or "One."}
            talk = [*talk, answer, {"role": "user", "content": "Name another one."}]
        if not cached:
            return "n/a", "it does not tell what its prefix cache served"
        self.cached = cached / prompt
        return "pass", f"{self.cached:.0%} cached from the second of {TURNS} turns on"

    def _time(self, reply: _Reply) -> None:
        self.firsts.append(reply.first)
        if reply.usage.completion_tokens > 4:
            self.rates.append(reply.rate)

    def report(self, findings: list[Finding]) -> Report:
        """Return the findings with the speeds so far."""
        return Report(
            model=self.model.info.name,
            where=self.model.status.where,
            context=self.model.info.context_window,
            first_token_seconds=round(median(self.firsts), 3) if self.firsts else None,
            tokens_per_second=round(median(self.rates), 1) if self.rates else None,
            cached_share=None if self.cached is None else round(self.cached, 3),
            findings=tuple(findings),
        )


async def probe(model: EndpointModel | LocalModel) -> AsyncIterator[Report]:
    """Test a model and yield the report after each test; a model that does not chat is not tested further."""
    tester, findings = _Probe(model), list[Finding]()
    tests: dict[str, Callable[[], Awaitable[Verdict]]] = {
        "chat": tester.chat,
        "streaming": tester.streaming,
        "stop string": tester.stop_string,
        "cancellation": tester.cancellation,
        "image part": tester.image,
        "context limit": tester.context_limit,
        "growing conversation": tester.growing,
    }
    for name, test in tests.items():
        try:
            outcome, message = await test()
        except ModelError as error:
            outcome, message = "fail", str(error)
        findings.append(Finding(name=name, outcome=outcome, message=message))
        yield tester.report(findings)
        if findings[0].outcome == "fail":
            return


def red_image() -> str:
    """Return a small red image, as a data URI."""
    size = 64
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xe0\x10\x10" * size) * size)

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"
