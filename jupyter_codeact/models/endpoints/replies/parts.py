"""The content of a message, in any of the forms that servers give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_THINKING_FIELDS = (
    "reasoning_content",
    "reasoning",
    "reasoning_text",
    "thinking",
    "thinking_content",
    "thought",
    "thoughts",
    "reasoning_details",
    "thinking_blocks",
)
"""DeepSeek's, llama.cpp's and vLLM's, OpenRouter's, Ollama's and others'. Some servers send the same words in
two of them, so the first that has any counts."""
_THINKING_WORDS = ("think", "thought", "reason", "analysis")
_TEXT_FIELDS = ("text", "content", "value", "summary", "parts", "refusal", "output_text")
_DEEPEST = 6


def text_and_thinking(content: object, depth: int = 0) -> tuple[str, str]:
    """Return the text of a content and what it marks as thinking: a string, a part, or a list of parts."""
    if isinstance(content, str):
        return content, ""
    if isinstance(content, int | float) and not isinstance(content, bool):
        return str(content), ""
    if depth > _DEEPEST:
        return "", ""
    if isinstance(content, list):
        both = [text_and_thinking(part, depth + 1) for part in content]
        return "".join(text for text, _ in both), "".join(thinking for _, thinking in both)
    if not isinstance(content, dict):
        return "", ""
    kind = content.get("type")
    if isinstance(kind, str) and any(word in kind.lower() for word in _THINKING_WORDS):
        return "", thinking_in(content, depth + 1) or _inner(content, depth)[0]
    text, thinking = _inner(content, depth)
    if content.get("thought") is True:  # Gemini marks a part so
        return "", text + thinking
    return text, thinking + thinking_in(content, depth + 1)


def thinking_in(fields: Mapping[str, Any], depth: int = 0) -> str:
    """Return what a message sets apart as thinking, in a field of its own."""
    for name in _THINKING_FIELDS:
        value = fields.get(name)
        if isinstance(value, str | list | dict) and value:
            text, thinking = text_and_thinking(value, depth + 1)
            if text or thinking:
                return text + thinking
    return ""


def _inner(part: Mapping[str, Any], depth: int) -> tuple[str, str]:
    for name in _TEXT_FIELDS:
        text, thinking = text_and_thinking(part.get(name), depth + 1)
        if text or thinking:
            return text, thinking
    return "", ""
