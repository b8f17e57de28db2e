"""Hooks for results that small models overlook: an object instead of its values, values that are missing."""

from __future__ import annotations

import re

from .. import prompts
from ..observations.displays import names_object, shows_nan
from ..source import COERCE, compared_names
from .hook import Hook, RanCell

_MISSING = re.compile(r"(?P<column>'[^'\n]*'|\"[^\"\n]*\") [^\s,]+ \((?P<count>\d+) missing\)")
"""A column with missing values in a data frame's summary."""
_COLUMNS = 5


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


class CoercedValues(Hook):
    """Points out how many values of a column are missing once a cell converted it with ``errors='coerce'``.

    That makes a missing value of every text with more than a number in it, and says nothing.
    """

    name, group = "coerced_values", "results"

    def after_cell(self, cell: RanCell) -> str | None:
        """Search the columns that the cell names."""
        if cell.failed or COERCE not in cell.source:
            return None
        found = {
            f"{column['column']}: {int(column['count']):,}"
            for variable in cell.variables
            for column in _MISSING.finditer(variable.summary)
            if column["column"][1:-1] in cell.source
        }
        return prompts.COERCED.format(missing="; ".join(sorted(found)[:_COLUMNS])) if found else None
