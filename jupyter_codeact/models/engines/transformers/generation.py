"""What all generators have in common: a request for tokens, and the steps of a reply."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class GenerationRequest:
    """A prompt to continue. ``images`` are inputs that the model's processor made of images."""

    tokens: list[int]
    max_tokens: int
    temperature: float
    seed: int
    images: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """Tokens written since the last step; ``cached`` counts those of the prompt that a cache served."""

    tokens: list[int]
    cached: int
    finish: Literal["stop", "length"] | None = None


class Generator(Protocol):
    """Writes replies. Closing or cancelling one frees the model for others."""

    def generate(self, request: GenerationRequest) -> AsyncGenerator[Step, None]:
        """Yield steps; the last one has ``finish``."""

    def close(self) -> None:
        """End the generator."""


class BrokenError(Exception):
    """The generator is broken for good."""
