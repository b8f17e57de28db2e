"""Writing one reply at a time with plain `generate`, with a cache of prefixes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache, GenerationConfig

from .generation import GenerationRequest, Step
from .loading import LoadedModel
from .sampling import Noise

_CHUNK = 256
"""Tokens of a prompt that are read at a time; a cancelled request ends between two chunks."""
_CONVERSATIONS = 4
"""Most conversations in the cache of prefixes, each as large as the conversation."""


@dataclass
class _Prefix:
    """The keys and values of the first tokens of a conversation."""

    tokens: list[int]
    cache: Any

    def shared(self, tokens: list[int]) -> int:
        """Return how many tokens at the beginning are the same."""
        pairs = zip(self.tokens, tokens, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class _CancelledError(Exception):
    """Nobody waits for the reply any more."""


class PlainGenerator:
    """Writes one reply at a time; others wait in the order in which they came."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="generate")
        self._prefixes: list[_Prefix] = []  # the most recently used one last

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Step, None]:
        """Yield the reply's steps."""
        loop = asyncio.get_running_loop()
        steps: asyncio.Queue[Step | None] = asyncio.Queue()
        cancelled = threading.Event()

        def deliver(step: Step | None) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, step)

        async with self._turn:
            work = loop.run_in_executor(self._thread, self._work, request, deliver, cancelled)
            try:
                while (step := await steps.get()) is not None:
                    yield step
            finally:
                cancelled.set()
                await asyncio.wait([work])
            work.result()

    def close(self) -> None:
        """End the computing thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _work(
        self, request: GenerationRequest, deliver: Callable[[Step | None], None], cancelled: threading.Event
    ) -> None:
        """Write one reply, in the computing thread."""
        try:
            with torch.inference_mode():
                self._write(request, deliver, cancelled)
        finally:
            deliver(None)

    def _write(
        self, request: GenerationRequest, deliver: Callable[[Step | None], None], cancelled: threading.Event
    ) -> None:
        model = self._loaded.model
        tokens = torch.tensor([request.tokens], device=model.device)
        written: list[int] = []
        # Images are not in the tokens, so equal tokens do not mean an equal prompt.
        prefix = (
            _Prefix([], DynamicCache(config=model.config)) if request.images else self._take(request.tokens)
        )
        cached = len(prefix.tokens)

        class Streamer:
            prompt = True

            def put(self, value: torch.Tensor) -> None:
                if cancelled.is_set():
                    raise _CancelledError
                if self.prompt:
                    self.prompt = False
                    return
                written.extend(value.tolist())
                finish = (
                    "stop"
                    if written[-1] in end_tokens
                    else "length"
                    if len(written) == request.max_tokens
                    else None
                )
                deliver(Step(value.tolist(), cached, finish))  # type: ignore[arg-type]

            def end(self) -> None:
                pass

        end_tokens = self._loaded.end_tokens
        # Any other error may come between two layers, and leaves a cache that is of no use.
        with suppress(_CancelledError):
            if not request.images:
                self._read(tokens, prefix, cancelled)
            model.generate(
                tokens,
                cache=prefix.cache,
                streamer=Streamer(),
                logits_processor=[Noise(request.temperature, request.seed)],
                generation_config=GenerationConfig(
                    do_sample=False,
                    max_new_tokens=request.max_tokens,
                    eos_token_id=end_tokens,
                    pad_token_id=end_tokens[0],
                    use_cache=True,
                ),
                **request.images,
            )
        if not request.images:
            self._keep(prefix, request.tokens + written)

    def _read(self, tokens: torch.Tensor, prefix: _Prefix, cancelled: threading.Event) -> None:
        """Read the prompt but for its last token, which `generate` needs."""
        for begin in range(len(prefix.tokens), tokens.shape[1] - 1, _CHUNK):
            if cancelled.is_set():
                raise _CancelledError
            end = min(begin + _CHUNK, tokens.shape[1] - 1)
            self._loaded.model(
                input_ids=tokens[:, begin:end], cache=prefix.cache, use_cache=True, logits_to_keep=1
            )

    def _take(self, tokens: list[int]) -> _Prefix:
        """Return the longest known prefix, without the prompt's last token.

        A conversation that continues takes its prefix out of the cache; one that only begins like a longer
        one gets a copy.
        """
        best = max(self._prefixes, key=lambda prefix: prefix.shared(tokens), default=None)
        shared = min(best.shared(tokens), len(tokens) - 1) if best else 0
        if best is None or shared == 0:
            return _Prefix([], DynamicCache(config=self._loaded.model.config))
        if len(best.tokens) - shared <= _CHUNK:  # little is lost
            self._prefixes.remove(best)
            best.cache.crop(shared - len(best.tokens))
            return _Prefix(tokens[:shared], best.cache)
        parts = [(layer.keys[..., :shared, :], layer.values[..., :shared, :]) for layer in best.cache.layers]
        return _Prefix(
            tokens[:shared], DynamicCache([(keys.clone(), values.clone()) for keys, values in parts])
        )

    def _keep(self, prefix: _Prefix, tokens: list[int]) -> None:
        """Put a conversation into the cache, if its keys and values can be cut at any length."""
        length = prefix.cache.get_seq_length()
        if length and all(type(layer).__name__ == "DynamicLayer" for layer in prefix.cache.layers):
            # A token's keys and values are computed with the next token, so the last one has none.
            self._prefixes.append(_Prefix(tokens[:length], prefix.cache))
            del self._prefixes[:-_CONVERSATIONS]
