"""Against repetition: a model that sees its own failed cell is inclined to write it again."""

from __future__ import annotations

from collections import Counter

from .. import prompts
from ..ending import Ended
from ..replies.reply import ParsedReply
from ..source import normalized
from .hook import Hook, RanCell, Resample, RunView, TurnOutcome

TEMPERATURES = (0.0, 0.7, 1.0)
"""Of the attempts at one reply: without chance, a model would repeat itself forever."""


class ResampleRepeats(Hook):
    """Asks the model again when it repeats a cell that failed or just ran.

    It asks at a higher temperature and hides the failed attempts. A cell that just ran may have shown all
    that is needed, so the model is told that first. When two turns came to the same, the next reply is asked
    for in this way from the start.
    """

    name, group = "resample_repeats", "repetition"

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._seen: Counter[str] = Counter()
        self._failed: set[str] = set()
        self._ran: str | None = None
        self._repeating = self._told = False
        self._attempt = 0

    def before_reply(self) -> Resample | None:
        """Ask with chance when the last turn was a repetition."""
        self._attempt, self._told = int(self._repeating), False
        return Resample(TEMPERATURES[1], hide_failed=True) if self._repeating else None

    def on_reply(self, reply: ParsedReply) -> Resample | None:
        """Ask again when the reply is a cell that failed or just ran."""
        if reply.code is None or self._attempt + 1 == len(TEMPERATURES):
            return None
        cell = normalized(reply.code)
        if cell != self._ran and cell not in self._failed:
            return None
        self._attempt += 1
        self._told = not self._told and cell == self._ran
        if self._told:
            return Resample(TEMPERATURES[0], hide_failed=True, note=prompts.JUST_RAN)
        return Resample(TEMPERATURES[self._attempt], hide_failed=True)

    def after_cell(self, cell: RanCell) -> None:
        """Remember how the cell ended."""
        if cell.execution and cell.execution.status in ("ok", "error"):
            ok = cell.execution.status == "ok"
            self._ran = normalized(cell.source) if ok else None
            if not ok:
                self._failed.add(normalized(cell.source))

    def after_turn(self, outcome: TurnOutcome) -> None:
        """Remember what the turn came to."""
        if outcome.refused and outcome.source is not None:
            self._failed.add(normalized(outcome.source))
            self._ran = None
        self._seen.update(outcome.marks)
        self._repeating = any(self._seen[mark] >= 2 for mark in outcome.marks)


class StopRepeats(Hook):
    """Tells the model when a step or an error comes for the third time.

    When it comes once more after that, the run ends as stuck.
    """

    name, group, for_capable = "stop_repeats", "repetition", True

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._seen: Counter[str] = Counter()
        self._warned = False

    def after_turn(self, outcome: TurnOutcome) -> str | None:
        """Count what the turn came to."""
        self._seen.update(outcome.marks)
        if all(self._seen[mark] < 3 for mark in outcome.marks):
            return None
        if self._warned:
            raise Ended("stuck", message="The model kept repeating the same step, so the run was ended.")
        self._warned = True
        return prompts.REPEATED
