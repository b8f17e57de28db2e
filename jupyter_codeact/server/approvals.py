"""The user's approval of cells: which ones need it in a notebook, and the answer about the one that waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..agent.events import ApprovalRequested
from ..agent.gate.gate import Approval, Decision, decision
from ..protocol import ResolveApproval

SKIPPED = "the user skipped it"


@dataclass
class _Pending:
    """A cell that waits for approval."""

    requested: ApprovalRequested
    source: str
    decision: asyncio.Future[Decision]


class Approvals:
    """The approvals of one notebook.

    Parameters
    ----------
    approval
        Which cells need approval in this notebook.
    """

    def __init__(self, approval: Approval) -> None:
        self.approval: Approval = approval
        self._for_run: Approval | None = None
        self._pending: _Pending | None = None

    def begin(self, approval: Approval | None) -> None:
        """Begin a run, with an approval setting of its own or the notebook's."""
        self._for_run = approval

    def set(self, approval: Approval) -> None:
        """Take the user's choice for the notebook, which also holds for the run under way."""
        self.approval, self._for_run = approval, None

    def current(self) -> Approval:
        """Return the setting that decides about the next cell."""
        return self._for_run or self.approval

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Wait for the user's decision about a cell."""
        answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._pending = _Pending(requested, source, answer)
        try:
            return await answer
        finally:
            self._pending = None

    def resolve(self, answer: ResolveApproval) -> bool:
        """Take the user's answer; return whether it is about the cell that waits."""
        pending = self._pending
        if pending is None or pending.decision.done():
            return False
        if (answer.run, answer.sha256) != (pending.requested.run, pending.requested.sha256):
            return False
        if answer.approved:
            reasons, source = pending.requested.reasons, answer.source
            if answer.rest:
                self._for_run = "never"
        else:
            reasons, source = [SKIPPED], pending.source
        pending.decision.set_result(decision(source, allowed=answer.approved, reasons=reasons))
        return True
