"""Writing one reply at a time with plain `generate`, keeping what was computed of each conversation."""

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

from .generation import Step, Wish
from .loading import Loaded
from .sampling import Noise

_CHUNK = 256
"""Tokens of a prompt read at a time: a request that is called off ends between two chunks."""
_CONVERSATIONS = 4
"""Conversations whose computed prefix is kept, each in as much memory as a conversation takes."""


@dataclass
class _Prefix:
    """What was computed for the first tokens of a conversation."""

    tokens: list[int]
    cache: Any

    def shared(self, tokens: list[int]) -> int:
        """Return how many tokens it has in common with the beginning of others."""
        pairs = zip(self.tokens, tokens, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class _LeftError(Exception):
    """Nobody waits for the reply any more."""


class PlainGenerator:
    """Writes one reply at a time; others wait in the order they came."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="generate")
        self._prefixes: list[_Prefix] = []  # the last used one last

    async def generate(self, wish: Wish) -> AsyncGenerator[Step, None]:
        """Yield the reply's steps."""
        loop = asyncio.get_running_loop()
        steps: asyncio.Queue[Step | None] = asyncio.Queue()
        left = threading.Event()

        def hand_over(step: Step | None) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, step)

        async with self._turn:
            work = loop.run_in_executor(self._thread, self._work, wish, hand_over, left)
            try:
                while (step := await steps.get()) is not None:
                    yield step
            finally:
                left.set()
                await asyncio.wait([work])
            work.result()

    def close(self) -> None:
        """End the thread that computes."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _work(self, wish: Wish, hand_over: Callable[[Step | None], None], left: threading.Event) -> None:
        """Be the thread's work for one reply."""
        try:
            with torch.inference_mode():
                self._write(wish, hand_over, left)
        finally:
            hand_over(None)

    def _write(self, wish: Wish, hand_over: Callable[[Step | None], None], left: threading.Event) -> None:
        model = self._loaded.model
        tokens = torch.tensor([wish.tokens], device=model.device)
        written: list[int] = []
        # What a model sees is not in its tokens, so nothing can be told to be the same from those.
        prefix = _Prefix([], DynamicCache(config=model.config)) if wish.images else self._take(wish.tokens)
        cached = len(prefix.tokens)

        class Streamer:
            prompt = True

            def put(self, value: torch.Tensor) -> None:
                if left.is_set():
                    raise _LeftError
                if self.prompt:
                    self.prompt = False
                    return
                written.extend(value.tolist())
                finish = (
                    "stop" if written[-1] in ends else "length" if len(written) == wish.max_tokens else None
                )
                hand_over(Step(value.tolist(), cached, finish))  # type: ignore[arg-type]

            def end(self) -> None:
                pass

        ends = self._loaded.ends
        # Whatever else it breaks with can break it between two layers, and then nothing of it is of use.
        with suppress(_LeftError):
            if not wish.images:
                self._read(tokens, prefix, left)
            model.generate(
                tokens,
                cache=prefix.cache,
                streamer=Streamer(),
                logits_processor=[Noise(wish.temperature, wish.seed)],
                generation_config=GenerationConfig(
                    do_sample=False,
                    max_new_tokens=wish.max_tokens,
                    eos_token_id=ends,
                    pad_token_id=ends[0],
                    use_cache=True,
                ),
                **wish.images,
            )
        if not wish.images:
            self._keep(prefix, wish.tokens + written)

    def _read(self, tokens: torch.Tensor, prefix: _Prefix, left: threading.Event) -> None:
        """Read the prompt but for its last token, which `generate` wants to do something with."""
        for begin in range(len(prefix.tokens), tokens.shape[1] - 1, _CHUNK):
            if left.is_set():
                raise _LeftError
            end = min(begin + _CHUNK, tokens.shape[1] - 1)
            self._loaded.model(
                input_ids=tokens[:, begin:end], cache=prefix.cache, use_cache=True, logits_to_keep=1
            )

    def _take(self, tokens: list[int]) -> _Prefix:
        """Return the longest prefix that was computed, leaving the last token to read.

        A conversation that goes on gets what was kept of it; one that only begins like a long one, a copy.
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
        """Keep what was computed for a conversation, if it can be cut back to any of its beginnings."""
        length = prefix.cache.get_seq_length()
        if length and all(type(layer).__name__ == "DynamicLayer" for layer in prefix.cache.layers):
            # Each token takes part when the next is computed, so the last one has not.
            self._prefixes.append(_Prefix(tokens[:length], prefix.cache))
            del self._prefixes[:-_CONVERSATIONS]
