"""Writing replies in batches on a GPU, with transformers' continuous batching."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from typing import Any

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig

from .generation import BrokenError, GenerationRequest, Step
from .loading import LoadedModel
from .sampling import BatchNoise

PAGE = 32
"""Tokens of a page of the cache, which conversations share whole or not at all."""


def can_batch(loaded: LoadedModel) -> bool:
    """Tell whether transformers can batch a model's replies.

    Continuous batching has one cache on one GPU and takes tokens only, so a model that takes images or is
    spread over several devices writes one reply at a time.
    """
    devices = set(getattr(loaded.model, "hf_device_map", {}).values())
    has_batching = hasattr(loaded.model, "init_continuous_batching") and loaded.processor is None
    return loaded.model.device.type == "cuda" and has_batching and len(devices) <= 1


class BatchingGenerator:
    """Writes up to ``max_replies`` replies at a time; further ones wait."""

    def __init__(self, loaded: LoadedModel, **config: Any) -> None:
        options = loaded.options
        # The fast path of flash attention 2 needs pages of 256; smaller ones share more of a prefix.
        flash = "flash" in (loaded.model.config._attn_implementation or "")
        page = 256 if flash else PAGE
        config = {
            "page_size": page,
            "max_blocks_per_request": -(-loaded.context // page) + 1,
            "max_requests_per_batch": options.max_replies,
            "max_batch_tokens": 2048,
            "max_memory_percent": options.memory_share,
            # It would download a kernel from the Hub and run it.
            "auto_switch_to_flash": False,
        } | config
        self._end_tokens = loaded.end_tokens
        self._cached: dict[str, int] = {}
        self._manager = loaded.model.init_continuous_batching(
            generation_config=GenerationConfig(do_sample=False, eos_token_id=self._end_tokens),
            continuous_batching_config=ContinuousBatchingConfig(**config),
        )
        self._manager.logit_processor = BatchNoise()
        with torch.inference_mode():
            self._manager.warmup()
            self._record_cached_tokens()
            self._manager.start()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Step, None]:
        """Yield the reply's steps."""
        name = secrets.token_hex(8)
        outputs: asyncio.Queue[Any] = asyncio.Queue()
        self._manager.register_result_handler(name, outputs.put_nowait)
        written, finish = 0, None
        try:
            added = self._manager.add_request(
                request.tokens,
                request_id=name,
                max_new_tokens=request.max_tokens,
                eos_token_id=self._end_tokens,
                streaming=True,
                temperature=request.temperature,
                seed=request.seed,
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
                    finish = "stop" if tokens and tokens[-1] in self._end_tokens else "length"
                yield Step(tokens, self._cached.get(name, 0), finish)  # type: ignore[arg-type]
        finally:
            if finish is None:
                self._manager.cancel_request(name)
            with self._manager.output_router._lock:
                self._manager.output_router.result_handlers.pop(name, None)
            self._cached.pop(name, None)

    def _record_cached_tokens(self) -> None:
        """Record how much of each prompt the cache served, which the library does not tell."""
        cache = self._manager.batch_processor.cache
        search = cache.search_prefix_match

        def recorded(name: str, prompt: list[int]) -> int:
            found: int = search(name, prompt)
            self._cached[name] = found
            return found

        cache.search_prefix_match = recorded

    def close(self) -> None:
        """End the computing thread."""
        self._manager.stop(block=True, timeout=10, hard_stop=True)
