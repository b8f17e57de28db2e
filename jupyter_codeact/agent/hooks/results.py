"""Hooks for results that small models overlook: an object instead of its values, a value that is nan."""

from __future__ import annotations

from .. import prompts
from ..observations.displays import names_object, shows_nan
from ..source import compared_names
from .hook import Hook, RanCell


class OpaqueResults(Hook):
    """Points out that an output names an object, such as a generator or a method, not its values."""

    name, group = "opaque_results", "results"

    def after_cell(self, cell: RanCell) -> str | None:
        """Check the outputs of a cell that did not fail."""
        return prompts.OPAQUE_RESULT if not cell.failed and names_object(cell.outputs) else None


class NanResults(Hook):
    """Points out that a result is nan, most likely because a missing value went into it.

    So is a value that the cell only compares, as in ``p < 0.05``: with nan that is false, whatever the data.
    """

    name, group = "nan_results", "results"

    def after_cell(self, cell: RanCell) -> str | None:
        """Check the outputs of a cell that did not fail, and the values that it compares."""
        if cell.failed:
            return None
        if shows_nan(cell.outputs):
            return prompts.nan_result()
        compared = compared_names(cell.source)
        hidden = [each.name for each in cell.variables if each.name in compared and each.summary == "= nan"]
        return prompts.nan_result(hidden[0]) if hidden else None
