"""From messages to tokens, and from tokens to text that ends where it was told to."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers.decoders import DecodeStream

from .loading import Loaded


class UnfitError(Exception):
    """The messages are not for this model; the message says why."""


def read(loaded: Loaded, messages: Sequence[Mapping[str, Any]]) -> tuple[list[int], dict[str, Any]]:
    """Return the tokens of a conversation whose next words are the model's, and its pictures as tensors.

    Raises
    ------
    UnfitError
        If there is something in the messages that the model does not take.
    """
    sees = loaded.processor is not None
    plain = [
        {**message, "content": _parts(message.get("content")) if sees else _text(message.get("content"))}
        for message in messages
    ]
    options = {"add_generation_prompt": True, "tokenize": True, "return_dict": True}
    try:
        if not sees:
            inputs = loaded.tokenizer.apply_chat_template(plain, **options)
            return list(inputs["input_ids"]), {}
        inputs = loaded.processor.apply_chat_template(plain, return_tensors="pt", **options)
    except UnfitError:
        raise
    except Exception as error:  # templates raise what they like, for roles they do not know above all
        raise UnfitError(f"The model's chat template refuses the messages: {error}") from error
    inputs = dict(inputs.to(loaded.model.device))
    tokens = inputs.pop("input_ids")[0].tolist()
    inputs.pop("attention_mask", None)
    return tokens, inputs if "pixel_values" in inputs else {}


def _text(content: Any) -> str:
    """Return the text of a message for a model that does not see."""
    if isinstance(content, str) or content is None:
        return content or ""
    texts = []
    for part in content:
        if part.get("type") != "text":
            raise UnfitError("This model takes text only, no pictures; use one that sees, like qwen2.5-vl-7b")
        texts.append(str(part.get("text", "")))
    return "\n".join(texts)


def _parts(content: Any) -> list[dict[str, Any]]:
    """Return the parts of a message for a model that sees."""
    if isinstance(content, str) or content is None:
        return [{"type": "text", "text": content or ""}]
    parts: list[dict[str, Any]] = []
    for part in content:
        if part.get("type") == "image_url":
            parts.append({"type": "image", "image": _picture(part.get("image_url"))})
        else:
            parts.append({"type": "text", "text": str(part.get("text", ""))})
    return parts


def _picture(given: Any) -> Any:
    """Return a picture from a data URL; nothing is fetched, from wherever."""
    from PIL import Image, UnidentifiedImageError

    url = str(given.get("url", "") if isinstance(given, Mapping) else given)
    head, _, data = url.partition(";base64,")
    if not head.startswith("data:image/") or not data:
        raise UnfitError("Pictures must be data URLs (data:image/png;base64,…); this engine fetches nothing")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        return picture.convert("RGB")
    except (UnidentifiedImageError, binascii.Error, OSError, Image.DecompressionBombError) as error:
        raise UnfitError("A picture in the messages cannot be read") from error


class Writing:
    """Text made of tokens, up to the first of the ``stops``."""

    def __init__(self, tokenizer: Any, stops: Sequence[str]) -> None:
        self._tokenizer = tokenizer.backend_tokenizer
        self._stream = DecodeStream([], skip_special_tokens=True)
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def add(self, tokens: Sequence[int]) -> str:
        """Return the text that is certain now; what may be the beginning of a stop is held back."""
        for token in tokens:
            self._held += self._stream.step(self._tokenizer, token) or ""
            found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
            if found:
                text, self._held, self.stopped = self._held[: min(found)], "", True
                return text
        certain = len(self._held) - self._perhaps()
        text, self._held = self._held[:certain], self._held[certain:]
        return text

    def rest(self) -> str:
        """Return what was held back, when nothing comes after it."""
        text, self._held = self._held, ""
        return text

    def _perhaps(self) -> int:
        """Return how many characters at the end may become a stop."""
        return max(
            (n for stop in self._stops for n in range(1, len(stop)) if self._held.endswith(stop[:n])),
            default=0,
        )
