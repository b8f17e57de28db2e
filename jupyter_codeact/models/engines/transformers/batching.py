"""Writing replies together on a GPU, by way of transformers' continuous batching."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from typing import Any

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig

from .generation import BrokenError, Step, Wish
from .loading import Loaded
from .sampling import BatchNoise

PAGE = 32
"""Tokens that the cache keeps together, which conversations share whole or not at all."""


def can_batch(loaded: Loaded) -> bool:
    """Whether transformers can batch a model's replies.

    Continuous batching keeps one cache on one GPU and takes tokens only, so a model that sees or that is
    spread over several devices writes one reply at a time.
    """
    places = set(getattr(loaded.model, "hf_device_map", {}).values())
    batches = hasattr(loaded.model, "init_continuous_batching") and loaded.processor is None
    return loaded.model.device.type == "cuda" and batches and len(places) <= 1


class BatchingGenerator:
    """Writes as many replies at a time as the options allow; further ones wait."""

    def __init__(self, loaded: Loaded, **config: Any) -> None:
        options = loaded.options
        # The fast path of flash attention 2 reads pages of 256; else smaller ones share more of a prefix.
        flash = "flash" in (loaded.model.config._attn_implementation or "")
        page = 256 if flash else PAGE
        config = {
            "page_size": page,
            "max_blocks_per_request": -(-loaded.context // page) + 1,
            "max_requests_per_batch": options.max_replies,
            "max_batch_tokens": 2048,
            "max_memory_percent": options.memory_share,
            # It would fetch a kernel from the Hub and run it.
            "auto_switch_to_flash": False,
        } | config
        self._ends = loaded.ends
        self._cached: dict[str, int] = {}
        self._manager = loaded.model.init_continuous_batching(
            generation_config=GenerationConfig(do_sample=False, eos_token_id=self._ends),
            continuous_batching_config=ContinuousBatchingConfig(**config),
        )
        self._manager.logit_processor = BatchNoise()
        with torch.inference_mode():
            self._manager.warmup()
            self._count_what_is_shared()
            self._manager.start()

    async def generate(self, wish: Wish) -> AsyncGenerator[Step, None]:
        """Yield the reply's steps."""
        name = secrets.token_hex(8)
        outputs: asyncio.Queue[Any] = asyncio.Queue()
        self._manager.register_result_handler(name, outputs.put_nowait)
        written, finish = 0, None
        try:
            added = self._manager.add_request(
                wish.tokens,
                request_id=name,
                max_new_tokens=wish.max_tokens,
                eos_token_id=self._ends,
                streaming=True,
                temperature=wish.temperature,
                seed=wish.seed,
            )
            if added is None:
                raise BrokenError(str(self._manager.background_thread_status.fatal_error or "it is ending"))
            while finish is None:
                output = await outputs.get()
                if output.error is not None:
                    if self._manager.background_thread_status.fatal_error is not None:
                        raise BrokenError(output.error)
                    raise RuntimeError(output.error)
                tokens = output.generated_tokens[written:]
                written += len(tokens)
                if output.is_finished():
                    finish = "stop" if tokens and tokens[-1] in self._ends else "length"
                yield Step(tokens, self._cached.get(name, 0), finish)  # type: ignore[arg-type]
        finally:
            if finish is None:
                self._manager.cancel_request(name)
            with self._manager.output_router._lock:
                self._manager.output_router.result_handlers.pop(name, None)
            self._cached.pop(name, None)

    def _count_what_is_shared(self) -> None:
        """Note how much of each prompt was in the cache, which the library knows and does not tell."""
        cache = self._manager.batch_processor.cache
        search = cache.search_prefix_match

        def noted(name: str, prompt: list[int]) -> int:
            found: int = search(name, prompt)
            self._cached[name] = found
            return found

        cache.search_prefix_match = noted

    def close(self) -> None:
        """End the thread that computes."""
        self._manager.stop(block=True, timeout=10, hard_stop=True)
