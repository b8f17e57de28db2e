"""Hooks against guessed names: models invent variables, columns, keys and addresses that nearly exist."""

from __future__ import annotations

from .. import prompts
from ..events import Executed
from ..replies.reply import ParsedReply
from ..source import normalized
from .hook import Hook, ProposedCell, RanCell, RunView
from .nearest import replace_names, suggest_lookups, suggest_names


class _Corrections(Hook):
    """Remembers the correction of a failed cell, and runs it if the model repeats the cell unchanged."""

    def __init__(self, run: RunView) -> None:
        super().__init__(run)
        self._corrections: dict[str, str] = {}

    def correct(self, source: str, correction: str) -> None:
        """Remember the correction of a cell."""
        if correction != source:
            self._corrections[normalized(source)] = correction

    def correction(self, source: str) -> str | None:
        """Return the correction of a failed cell, if there is one."""
        return self._corrections.get(normalized(source))

    def on_reply(self, reply: ParsedReply) -> ParsedReply | None:
        """Accept a repeated cell whose correction is known: the model need not be asked again."""
        return reply if reply.code is not None and self.correction(reply.code) else None

    def before_cell(self, cell: ProposedCell) -> ProposedCell | None:
        """Run the correction instead."""
        correction = self.correction(cell.source)
        return cell.changed(correction, prompts.CORRECTED) if correction else None


class NearestNames(_Corrections):
    """Tells the model which name it probably meant after a missing variable, column, key or attribute.

    If the model repeats the cell anyway, the cell runs with the right name. If no name is near, the model
    gets a general hint for the kind of error.
    """

    name, group = "nearest_names", "names"

    def after_cell(self, cell: RanCell) -> str | None:
        """Search the kernel's names for the ones that the error misses."""
        error = cell.error
        if error is None:
            return None
        nearest = suggest_names(error, cell.variables, cell.source)
        self.correct(cell.source, replace_names(cell.source, error["ename"], nearest))
        return prompts.nearest_names(nearest) or prompts.hint(error["ename"], error["evalue"])


class NearestLookups(_Corrections):
    """Tells the model which address or path it probably meant when a call finds nothing under a made-up one.

    Models expand an address that they have read into one that does not exist, and functions often report
    that in the value that they return. If the model repeats the cell anyway, the cell runs with the right
    address.
    """

    name, group = "nearest_lookups", "names"

    def after_cell(self, cell: RanCell) -> str | None:
        """Search what the model was shown for the strings that the cell looked up."""
        if cell.execution is None or cell.failed:
            return None
        events = list(self.run.events)
        last = max((i for i, event in enumerate(events) if isinstance(event, Executed)), default=len(events))
        nearest = suggest_lookups(cell.source, cell.execution, events[:last])
        self.correct(cell.source, replace_names(cell.source, "", nearest))
        return prompts.nearest_names(nearest) or None
