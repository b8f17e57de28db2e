"""Asks the gate about the actions of a run, and records what it says."""

from __future__ import annotations

from dataclasses import dataclass

from ..events import ApprovalRequested, ApprovalResolved
from ..run import Run
from .gate import Decision, Gate, Judgement, decision, digest


@dataclass
class Decisions:
    """The decisions about the actions of one run."""

    run: Run
    gate: Gate

    async def about_cell(self, source: str, cell: str) -> Decision:
        """Return what the gate, or the user it asks, says of a cell that is written."""
        return await self._about(source, cell, self.gate.judge(source), is_call=False)

    async def about_change(self, call: str, cell: str, reasons: list[str]) -> Decision:
        """Return the same of a call that moves or deletes a cell; ``reasons`` say what is risky about it."""
        return await self._about(call, cell, self.gate.judge_change(reasons), is_call=True)

    def refuse(self, source: str, reason: str) -> None:
        """Record that an action is refused; it was not written into the notebook."""
        self._resolved("", source, decision(source, allowed=False, reasons=[reason]))

    async def _about(self, source: str, cell: str, judged: Judgement, *, is_call: bool) -> Decision:
        if judged.verdict == "allow":
            decided = decision(source, allowed=True, reasons=judged.reasons)
        else:
            requested = self.run.emit(
                ApprovalRequested,
                cell_id=cell,
                sha256=digest(source),
                reasons=judged.reasons,
                is_call=is_call,
            )
            decided = await self.run.unless_stopped(self.gate.ask(requested, source))
            if decided.sha256 != digest(decided.source):
                decided = decision(source, allowed=False, reasons=["the approval is not of this code"])
            if is_call and decided.source != source:
                decided = decision(source, allowed=False, reasons=["the approval is not of this call"])
        self._resolved(cell, source, decided)
        return decided

    def _resolved(self, cell: str, source: str, decided: Decision) -> None:
        self.run.emit(
            ApprovalResolved,
            cell_id=cell,
            sha256=decided.sha256,
            allowed=decided.allowed,
            reasons=decided.reasons,
            edited=decided.source if decided.source != source else None,
            comment=decided.comment,
        )
