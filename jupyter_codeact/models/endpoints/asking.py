"""The body of a request for a reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...agent.contracts import Message, ModelSettings, ReasoningEffort

_BY_TEMPLATE = ("llamacpp", "vllm", "sglang", "transformers")
"""Servers, as their lists of models name them, that take variables for the model's chat template."""


def body_of(
    messages: Sequence[Message],
    settings: ModelSettings,
    *,
    owner: str = "",
    stop: Sequence[str] = (),
    max_tokens: int | None = None,
    temperature: float | None = None,
    seed: int | None = None,
    tools: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the body, without the model and without the user's own fields; what nobody sets is left out."""
    sampling = {
        "max_tokens": settings.reply_tokens if max_tokens is None else max_tokens,
        "temperature": settings.temperature if temperature is None else temperature,
        "top_p": settings.top_p,
        "seed": seed,
    }
    return {
        "messages": list(messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        **{name: value for name, value in sampling.items() if value is not None},
        **({"stop": list(stop)} if stop else {}),
        **({"tools": list(tools)} if tools else {}),
        **(_effort(settings.reasoning_effort, owner) if settings.reasoning_effort else {}),
        **({"timings_per_token": True} if owner == "llamacpp" else {}),
    }


def _effort(effort: ReasoningEffort, owner: str) -> dict[str, Any]:
    """Return the fields that ask for a reasoning effort."""
    if owner in _BY_TEMPLATE:
        if effort == "off":
            return {"chat_template_kwargs": {"enable_thinking": False}}
        return {
            "reasoning_effort": effort,
            "chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": effort},
        }
    return {"reasoning_effort": "none" if effort == "off" else effort}
