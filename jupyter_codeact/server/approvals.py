"""The user's approval of cells: which ones need it in a notebook, and the answer about the one that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..agent.events import ApprovalRequested
from ..agent.gate.gate import Decision, decision
from ..agent.gate.setting import Approval
from ..agent.unicode import valid_text
from ..protocol import ResolveApproval

SKIPPED = "the user skipped it"
OTHERS_MODEL = ""
"""Stands for the model of another agent, of which nothing is set here."""
COMMENT = 2_000
"""Most characters of what the user says about a cell that they skip."""


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
    chosen
        Which cells wait for approval in this notebook, if the user has chosen.
    usual
        Returns which do where the user has not, with a model, by default the chosen one.
    """

    def __init__(self, chosen: Approval | None, usual: Callable[[str | None], Approval]) -> None:
        self._chosen, self._usual = chosen, usual
        self._model: str | None = None
        self._for_run: Approval | None = None
        self._pending: _Pending | None = None

    def begin(self, approval: Approval | None, model: str | None) -> bool:
        """Begin a run: with an approval setting or a model of its own, or the usual ones.

        Return whether another setting holds from now on.
        """
        before = self._in_force
        self._for_run, self._model = approval, model
        return self._in_force != before

    def end(self) -> bool:
        """End a run; return whether another setting holds from now on."""
        before = self._in_force
        self._for_run = self._model = None
        return self._in_force != before

    def set(self, approval: Approval) -> None:
        """Take the user's choice for the notebook, which also holds for the run under way."""
        self._chosen, self._for_run = approval, None

    def current(self) -> Approval:
        """Return the setting that decides about the next cell."""
        return self._for_run or self._lasting

    @property
    def for_run(self) -> bool:
        """Whether that setting holds for the run under way alone."""
        return self._for_run is not None and self._for_run != self._lasting

    @property
    def _lasting(self) -> Approval:
        return self._chosen or self._usual(self._model)

    @property
    def _in_force(self) -> tuple[Approval, bool]:
        return self.current(), self.for_run

    @property
    def waiting(self) -> bool:
        """Whether a cell waits for the user."""
        return self._pending is not None

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
        comment = "" if answer.approved else valid_text(answer.comment).strip()[:COMMENT]
        pending.decision.set_result(
            decision(source, allowed=answer.approved, reasons=reasons, comment=comment)
        )
        return True
