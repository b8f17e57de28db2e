"""Hooks for results that small models overlook: an object instead of its values, a value that is nan."""

from __future__ import annotations

from .. import prompts
from ..observations.displays import names_object, shows_nan
from .hook import Hook, RanCell


class OpaqueResults(Hook):
    """Points out that an output names an object, such as a generator or a method, not its values."""

    name, group = "opaque_results", "results"

    def after_cell(self, cell: RanCell) -> str | None:
        """Check the outputs of a cell that did not fail."""
        return prompts.OPAQUE_RESULT if not cell.failed and names_object(cell.outputs) else None


class NanResults(Hook):
    """Points out that a result is nan, most likely because a missing value went into it."""

    name, group = "nan_results", "results"

    def after_cell(self, cell: RanCell) -> str | None:
        """Check the outputs of a cell that did not fail."""
        return prompts.NAN_RESULT if not cell.failed and shows_nan(cell.outputs) else None
