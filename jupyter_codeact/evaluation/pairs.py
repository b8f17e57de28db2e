"""Two models on the same tasks: what only one of them has solved, and how sure the difference is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from .records import Episode
from .statistics import mcnemar, wilson


@dataclass(frozen=True, slots=True)
class Pairs:
    """How often both, one or none of two models solved a task."""

    name: str
    both: int
    only_first: int
    only_second: int
    none: int

    @property
    def count(self) -> int:
        """How many tasks both have tried."""
        return self.both + self.only_first + self.only_second + self.none

    @property
    def first(self) -> int:
        """How many the first has solved."""
        return self.both + self.only_first

    @property
    def second(self) -> int:
        """How many the second has solved."""
        return self.both + self.only_second

    @property
    def p(self) -> float:
        """The p-value of McNemar's exact test."""
        return mcnemar(self.only_first, self.only_second)

    @property
    def difference(self) -> tuple[float, float, float]:
        """The second's share less the first's, and its 95 % interval."""
        return paired_difference(self.both, self.only_first, self.only_second, self.none)


def pair(name: str, first: Iterable[Episode], second: Iterable[Episode]) -> Pairs:
    """Count the tasks that two models have in common, by the first answer."""
    one = {(e.suite, e.case.name, e.sample): e.played.strict for e in first}
    other = {(e.suite, e.case.name, e.sample): e.played.strict for e in second}
    shared = [(one[key], other[key]) for key in one.keys() & other.keys()]
    return Pairs(
        name,
        both=shared.count((True, True)),
        only_first=shared.count((True, False)),
        only_second=shared.count((False, True)),
        none=shared.count((False, False)),
    )


def paired_difference(both: int, only_first: int, only_second: int, none: int) -> tuple[float, float, float]:
    """Return the difference of two paired proportions, second less first, with its 95 % interval.

    It is Newcombe's tenth method (1998, Statistics in Medicine 17, 2635): the two Wilson intervals, joined
    with the correlation of the pairs, which is corrected for continuity if it is positive.
    """
    n = both + only_first + only_second + none
    if n == 0:
        return 0.0, -1.0, 1.0
    first, second = both + only_first, both + only_second
    low1, high1 = wilson(first, n)
    low2, high2 = wilson(second, n)
    p1, p2 = first / n, second / n
    spread = first * (n - first) * second * (n - second)
    product = both * none - only_first * only_second
    corrected = product if product < 0 else max(0.0, product - n / 2)
    phi = corrected / sqrt(spread) if spread else 0.0
    below = (p2 - low2) ** 2 - 2 * phi * (p2 - low2) * (high1 - p1) + (high1 - p1) ** 2
    above = (high2 - p2) ** 2 - 2 * phi * (high2 - p2) * (p1 - low1) + (p1 - low1) ** 2
    difference = p2 - p1
    return difference, difference - sqrt(max(0.0, below)), difference + sqrt(max(0.0, above))


def table(pairs: Sequence[Pairs], first: str, second: str) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a table of pairs."""
    head = ["tasks", "count", first, second, "difference", "95 % interval", "only one of them", "p"]
    rows = []
    for each in pairs:
        difference, low, high = each.difference
        rows.append(
            [
                each.name,
                str(each.count),
                f"{each.first} ({_share(each.first, each.count)})",
                f"{each.second} ({_share(each.second, each.count)})",
                f"{100 * difference:+.1f} points",
                f"{100 * low:+.1f} to {100 * high:+.1f}",
                f"{each.only_first} : {each.only_second}",
                f"{each.p:.3g}",
            ]
        )
    return head, rows


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"
