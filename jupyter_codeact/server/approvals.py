"""What the user lets run: the mode of a notebook, and their word on the cell that waits for it."""

from __future__ import annotations

import asyncio

from ..agent.events import ApprovalRequested
from ..agent.gate.gate import Approval, Decision, decision
from ..protocol import ResolveApproval

SKIPPED = "the user skipped it"
NOT_ASKED = "This cell is not waiting for your approval any more."


class Approvals:
    """The approvals of one notebook.

    Parameters
    ----------
    approval
        Which cells wait for approval in this notebook.
    """

    def __init__(self, approval: Approval) -> None:
        self.approval: Approval = approval
        self._for_run: Approval | None = None
        self._asked: ApprovalRequested | None = None
        self._answer: asyncio.Future[Decision] | None = None

    def begin(self, approval: Approval | None) -> None:
        """Begin a run, with a mode of its own or that of the notebook."""
        self._for_run = approval

    def set(self, approval: Approval) -> None:
        """Take the user's choice for the notebook; it holds for the run under way, too."""
        self.approval, self._for_run = approval, None

    def current(self) -> Approval:
        """Return the mode that the next cell is judged by."""
        return self._for_run or self.approval

    async def ask(self, asked: ApprovalRequested) -> Decision:
        """Wait for the user's word on a cell."""
        self._asked, self._answer = asked, asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self._asked = self._answer = None

    def decide(self, message: ResolveApproval) -> str | None:
        """Take the user's word; return a sentence if it is not one on the cell that waits."""
        asked, answer = self._asked, self._answer
        if asked is None or answer is None or answer.done():
            return NOT_ASKED
        if (message.run, message.sha256) != (asked.run, asked.sha256):
            return NOT_ASKED
        if message.approved and message.rest:
            self._for_run = "never"
        reasons = asked.reasons if message.approved else [SKIPPED]
        source = message.source if message.approved else asked.source
        answer.set_result(decision(source, allowed=message.approved, reasons=reasons))
        return None
