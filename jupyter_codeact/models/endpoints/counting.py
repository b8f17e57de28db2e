"""What a streamed reply costs: counted by the endpoint, else estimated here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...agent.context.history import PER_TOKEN, size
from ...agent.contracts import Message, Usage

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


def has_token(chunk: ChatCompletionChunk) -> bool:
    """Tell whether the model has written something, be it only a thought."""
    return any(value for choice in chunk.choices for name, value in choice.delta or () if name != "role")


def counted(chunk: ChatCompletionChunk) -> Usage | None:
    """Return the endpoint's own count: llama.cpp has one on every chunk, others on the last."""
    timings = (chunk.model_extra or {}).get("timings")
    if isinstance(timings, dict) and {"cache_n", "prompt_n", "predicted_n"} <= timings.keys():
        return Usage(
            prompt_tokens=timings["cache_n"] + timings["prompt_n"],
            cached_tokens=timings["cache_n"],
            completion_tokens=timings["predicted_n"],
        )
    usage = chunk.usage
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    return Usage(
        prompt_tokens=usage.prompt_tokens or 0,
        cached_tokens=(details.cached_tokens if details else None) or 0,
        completion_tokens=usage.completion_tokens or 0,
    )


def prompt_size(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> int:
    """Return the characters of a prompt: its messages and the tools it declares."""
    return size(messages) + sum(len(json.dumps(tool)) for tool in tools)


def estimate(prompt: int, written: int) -> Usage:
    """Estimate tokens from characters."""
    return Usage(
        prompt_tokens=round(prompt / PER_TOKEN),
        completion_tokens=max(1, round(written / PER_TOKEN)),
        estimated=True,
    )
