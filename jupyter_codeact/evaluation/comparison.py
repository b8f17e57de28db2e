"""Compares two runs on the tasks that both have tried, and says what the comparison can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .records import Episode
from .runner import CARRIED
from .statistics import mcnemar, mcnemar_power, paired_difference, smallest_gain

HELPS = (0.1, 0.2, 0.3)
"""True gains for which the power is told."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many of the shared tasks both runs solved with the first answer, only one of them, or neither."""

    both: int
    only_first: int
    only_second: int
    neither: int
    carried: int = 0

    @property
    def pairs(self) -> int:
        """How many tasks both have tried."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def p(self) -> float:
        """The exact two-sided p-value of McNemar's test."""
        return mcnemar(self.only_first, self.only_second)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the second's share less the first's."""
        return paired_difference(self.both, self.only_first, self.only_second, self.neither)

    def row(self, name: str) -> list[str]:
        """Return the comparison as a line of a table, whose head is `head`."""
        first, second = self.both + self.only_first, self.both + self.only_second
        low, high = self.interval
        shares = [f"{n} ({_percent(n / self.pairs)})" if self.pairs else "none" for n in (first, second)]
        difference = (second - first) / self.pairs if self.pairs else 0.0
        return [
            name,
            str(self.pairs),
            *shares,
            f"{100 * difference:+.1f} points",
            f"{100 * low:+.1f} to {100 * high:+.1f}",
            f"{self.only_first} : {self.only_second}",
            f"{self.p:.3g}",
        ]

    def sentences(self, first: str = "the first", second: str = "the second") -> str:
        """Return the comparison in words: counts, test, difference with its interval, and power."""
        if not self.pairs:
            return "The two have no task in common."
        one, other = (
            f"{solved} ({_percent(solved / self.pairs)})"
            for solved in (self.both + self.only_first, self.both + self.only_second)
        )
        low, high = self.interval
        difference = (self.only_second - self.only_first) / self.pairs
        powers = [_percent(mcnemar_power(self.pairs, share, 0.0)) for share in HELPS]
        gain = smallest_gain(self.pairs)
        found = f"in {_percent(gain)} of the tasks or more" if gain else "in all tasks"
        lines = [
            f"Of {self.pairs} tasks, both solved {self.both}, only {first} {self.only_first}, only {second} "
            f"{self.only_second}; McNemar's exact p = {self.p:.3g}.",
            f"{first[:1].upper()}{first[1:]} solved {one}, {second} {other}: a difference of "
            f"{100 * difference:+.0f} points, 95 % interval {100 * low:+.0f} to {100 * high:+.0f}.",
            f"Power: with {self.pairs} pairs, a change that only helps is found (p < 0.05) in four of five "
            f"comparisons if it helps {found}. If it helps in 10, 20 or 30 % of them, it is found with a "
            f"probability of {', '.join(powers)}.",
        ]
        if self.carried:
            lines.append(
                f"{self.carried} of the second episodes were not played: no hook left out had been of use in "
                "the first, which is then the same without it."
            )
        return "\n".join(lines)


def head(first: str, second: str) -> list[str]:
    """Return the head of a table of comparisons."""
    return ["tasks", "count", first, second, "difference", "95 % interval", "only one of them", "p"]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def compare(first: Sequence[Episode], second: Sequence[Episode]) -> Comparison:
    """Compare two runs by strict success on the tasks that they share."""
    one, other = ({(e.suite, e.case.name, e.sample): e for e in episodes} for episodes in (first, second))
    shared = [(one[key].played, other[key].played) for key in one.keys() & other.keys()]
    return Comparison(
        both=sum(a.strict and b.strict for a, b in shared),
        only_first=sum(a.strict and not b.strict for a, b in shared),
        only_second=sum(b.strict and not a.strict for a, b in shared),
        neither=sum(not (a.strict or b.strict) for a, b in shared),
        carried=sum(bool(b.detail.get(CARRIED)) for _, b in shared),
    )
