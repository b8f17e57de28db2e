"""What a streamed reply costs: counted by the endpoint, else estimated here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....agent.context.history import PER_TOKEN, size
from ....agent.contracts import Message, Usage

_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens", "cachedContentTokenCount")
"""OpenAI's, DeepSeek's, Anthropic's and Gemini's word for what a prefix cache served."""


@dataclass(frozen=True)
class Count:
    """Tokens that an endpoint has counted; ``None`` is what it does not tell."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    reasoning: int | None = None


def count_in(value: Mapping[str, Any]) -> Count | None:
    """Return the count in a chunk, if it has one: llama.cpp has one on every chunk, others on the last."""
    own = _usage(value)
    timings = value.get("timings")
    if isinstance(timings, dict) and (own is None or not own.prompt):
        cached, read = _number(timings.get("cache_n")), _number(timings.get("prompt_n"))
        written = _number(timings.get("predicted_n"))
        if written is not None:
            # Without ``cache_n``, what was read is the new part of the prompt only.
            prompt = None if cached is None or read is None else cached + read
            return Count(prompt, written, cached)
    return own


def _usage(value: Mapping[str, Any]) -> Count | None:
    groq = value.get("x_groq")
    nested = groq.get("usage") if isinstance(groq, dict) else None
    for usage in (value.get("usage"), value.get("usageMetadata"), nested):
        if isinstance(usage, dict) and (count := _counts(usage)):
            return count
    return _counts(value) if "eval_count" in value or "prompt_eval_count" in value else None


def _counts(usage: Mapping[str, Any]) -> Count | None:
    prompt = _first(usage, "prompt_tokens", "input_tokens", "prompt_eval_count", "promptTokenCount")
    completion = _first(usage, "completion_tokens", "output_tokens", "eval_count", "candidatesTokenCount")
    total = _first(usage, "total_tokens", "totalTokenCount")
    if prompt is None and total is not None and completion is not None:
        prompt = max(0, total - completion)
    if completion is None and total is not None and prompt is not None:
        completion = max(0, total - prompt)
    if not prompt and not completion:  # sent before anything is counted
        return None
    read = _details(usage, "prompt_tokens_details", "input_tokens_details")
    written = _details(usage, "completion_tokens_details", "output_tokens_details")
    cached = _first({**usage, **read}, *_CACHED)
    reasoning = _first({**usage, **written}, "reasoning_tokens", "thoughtsTokenCount")
    return Count(prompt, completion, cached, reasoning)


def _details(usage: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((usage[name] for name in names if isinstance(usage.get(name), dict)), {})


def _first(fields: Mapping[str, Any], *names: str) -> int | None:
    return next((number for name in names if (number := _number(fields.get(name))) is not None), None)


def _number(value: object) -> int | None:
    """Return a number of tokens; servers also send it as a float or as text."""
    if isinstance(value, str) and len(value) < 20:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return int(value)


def prompt_size(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> int:
    """Return the characters of a prompt: its messages and the tools it declares."""
    return size(messages) + sum(len(json.dumps(tool)) for tool in tools)


def usage_of(count: Count | None, prompt: int, written: int) -> Usage:
    """Return what is counted; what is not is estimated from the characters of the prompt and of the reply."""
    count = count or Count()
    is_estimated = count.prompt is None or count.completion is None
    return Usage(
        prompt_tokens=round(prompt / PER_TOKEN) if count.prompt is None else count.prompt,
        cached_tokens=min(count.cached or 0, count.prompt or 0),
        completion_tokens=(
            max(1, round(written / PER_TOKEN)) if count.completion is None else count.completion
        ),
        reasoning_tokens=count.reasoning,
        estimated=is_estimated,
    )
