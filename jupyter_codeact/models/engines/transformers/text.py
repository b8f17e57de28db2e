"""From messages to tokens, and from tokens to text that ends at a stop string."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers.decoders import DecodeStream

from .loading import LoadedModel


class UnsupportedContentError(Exception):
    """The model does not take something in the messages."""


_TEMPLATE_FIELDS = ("enable_thinking", "reasoning_effort")


def encode(
    loaded: LoadedModel,
    messages: Sequence[Mapping[str, Any]],
    template: Mapping[str, Any] | None = None,
) -> tuple[list[int], dict[str, Any]]:
    """Return the tokens of a conversation up to the model's reply, and its images as tensors.

    ``template`` are variables of the chat template, of which those count that say how the model thinks.

    Raises
    ------
    UnsupportedContentError
        If the model does not take something in the messages.
    """
    takes_images = loaded.processor is not None
    plain = [
        {
            **message,
            "content": _parts(message.get("content")) if takes_images else _text(message.get("content")),
        }
        for message in messages
    ]
    options: dict[str, Any] = {"add_generation_prompt": True, "tokenize": True, "return_dict": True}
    options |= {name: value for name, value in (template or {}).items() if name in _TEMPLATE_FIELDS}
    try:
        if not takes_images:
            inputs = loaded.tokenizer.apply_chat_template(plain, **options)
            return list(inputs["input_ids"]), {}
        inputs = loaded.processor.apply_chat_template(plain, return_tensors="pt", **options)
    except UnsupportedContentError:
        raise
    except Exception as error:  # templates raise anything, most often for unknown roles
        raise UnsupportedContentError(f"The model's chat template refuses the messages: {error}") from error
    inputs = dict(inputs.to(loaded.model.device))
    tokens = inputs.pop("input_ids")[0].tolist()
    inputs.pop("attention_mask", None)
    return tokens, inputs if "pixel_values" in inputs else {}


def _text(content: Any) -> str:
    """Return the content of a message for a model that takes text only."""
    if isinstance(content, str) or content is None:
        return content or ""
    texts = []
    for part in content:
        if part.get("type") != "text":
            raise UnsupportedContentError(
                "This model takes text only; for images use another one, like qwen2.5-vl-7b"
            )
        texts.append(str(part.get("text", "")))
    return "\n".join(texts)


def _parts(content: Any) -> list[dict[str, Any]]:
    """Return the parts of a message for a model that takes images."""
    if isinstance(content, str) or content is None:
        return [{"type": "text", "text": content or ""}]
    parts: list[dict[str, Any]] = []
    for part in content:
        if part.get("type") == "image_url":
            parts.append({"type": "image", "image": _image(part.get("image_url"))})
        else:
            parts.append({"type": "text", "text": str(part.get("text", ""))})
    return parts


def _image(value: Any) -> Any:
    """Return the image of a data URL; nothing is fetched from anywhere."""
    from PIL import Image, UnidentifiedImageError

    url = str(value.get("url", "") if isinstance(value, Mapping) else value)
    head, _, data = url.partition(";base64,")
    if not head.startswith("data:image/") or not data:
        raise UnsupportedContentError(
            "Images must be data URLs (data:image/png;base64,…); this engine fetches nothing"
        )
    try:
        image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        return image.convert("RGB")
    except (UnidentifiedImageError, binascii.Error, OSError, Image.DecompressionBombError) as error:
        raise UnsupportedContentError("An image in the messages cannot be read") from error


class Decoder:
    """Turns tokens into text, up to the first of the ``stops``."""

    def __init__(self, tokenizer: Any, stops: Sequence[str]) -> None:
        self._tokenizer = tokenizer.backend_tokenizer
        self._stream = DecodeStream([], skip_special_tokens=True)
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def add(self, tokens: Sequence[int]) -> str:
        """Add tokens and return new text; what may be the beginning of a stop string is held back."""
        for token in tokens:
            self._held += self._stream.step(self._tokenizer, token) or ""
            found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
            if found:
                text, self._held, self.stopped = self._held[: min(found)], "", True
                return text
        certain = len(self._held) - self._possible_stop()
        text, self._held = self._held[:certain], self._held[certain:]
        return text

    def rest(self) -> str:
        """Return what was held back, at the end of the reply."""
        text, self._held = self._held, ""
        return text

    def _possible_stop(self) -> int:
        """Return how many characters at the end may be the beginning of a stop string."""
        return max(
            (n for stop in self._stops for n in range(1, len(stop)) if self._held.endswith(stop[:n])),
            default=0,
        )
