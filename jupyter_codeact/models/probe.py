"""Whether a model does what the agent needs of it, and how fast: asked the way the agent asks."""

from __future__ import annotations

import asyncio
import base64
import struct
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from ..agent.contracts import Frozen, Message, ModelError, TooLongError, Usage
from .endpoints.errors import RequestError
from .open import EndpointModel, LocalModel

Tested = EndpointModel | LocalModel
Outcome = Literal["pass", "fail", "n/a"]
Verdict = tuple[Outcome, str]

COUNT: list[Message] = [{"role": "user", "content": "Count from one to forty in English words."}]
STORY: list[Message] = [{"role": "user", "content": "Tell a very long story about a lighthouse."}]
CALLED_OFF = 4
"""Replies called off to see whether that frees the engine: more than it writes at a time on most machines."""
TURNS = 5
FREE_SECONDS = 90.0
LONGEST_CONTEXT = 140_000
"""Tokens that filling a context may cost."""


class Finding(Frozen):
    """How one test went. ``outcome`` is ``n/a`` where the model cannot be blamed."""

    name: str
    outcome: Outcome
    words: str


class Report(Frozen):
    """All that was found. Speeds are of one reply at a time; shares are from 0 to 1."""

    model: str
    where: str
    context: int | None = None
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    cached_share: float | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(finding.outcome != "fail" for finding in self.findings)


