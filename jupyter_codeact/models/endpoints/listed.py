"""What servers tell about their models, each in its own fields. Any answer is read; none raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_CONTEXT_FIELDS = ("n_ctx", "max_model_len", "context_length", "context_window", "max_context_length")
"""llama.cpp, vLLM and our own engine, OpenRouter, Groq, Mistral."""

_MODALITY_FIELDS = ("input_modalities", "supported_input_modalities", "modalities", "capabilities")
"""llama.cpp and OpenRouter (within ``architecture``), GitHub; ``capabilities`` are Ollama's, Mistral's and,
in older versions, llama.cpp's. The first of them counts: some multimodal models take sound only."""

_IMAGES = {"image", "images", "vision", "multimodal"}


@dataclass(frozen=True)
class ListedModel:
    """A model as its server describes it; ``None`` is what the server does not tell.

    ``owner`` is in practice the kind of server: "llamacpp", "vllm", "library" (Ollama).
    """

    name: str
    owner: str = ""
    context_window: int | None = None
    supports_images: bool | None = None
    parameters: int | None = None


def read_models(answer: object) -> list[ListedModel]:
    """Read the answer to ``GET /models``."""
    # llama.cpp has its models' capabilities in a second list.
    second = {str(item.get("name")): item.get("capabilities") for item in _items(answer, "models")}
    return [
        read_model(str(item["id"]), {"capabilities": second.get(str(item["id"]))} | item)
        for item in _items(answer, "data")
        if item.get("id")
    ]


def read_model(name: str, fields: dict[str, Any]) -> ListedModel:
    """Read one model of such a list, or Ollama's answer to ``POST /api/show``."""
    nested = [fields.get(key) for key in ("meta", "architecture", "model_info")]
    parts = [fields, *(part for part in nested if isinstance(part, dict))]
    owner = fields.get("owned_by")
    return ListedModel(
        name=name,
        owner=owner if isinstance(owner, str) else "",
        context_window=_first_count(parts, *_CONTEXT_FIELDS),
        supports_images=_images(parts),
        parameters=_first_count(parts, "n_params", "general.parameter_count"),
    )


def _first_count(parts: list[dict[str, Any]], *names: str) -> int | None:
    for name in names:
        for fields in parts:
            value = fields.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return None


def _images(parts: list[dict[str, Any]]) -> bool | None:
    """Return whether images are among what a model takes, if anything tells."""
    for name in _MODALITY_FIELDS:
        for fields in parts:
            words = _words(fields.get(name))
            if words is not None:
                return bool(words & _IMAGES)
    return None


def _words(value: object) -> set[str] | None:
    """Return the words of a list, or the keys of an object that are true."""
    if isinstance(value, list):
        return {word.lower() for word in value if isinstance(word, str)}
    if isinstance(value, dict):
        return {str(key).lower() for key, holds in value.items() if holds is True}
    return None


def _items(answer: object, name: str) -> list[dict[str, Any]]:
    items = answer.get(name) if isinstance(answer, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
