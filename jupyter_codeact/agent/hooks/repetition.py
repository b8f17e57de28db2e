"""Hooks against repetition: a model that sees its own failed cell is inclined to write it again."""

from __future__ import annotations

import re
from collections import Counter

from .. import prompts
from ..ending import Ended
from ..replies.reply import ParsedReply
from ..source import normalized
from .hook import Hook, RanCell, Resample, RunView, TurnOutcome

TEMPERATURES = (0.0, 0.7, 1.0)
"""Temperatures of successive attempts at a reply: at zero, a model would repeat itself forever."""

ERRORS = 3
"""Errors of the same kind in a row that are enough."""
ERROR_CHARACTERS = 1000
"""Characters of an error that are compared."""

_VALUE = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|\d+")


class ResampleRepeats(Hook):
    """Asks the model again when it repeats a cell that failed or just ran.

    It asks at a higher temperature, hiding the failed attempts. A cell that just ran may have shown all that
    is needed, so the model is told that first. After two turns with the same outcome, the next reply is
    sampled like this from the start.
    """

    name, group = "resample_repeats", "repetition"

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._seen: Counter[str] = Counter()
        self._failed: set[str] = set()
        self._ran: str | None = None
        self._repeating = self._noted = False
        self._attempt = 0

    def before_reply(self) -> Resample | None:
        """Raise the temperature if the last turn was a repetition."""
        self._attempt, self._noted = int(self._repeating), False
        return Resample(TEMPERATURES[1], hide_failed=True) if self._repeating else None

    def on_reply(self, reply: ParsedReply) -> Resample | None:
        """Ask again if the reply is a cell that failed or just ran."""
        if reply.code is None or self._attempt + 1 == len(TEMPERATURES):
            return None
        cell = normalized(reply.code)
        if cell != self._ran and cell not in self._failed:
            return None
        self._attempt += 1
        self._noted = not self._noted and cell == self._ran
        if self._noted:
            return Resample(TEMPERATURES[0], hide_failed=True, note=prompts.JUST_RAN)
        return Resample(TEMPERATURES[self._attempt], hide_failed=True)

    def after_cell(self, cell: RanCell) -> None:
        """Remember the cell and whether it failed."""
        if cell.execution and cell.execution.status in ("ok", "error"):
            ok = cell.execution.status == "ok"
            self._ran = normalized(cell.source) if ok else None
            if not ok:
                self._failed.add(normalized(cell.source))

    def after_turn(self, outcome: TurnOutcome) -> None:
        """Remember the outcome of the turn."""
        if outcome.refused and outcome.source is not None:
            self._failed.add(normalized(outcome.source))
            self._ran = None
        self._seen.update(outcome.fingerprints)
        self._repeating = any(self._seen[fingerprint] >= 2 for fingerprint in outcome.fingerprints)


class ResampleErrors(Hook):
    """Asks at a higher temperature, hiding the failed attempts, after three errors in a row of the same kind.

    A model may correct a cell again and again in the same wrong way, each time with another value. Errors are
    of the same kind if they differ only in numbers and quoted words.
    """

    name, group = "resample_errors", "repetition"

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._kind = ""
        self._count = 0

    def before_reply(self) -> Resample | None:
        """Raise the temperature after the last of them; the count begins anew."""
        if self._count < ERRORS:
            return None
        self._count = 0
        return Resample(TEMPERATURES[1], hide_failed=True)

    def after_turn(self, outcome: TurnOutcome) -> None:
        """Count the errors in a row."""
        kind = _VALUE.sub("…", outcome.errors[-1][:ERROR_CHARACTERS]) if outcome.errors else ""
        self._count = self._count + 1 if kind and kind == self._kind else int(bool(kind))
        self._kind = kind


class StopRepeats(Hook):
    """Tells the model when a step or an error occurs for the third time.

    If one occurs again after that, the run ends as stuck.
    """

    name, group, for_capable = "stop_repeats", "repetition", True

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._seen: Counter[str] = Counter()
        self._warned = False

    def after_turn(self, outcome: TurnOutcome) -> str | None:
        """Count the outcome of the turn."""
        self._seen.update(outcome.fingerprints)
        if all(self._seen[fingerprint] < 3 for fingerprint in outcome.fingerprints):
            return None
        if self._warned:
            raise Ended("stuck", message="The model kept repeating the same step, so the run was ended.")
        self._warned = True
        return prompts.REPEATED
