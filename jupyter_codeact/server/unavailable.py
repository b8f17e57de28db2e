"""What stands in for a model that the server does not have."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from ..agent.contracts import Delta, ModelError, ModelInfo


class UnavailableModel:
    """Stands in for a model that cannot be had; whoever asks it gets the reason."""

    def __init__(self, name: str, reason: str) -> None:
        self.info = ModelInfo(name=name)
        self.reason = reason

    async def describe(self) -> ModelInfo:
        """Return the name: nothing else is known."""
        return self.info

    async def stream(self, *_messages: Any, **_options: Any) -> AsyncGenerator[Delta, None]:
        """Raise the reason."""
        raise ModelError(self.reason)
        yield
