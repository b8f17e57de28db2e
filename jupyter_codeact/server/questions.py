"""The question of the model that waits for the user in a notebook."""

from __future__ import annotations

import asyncio

from ..agent.events import QuestionAsked
from ..protocol import AnswerQuestion


class Questions:
    """The questions of one notebook's runs, one at a time."""

    def __init__(self) -> None:
        self._pending: tuple[str, asyncio.Future[str | None]] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a question waits for the user."""
        return self._pending is not None

    async def ask(self, asked: QuestionAsked) -> str | None:
        """Wait for the user's answer; ``None`` lets the model decide."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._pending = asked.run, answer
        try:
            return await answer
        finally:
            self._pending = None

    def resolve(self, request: AnswerQuestion) -> bool:
        """Take the user's answer; return whether a question of that run waits."""
        if self._pending is None:
            return False
        run, answer = self._pending
        if run != request.run or answer.done():
            return False
        answer.set_result((request.answer or "").strip() or None)
        return True
