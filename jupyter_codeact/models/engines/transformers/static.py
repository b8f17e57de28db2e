"""Writing a few replies at a time, each in a slot of a cache of fixed size."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile

import torch

from .decoding import Decoding, Next
from .generation import BrokenError, GenerationRequest, Step
from .loading import LoadedModel

_CHUNK = {"cpu": 256, "cuda": 1024}
"""Tokens of a prompt that are read at a time; other replies get a token between two chunks."""
_LITTLE = 256
"""Tokens of a conversation that may be lost for another one that begins alike; more are kept, by a copy."""
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Reply:
    """A reply that is waited for. ``deliver`` passes on a step, or the error that ended it."""

    request: GenerationRequest
    deliver: Callable[[Step | Exception], None]
    cached: int = 0
    written: list[int] = field(default_factory=list)
    cancelled: bool = False


@dataclass(eq=False)
class _Slot:
    """A place in the cache: the tokens whose keys and values it has, and the reply that is written in it."""

    number: int
    tokens: list[int] = field(default_factory=list)
    reply: _Reply | None = None
    used: int = 0

    def shared(self, tokens: list[int]) -> int:
        """Return how many tokens at the beginning are the same, without the last one, which gives scores."""
        pairs = zip(self.tokens, tokens[:-1], strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    @property
    def unread(self) -> bool:
        """Whether some of the prompt is still to be read."""
        return self.reply is not None and not self.reply.written


class StaticGenerator:
    """Writes as many replies at a time as there are slots; further ones wait.

    Blocks until the model has been tried.

    Raises
    ------
    UnsuitedError
        If the model cannot be run in this way.
    """

    def __init__(self, loaded: LoadedModel, *, slots: int | None = None) -> None:
        self._end_tokens = set(loaded.end_tokens)
        self._chunk = _CHUNK[loaded.model.device.type]
        self.decoding = Decoding(loaded, slots)
        self._slots = [_Slot(number) for number in range(self.decoding.slots)]
        self._waiting: deque[_Reply] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._uses = 0
        self._thread = threading.Thread(target=self._work, name="generate", daemon=True)
        self._thread.start()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Step, None]:
        """Yield the reply's steps."""
        loop = asyncio.get_running_loop()
        steps: asyncio.Queue[Step | Exception] = asyncio.Queue()

        def deliver(step: Step | Exception) -> None:
            with suppress(RuntimeError):  # nobody waits in a loop that is closed
                loop.call_soon_threadsafe(steps.put_nowait, step)

        reply = _Reply(request, deliver)
        with self._changed:
            self._waiting.append(reply)
            self._changed.notify()
        try:
            finish = None
            while finish is None:
                step = await steps.get()
                if isinstance(step, Exception):
                    raise step
                yield step
                finish = step.finish
        finally:
            reply.cancelled = True

    def close(self) -> None:
        """End the computing thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self.decoding.close()

    def _work(self) -> None:
        """Write replies until the end, in the computing thread."""
        with torch.inference_mode():
            while self._admit():
                try:
                    self._go_on()
                except Exception as error:
                    self._fail(error)

    def _admit(self) -> bool:
        """Wait for something to do, and give slots to the replies that have been waiting longest."""
        with self._changed:
            self._forget_cancelled()
            while not (self._closed or self._waiting or any(slot.reply for slot in self._slots)):
                self._changed.wait()
                self._forget_cancelled()
            while self._waiting and not all(slot.reply for slot in self._slots):
                self._place(self._waiting.popleft())
            return not self._closed

    def _forget_cancelled(self) -> None:
        self._waiting = deque(reply for reply in self._waiting if not reply.cancelled)
        for slot in self._slots:
            if slot.reply is not None and slot.reply.cancelled:
                slot.reply = None

    def _place(self, reply: _Reply) -> None:
        """Put a reply into the free slot that has most of its prompt, or into the oldest one with a copy."""
        tokens = reply.request.tokens
        free = sorted((slot for slot in self._slots if slot.reply is None), key=lambda slot: slot.used)
        known = max(self._slots, key=lambda slot: slot.shared(tokens))
        most = known.shared(tokens)
        own = max(free, key=lambda slot: slot.shared(tokens))
        if most and (own.shared(tokens) < most or len(own.tokens) - most > _LITTLE):
            own = next((slot for slot in free if slot is not known), own)
            if most > own.shared(tokens):
                self.decoding.cache.copy(known.number, own.number, most)
        own.tokens = tokens[:most]
        own.reply, reply.cached = reply, most
        self._uses += 1
        own.used = self._uses

    def _go_on(self) -> None:
        """Read a chunk of the prompt that came first, and write a token of each reply that is begun."""
        begun = [slot for slot in self._slots if slot.reply is not None and slot.reply.written]
        unread = [slot for slot in self._slots if slot.unread]
        if unread:
            self._read(min(unread, key=lambda slot: slot.used))
        if not begun:
            return
        wanted = {}
        for slot in begun:
            assert slot.reply is not None
            request = slot.reply.request
            token = slot.reply.written[-1]
            wanted[slot.number] = Next(token, len(slot.tokens), request.temperature, request.seed)
        written = self.decoding.write(wanted)
        for slot in begun:
            slot.tokens.append(wanted[slot.number].token)
            self._add(slot, written[slot.number])

    def _read(self, slot: _Slot) -> None:
        assert slot.reply is not None
        request, begin = slot.reply.request, len(slot.tokens)
        chunk = request.tokens[begin : begin + self._chunk]
        scores = self.decoding.read(slot.number, chunk, begin)
        slot.tokens += chunk
        end = len(slot.tokens)
        if end == len(request.tokens):
            self._add(slot, self.decoding.sample(scores, request.temperature, request.seed, end))

    def _add(self, slot: _Slot, token: int) -> None:
        """Deliver a token, and free the slot after the last one."""
        reply = slot.reply
        assert reply is not None
        reply.written.append(token)
        ended = token in self._end_tokens
        full = len(reply.written) >= reply.request.max_tokens
        reply.deliver(Step([token], reply.cached, "stop" if ended else "length" if full else None))
        if ended or full:
            slot.reply = None

    def _fail(self, error: Exception) -> None:
        """Tell everybody whose reply is being written. What their slots have may be half of a token."""
        _log.error("A step failed", exc_info=error)
        broken = "CUDA error" in str(error)  # after which nothing on the GPU works
        for slot in self._slots:
            if slot.reply is not None:
                slot.tokens = []
                slot.reply.deliver(BrokenError(str(error)) if broken else error)
                slot.reply = None
