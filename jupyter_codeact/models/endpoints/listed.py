"""What servers tell about their models, each in its own fields. Any answer is read; none raises."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from .connection import Connection
from .sight import sees
from .words import ServerError, UnreadableReplyError

_CONTEXT_FIELDS = (
    "n_ctx",
    "loaded_context_length",
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
    "max_context_window",
    "context_size",
    "max_input_tokens",
    "input_token_limit",
    "inputTokenLimit",
    "max_total_tokens",
)
"""llama.cpp, LM Studio, vLLM and our own engine, OpenRouter, Groq, Mistral, LiteLLM, Gemini, TGI."""

_MODALITY_FIELDS = ("input_modalities", "supported_input_modalities", "modalities", "capabilities")
"""llama.cpp and OpenRouter (within ``architecture``), GitHub; ``capabilities`` are Ollama's, LM Studio's,
Mistral's and, in older versions, llama.cpp's. The first of them counts: some multimodal models take sound
only."""

_LISTS = ("data", "models", "model_list", "available_models", "results", "result", "items")
"""Where the models are, in an answer that has more than them."""

_OTHERS = re.compile(
    r"embed|rerank|whisper|moderation|transcri|(?<![a-z])(tts|dall-e|sora|bge|gte|e5)(?![a-z])", re.IGNORECASE
)
"""Models that do not chat."""

_IMAGES = {"image", "images", "vision", "multimodal"}
_DEEPEST = 4


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
    second = _items(answer, "models")
    capabilities = {str(item.get("name")): item.get("capabilities") for item in second}
    named = [(name, item) for item in _listed(answer) if (name := _name(item))]
    return [read_model(name, {"capabilities": capabilities.get(name)} | item) for name, item in named]


def read_model(name: str, fields: dict[str, Any]) -> ListedModel:
    """Read one model of such a list, or what a server tells of one elsewhere."""
    parts = list(_parts(fields))
    owner = fields.get("owned_by")
    return ListedModel(
        name=name,
        owner=owner if isinstance(owner, str) else "",
        context_window=_first_count(parts, *_CONTEXT_FIELDS),
        supports_images=_images(parts),
        parameters=_first_count(parts, "n_params", "general.parameter_count"),
    )


async def list_models(connection: Connection) -> list[ListedModel]:
    """Ask a server for its models.

    Raises
    ------
    ServerError
        If it refuses.
    UnreadableReplyError
        If it answers with something else.
    """
    answer = await connection.get("/models")
    if isinstance(answer, str) and answer:
        raise UnreadableReplyError(answer)
    models = read_models(answer)
    if not models and isinstance(answer, dict) and answer.get("error"):
        raise ServerError(None, answer)
    return models


def first_chat_model(models: Sequence[ListedModel]) -> ListedModel:
    """Return the model to use where none is named: the first that, by its name, is for conversations."""
    return next((model for model in models if not _OTHERS.search(model.name)), models[0])


async def ask_further(connection: Connection, listed: ListedModel) -> ListedModel:
    """Return a model with what its server tells elsewhere than in the list."""
    root = connection.address.url.removesuffix("/v1")
    with suppress(Exception):  # then this is no such server, or an old one
        if listed.owner == "library" and listed.supports_images is None:
            answer = await connection.post(f"{root}/api/show", {"model": listed.name})
            # Without the context window: the answer has the model's, and Ollama uses a smaller one.
            listed = _completed(listed, answer, with_context=False)
        elif listed.owner == "llamacpp" and None in (listed.supports_images, listed.context_window):
            listed = _completed(listed, await connection.get(f"{root}/props"))
        elif listed.owner == "organization_owner":  # LM Studio
            models = read_models(await connection.get(f"{root}/api/v0/models"))
            found = next((model for model in models if model.name == listed.name), None)
            listed = replace(found, owner=listed.owner) if found else listed
    if listed.supports_images is None:
        return replace(listed, supports_images=sees(listed.name))
    return listed


def _completed(listed: ListedModel, answer: object, *, with_context: bool = True) -> ListedModel:
    shown = read_model(listed.name, answer if isinstance(answer, dict) else {})
    return ListedModel(
        listed.name,
        listed.owner,
        listed.context_window or (shown.context_window if with_context else None),
        shown.supports_images if listed.supports_images is None else listed.supports_images,
        listed.parameters or shown.parameters,
    )


def _parts(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object and those within it, the outermost first."""
    level, depth = [fields], 0
    while level and depth < _DEEPEST:
        yield from level
        level = [value for part in level for value in part.values() if isinstance(value, dict)]
        depth += 1


def _first_count(parts: list[dict[str, Any]], *names: str) -> int | None:
    for name in names:
        for fields in parts:
            if count := _count(fields.get(name)):
                return count
    return None


def _count(value: object) -> int | None:
    """Return a positive number, which some servers send as text."""
    if isinstance(value, str):
        value = value.strip().replace(",", "").replace("_", "")
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value >= 1 else None


def _images(parts: list[dict[str, Any]]) -> bool | None:
    """Return whether images are among what a model takes, if anything tells."""
    for name in _MODALITY_FIELDS:
        for fields in parts:
            words = _words(fields.get(name))
            if words is not None:
                return bool(words & _IMAGES)
    for fields in parts:
        for name in ("supports_vision", "supports_images", "supports_image_input", "vision"):
            if isinstance(fields.get(name), bool):
                return bool(fields[name])
    return True if parts[0].get("type") == "vlm" else None  # LM Studio


def _words(value: object) -> set[str] | None:
    """Return the words of a list, or the keys of an object that are true."""
    if isinstance(value, list):
        return {word.lower() for word in value if isinstance(word, str)}
    if isinstance(value, dict):
        return {str(key).lower() for key, holds in value.items() if holds is True}
    return None


def _name(item: dict[str, Any]) -> str:
    for field in ("id", "name", "model", "key", "model_name", "slug"):
        value = item.get(field)
        if value and isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def _listed(answer: object, depth: int = 0) -> list[dict[str, Any]]:
    """Return the models in an answer: a list, one within objects, or an object with their names."""
    if not isinstance(answer, dict):
        return _as_items(answer)
    for name in _LISTS if depth < _DEEPEST else ():
        if found := _listed(answer.get(name), depth + 1):
            return found
    if answer and all(isinstance(fields, dict) for fields in answer.values()) and depth:
        return [{"id": name} | fields for name, fields in answer.items()]
    is_model = answer.get("object") == "model" or (depth and _name(answer))
    return [answer] if is_model else []


def _items(answer: object, name: str) -> list[dict[str, Any]]:
    return _as_items(answer.get(name)) if isinstance(answer, dict) else []


def _as_items(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    objects = ({"id": item} if isinstance(item, str) else item for item in items)
    return [item for item in objects if isinstance(item, dict) and item]
