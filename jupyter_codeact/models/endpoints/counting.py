"""What a streamed reply costs: as the endpoint counts, or as we guess."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...agent.contracts import Message, Usage


def has_token(chunk: Any) -> bool:
    """Whether the model has written something, be it only a thought."""
    return any(value for choice in chunk.choices for name, value in choice.delta or () if name != "role")


def counted(chunk: Any) -> Usage | None:
    """Return what the endpoint counted: llama.cpp on every chunk, others with the last."""
    timings = (chunk.model_extra or {}).get("timings")
    if timings:
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


def characters(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> int:
    """Length of the messages' text and of the functions declared; an image counts as much as a page of it."""
    total = sum(len(json.dumps(tool)) for tool in tools)
    for message in messages:
        content = message["content"]
        parts = [{"text": content}] if isinstance(content, str) else content
        total += sum(len(part.get("text", "")) or 3000 for part in parts)
    return total


def estimate(prompt: int, written: int) -> Usage:
    """Guess tokens from characters: in code and English a token has some three and a half."""
    return Usage(
        prompt_tokens=round(prompt / 3.5), completion_tokens=max(1, round(written / 3.5)), estimated=True
    )
