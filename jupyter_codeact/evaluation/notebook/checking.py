"""What the checks of the notebook benchmark use. They run in the kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MINUS = "\N{MINUS SIGN}"
_NUMBER = re.compile("[-+" + MINUS + r"]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_figures: list[Any] = []


def numbers(text: str) -> list[float]:
    """Return the numbers in a text; thousands may be set off by commas."""
    return [float(found.replace(",", "").replace(MINUS, "-")) for found in _NUMBER.findall(text)]


def says(text: str, value: float, tolerance: float = 0.006) -> bool:
    """Tell whether a text names a number, to within a share of it; rounded to its last digit will do."""
    for found in numbers(text):
        if abs(found - value) <= tolerance * max(abs(value), 1e-12):
            return True
        digits = len(f"{found:f}".rstrip("0").partition(".")[2])
        if digits >= 1 and round(value, digits) == found:
            return True
    return False


def mentions(text: str, *words: str) -> bool:
    """Tell whether a text has each of these, whatever its case."""
    return all(word.lower() in text.lower() for word in words)


def near(value: Any, expected: float, tolerance: float = 1e-6) -> bool:
    """Tell whether a value is a number close to the expected one."""
    return bool(abs(float(value) - expected) <= tolerance * max(1.0, abs(expected)))


def same_rows(frame: Any, expected: Any, columns: list[str] | None = None) -> bool:
    """Tell whether two tables have the same rows, in any order, in these columns (all of ``expected``)."""
    import pandas as pd

    columns = columns or list(expected.columns)
    if not isinstance(frame, pd.DataFrame) or not set(columns) <= set(frame.columns):
        return False
    if len(frame) != len(expected):
        return False

    def plain(table: Any) -> Any:
        table = table[columns].copy()
        for column in columns:
            if pd.api.types.is_numeric_dtype(table[column]):
                table[column] = table[column].astype(float).round(6)
            else:
                table[column] = table[column].astype(str)
        return table.sort_values(columns).reset_index(drop=True)

    return bool(plain(frame).equals(plain(expected)))


def watch_figures() -> None:
    """Keep every figure that is made from now on: the notebook closes each once it is shown."""
    from matplotlib.figure import Figure

    _figures.clear()
    if getattr(Figure.__init__, "watched", False):
        return
    original: Callable[..., None] = Figure.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        _figures.append(self)

    __init__.watched = True  # type: ignore[attr-defined]
    Figure.__init__ = __init__  # type: ignore[method-assign]


def drawn() -> list[Any]:
    """Return the axes with something in them, of every figure made since `watch_figures`."""
    return [axes for figure in _figures for axes in figure.axes if axes.has_data()]


def scattered(axes: Any) -> int:
    """Return how many points a scatter plot has, whether drawn as a collection or as markers without a line."""
    from matplotlib.collections import PathCollection

    clouds: list[Any] = [one for one in axes.collections if isinstance(one, PathCollection)]
    points: int = sum(len(one.get_offsets()) for one in clouds)
    lines = [one for one in axes.lines if one.get_linestyle() in ("None", "none", " ", "")]
    return int(points + sum(len(one.get_xdata()) for one in lines))


def bars(axes: Any) -> list[float]:
    """Return how long the bars are, upright or lying, from left to right or top to bottom."""
    from matplotlib.patches import Rectangle

    found = [one for one in axes.patches if isinstance(one, Rectangle)]
    lying = (
        len({round(one.get_height(), 9) for one in found}) == 1
        and len({round(one.get_x(), 9) for one in found}) == 1
    )
    if lying and len({round(one.get_width(), 9) for one in found}) > 1:
        return [float(one.get_width()) for one in sorted(found, key=lambda one: -one.get_y())]
    return [float(one.get_height()) for one in sorted(found, key=lambda one: one.get_x())]
