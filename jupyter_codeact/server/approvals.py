"""What the user lets run: the mode of a notebook, and their word on the cell that waits for it."""

from __future__ import annotations

import asyncio

from ..agent.events import Asked
from ..agent.gate import Decision, Mode, decision
from ..protocol import Decide

SKIPPED = "the user skipped it"
NOT_ASKED = "This cell is not waiting for your approval any more."


class Approvals:
    """The approvals of one notebook.

    Parameters
    ----------
    mode
        Which cells wait for approval in this notebook.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode: Mode = mode
        self._for_run: Mode | None = None
        self._asked: Asked | None = None
        self._answer: asyncio.Future[Decision] | None = None

    def begin(self, mode: Mode | None) -> None:
        """Begin a run, with a mode of its own or that of the notebook."""
        self._for_run = mode

    def set(self, mode: Mode) -> None:
        """Take the user's choice for the notebook; it holds for the run under way, too."""
        self.mode, self._for_run = mode, None

    def current(self) -> Mode:
        """Return the mode that the next cell is judged by."""
        return self._for_run or self.mode

    async def ask(self, asked: Asked) -> Decision:
        """Wait for the user's word on a cell."""
        self._asked, self._answer = asked, asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self._asked = self._answer = None

    def decide(self, message: Decide) -> str | None:
        """Take the user's word; return a sentence if it is not one on the cell that waits."""
        asked, answer = self._asked, self._answer
        if asked is None or answer is None or answer.done():
            return NOT_ASKED
        if (message.run, message.sha256) != (asked.run, asked.sha256):
            return NOT_ASKED
        if message.approved and message.rest:
            self._for_run = "auto"
        reasons = asked.reasons if message.approved else [SKIPPED]
        source = message.source if message.approved else asked.source
        answer.set_result(decision(source, allowed=message.approved, reasons=reasons))
        return None
