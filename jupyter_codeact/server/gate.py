"""A stand-in for the agent's gate with modes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from ..agent.events import Asked
from ..agent.gate import Decision, Judgement, Mode


class ModeGate:
    """Asks where the mode says so."""

    def __init__(
        self,
        mode: Callable[[], Mode],
        ask: Callable[[Asked], Awaitable[Decision]],
        folder: Path | None = None,
    ) -> None:
        self._mode, self._ask = mode, ask

    def judge(self, source: str) -> Judgement:
        """Ask in mode ``ask``."""
        return Judgement(verdict="ask" if self._mode() == "ask" else "allow")

    async def ask(self, asked: Asked) -> Decision:
        """Ask the user."""
        return await self._ask(asked)
