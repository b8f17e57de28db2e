"""Against guessed names: models invent columns, keys, variables and addresses that nearly exist."""

from __future__ import annotations

from .. import prompts
from ..events import Executed
from ..replies.reply import ParsedReply
from ..source import normalized
from .hook import Hook, ProposedCell, RanCell, RunView
from .nearest import renamed, suggest, suggest_lookups


class _Corrects(Hook):
    """Remembers what a failed cell should have been, and runs that when the cell comes again unchanged."""

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._corrections: dict[str, str] = {}

    def correct(self, source: str, correction: str) -> None:
        """Remember the correction of a cell."""
        if correction != source:
            self._corrections[normalized(source)] = correction

    def correction(self, source: str) -> str | None:
        """Return the correction of a cell that failed, if there is one."""
        return self._corrections.get(normalized(source))

    def on_reply(self, reply: ParsedReply) -> ParsedReply | None:
        """Take a repeated cell whose correction is known: there is no need to ask again."""
        return reply if reply.code is not None and self.correction(reply.code) else None

    def before_cell(self, cell: ProposedCell) -> ProposedCell | None:
        """Run the correction instead."""
        correction = self.correction(cell.source)
        return cell.changed(correction, prompts.CORRECTED) if correction else None


class NearestNames(_Corrects):
    """Tells the model which name it probably meant after a missing variable, column, key or attribute.

    If the same cell comes again all the same, it runs with that name in the place of the wrong one. Where no
    name is near, the model gets a general hint for the kind of error.
    """

    name, group = "nearest_names", "names"

    def after_cell(self, cell: RanCell) -> str | None:
        """Look for names that the error misses among those in the kernel."""
        error = cell.error
        if error is None:
            return None
        nearest = suggest(error, cell.variables, cell.source)
        self.correct(cell.source, renamed(cell.source, error["ename"], nearest))
        return prompts.meant(nearest) or prompts.HINTS.get(error["ename"])


class NearestLookups(_Corrects):
    """Tells the model which address or path it probably meant when a call found nothing under a made-up one.

    Models complete an address that they have read to one that does not exist, and functions often say so in
    what they return. If the same cell comes again all the same, it runs with what was meant.
    """

    name, group = "nearest_lookups", "names"

    def after_cell(self, cell: RanCell) -> str | None:
        """Look for what the cell looked up among what the model was shown before."""
        if cell.execution is None or cell.error is not None:
            return None
        events = list(self.run.events)
        last = max((i for i, event in enumerate(events) if isinstance(event, Executed)), default=len(events))
        nearest = suggest_lookups(cell.source, cell.execution, events[:last])
        self.correct(cell.source, renamed(cell.source, "", nearest))
        return prompts.meant(nearest) or None
