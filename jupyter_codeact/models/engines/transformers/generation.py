"""What writing a reply token by token means, whoever does it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Wish:
    """What is to be continued, and how. ``images`` is what the model's processor made of pictures."""

    tokens: list[int]
    max_tokens: int
    temperature: float
    seed: int
    images: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What has been written since the step before; ``cached`` are tokens of the prompt that were known."""

    tokens: list[int]
    cached: int
    finish: Literal["stop", "length"] | None = None


class Generator(Protocol):
    """Writes replies. Closing or cancelling one frees what worked on it."""

    def generate(self, wish: Wish) -> AsyncGenerator[Step, None]:
        """Yield steps, the last of which has ``finish``."""

    def close(self) -> None:
        """Write no more."""


class BrokenError(Exception):
    """The generator will never write again."""