@dataclass
class _Said:
    """A reply, and how it came."""

    text: str = ""
    usage: Usage = field(default_factory=Usage)
    finish: str | None = None
    pieces: int = 0
    first: float = 0.0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Tokens a second, once it had begun."""
        return max(self.usage.completion_tokens - 1, 0) / max(self.seconds - self.first, 1e-6)


@dataclass
class _Bench:
    """The tests of one model; what one finds out, later ones use."""

    model: Tested
    counted: _Said = field(default_factory=_Said)
    cached: float | None = None
    firsts: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    async def say(self, messages: list[Message], **options: Any) -> _Said:
        """Ask, and take the time."""
        said, begun = _Said(), time.perf_counter()
        async with aclosing(self.model.stream(messages, **options)) as deltas:
            async for delta in deltas:
                if delta.text and not said.pieces:
                    said.first = time.perf_counter() - begun
                said.text = delta.text if delta.restart else said.text + delta.text
                said.pieces += bool(delta.text)
                said.usage, said.finish = delta.usage or said.usage, delta.finish_reason or said.finish
        said.seconds = time.perf_counter() - begun
        return said

    async def chat(self) -> Verdict:
        """See that there is a reply."""
        asked: list[Message] = [
            {"role": "system", "content": "You answer in one word."},
            {"role": "user", "content": "Say ready."},
        ]
        said = await self.say(asked, max_tokens=16)
        if not said.text.strip():
            return "fail", "the reply was empty"
        how = "estimated" if said.usage.estimated else "counted"
        tokens = f"{said.usage.prompt_tokens} + {said.usage.completion_tokens} tokens, {how}"
        return "pass", f"said {_short(said.text)} ({tokens})"

    async def streaming(self) -> Verdict:
        """See that the reply comes piece by piece."""
        said = self.counted = await self.say(COUNT, max_tokens=64)
        if said.pieces < 3:
            return "fail", f"{said.pieces} pieces: the reply came all at once"
        self._time(said)
        return "pass", f"{said.pieces} pieces, the first after {said.first:.2f} s"

    async def stop_string(self) -> Verdict:
        """See that a stop string ends the reply, and is not in it."""
        text = self.counted.text
        stop = text[len(text) // 2 :].strip()[:4]
        if len(text) < 12 or text.index(stop) < 3:
            return "n/a", "the model says too little to stop it"
        said = await self.say(COUNT, max_tokens=64, stop=[stop])
        if stop in said.text:
            return "fail", f"the reply went on after {stop!r}"
        if said.finish == "length":
            return "n/a", "the model said something else the second time"
        return "pass", f"ended before {stop!r}"

    async def cancellation(self) -> Verdict:
        """See that the engine does not write on what nobody reads."""
        before = await self.say(COUNT, max_tokens=32)
        for _ in range(CALLED_OFF):
            async with aclosing(self.model.stream(STORY, max_tokens=1500)) as deltas:
                async for delta in deltas:
                    if delta.text:
                        break
        try:
            async with asyncio.timeout(FREE_SECONDS + before.seconds):
                after = await self.say(COUNT, max_tokens=32)
        except TimeoutError:
            late = f"{FREE_SECONDS:.0f} s after {CALLED_OFF} replies were called off, the next was not done"
            return "fail", late
        took = f"the next took {after.seconds:.1f} s, and {before.seconds:.1f} s before"
        is_free = after.seconds < 2.5 * before.seconds + 1
        return "pass" if is_free else "fail", f"{CALLED_OFF} replies called off; {took}"

    async def image(self) -> Verdict:
        """See whether the model sees."""
        parts = [
            {"type": "text", "text": "Which colour is this picture? Answer in one word."},
            {"type": "image_url", "image_url": {"url": red_picture()}},
        ]
        try:
            said = await self.say([{"role": "user", "content": parts}], max_tokens=16)
        except ModelError as error:
            if not isinstance(error, RequestError) and "image" not in str(error).lower():
                raise
            return "n/a", "it takes no pictures"
        if "red" in said.text.lower():
            return "pass", "it sees"
        return "fail", f"took a red picture and said {_short(said.text)}"

    async def context_limit(self) -> Verdict:
        """See that a conversation that is too long is refused, and not cut behind our back."""
        context = self.model.context
        if context is None:
            return "n/a", "the endpoint does not say how much it takes"
        if context > LONGEST_CONTEXT:
            return "n/a", f"{context:,} tokens are too many to try"
        long = "one two three four five six seven eight nine ten " * (context // 9)
        try:
            said = await self.say([{"role": "user", "content": long}], max_tokens=1)
        except TooLongError:
            return "pass", f"more than {context:,} tokens are refused with a word"
        if said.usage.prompt_tokens > context:
            return "n/a", f"it takes more than the {context:,} tokens it claims"
        return "fail", "it cut the conversation without a word; see its settings"

    async def growing(self) -> Verdict:
        """See how much of a growing conversation is read again."""
        talk: list[Message] = [
            {"role": "system", "content": "You help in a notebook. " + "Keep answers short and exact. " * 40},
            {"role": "user", "content": "Name a number."},
        ]
        prompt = cached = 0
        for turn in range(TURNS):
            said = await self.say(talk, max_tokens=24)
            if turn:
                prompt, cached = prompt + said.usage.prompt_tokens, cached + said.usage.cached_tokens
                self._time(said)
            answer = {"role": "assistant", "content": said.text.strip() or "One."}
            talk = [*talk, answer, {"role": "user", "content": "Name another one."}]
        if not cached:
            return "n/a", "it does not say what its prefix cache served"
        self.cached = cached / prompt
        return "pass", f"{self.cached:.0%} cached from the second of {TURNS} turns on"

    def _time(self, said: _Said) -> None:
        self.firsts.append(said.first)
        if said.usage.completion_tokens > 4:
            self.rates.append(said.rate)

    def report(self, findings: list[Finding]) -> Report:
        return Report(
            model=self.model.name,
            where=self.model.status.where,
            context=self.model.context,
            first_token_seconds=round(median(self.firsts), 3) if self.firsts else None,
            tokens_per_second=round(median(self.rates), 1) if self.rates else None,
            cached_share=None if self.cached is None else round(self.cached, 3),
            findings=tuple(findings),
        )


async def examine(model: Tested) -> AsyncIterator[Report]:
    """Test a model, and give the report after each test, which has one finding more than the one before.

    A model that does not even chat is not asked the rest.
    """
    bench, findings = _Bench(model), list[Finding]()
    tests: dict[str, Callable[[], Awaitable[Verdict]]] = {
        "chat": bench.chat,
        "streaming": bench.streaming,
        "stop string": bench.stop_string,
        "cancellation": bench.cancellation,
        "image part": bench.image,
        "context limit": bench.context_limit,
        "growing conversation": bench.growing,
    }
    for name, test in tests.items():
        try:
            outcome, words = await test()
        except ModelError as error:
            outcome, words = "fail", str(error)
        findings.append(Finding(name=name, outcome=outcome, words=words))
        yield bench.report(findings)
        if findings[0].outcome == "fail":
            return


def red_picture() -> str:
    """Return a small red picture, as a data URI."""
    size = 64
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xe0\x10\x10" * size) * size)

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _short(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words[:40]}…”" if len(words) > 40 else f"“{words}”"
