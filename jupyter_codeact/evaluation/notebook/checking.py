"""Functions for the checks of the notebook benchmark, which run in the kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MINUS = "\N{MINUS SIGN}"
_NUMBER = re.compile("[-+" + MINUS + r"]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
_figures: list[Any] = []


def numbers(text: str) -> list[float]:
    """Return the numbers in a text; commas may separate thousands."""
    return [float(found.replace(",", "").replace(MINUS, "-")) for found in _NUMBER.findall(text)]


def says(text: str, value: float, tolerance: float = 0.006) -> bool:
    """Tell whether a text has a number, within a relative tolerance or rounded to its last digit."""
    for found in numbers(text):
        if abs(found - value) <= tolerance * max(abs(value), 1e-12):
            return True
        digits = len(f"{found:f}".rstrip("0").partition(".")[2])
        if digits >= 1 and round(value, digits) == found:
            return True
    return False


def mentions(text: str, *words: str) -> bool:
    """Tell whether a text contains each of these words, in upper or lower case."""
    return all(word.lower() in text.lower() for word in words)


def near(value: Any, expected: float, tolerance: float = 1e-6) -> bool:
    """Tell whether a value is a number close to the expected one."""
    return bool(abs(float(value) - expected) <= tolerance * max(1.0, abs(expected)))


def watch_figures() -> None:
    """Keep every figure made from now on; the notebook closes figures once they are shown."""
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
    """Return all axes with data, in all figures made since `watch_figures`."""
    return [axes for figure in _figures for axes in figure.axes if axes.has_data()]


def scattered(axes: Any) -> int:
    """Count the points of a scatter plot, drawn as a collection or as markers without a line."""
    from matplotlib.collections import PathCollection

    clouds: list[Any] = [artist for artist in axes.collections if isinstance(artist, PathCollection)]
    points: int = sum(len(artist.get_offsets()) for artist in clouds)
    lines = [artist for artist in axes.lines if artist.get_linestyle() in ("None", "none", " ", "")]
    return int(points + sum(len(artist.get_xdata()) for artist in lines))


def bars(axes: Any) -> list[float]:
    """Return the lengths of the bars, vertical or horizontal, from left to right or from top to bottom."""
    from matplotlib.patches import Rectangle

    found = [artist for artist in axes.patches if isinstance(artist, Rectangle)]
    lying = (
        len({round(artist.get_height(), 9) for artist in found}) == 1
        and len({round(artist.get_x(), 9) for artist in found}) == 1
    )
    if lying and len({round(artist.get_width(), 9) for artist in found}) > 1:
        return [float(artist.get_width()) for artist in sorted(found, key=lambda artist: -artist.get_y())]
    return [float(artist.get_height()) for artist in sorted(found, key=lambda artist: artist.get_x())]
