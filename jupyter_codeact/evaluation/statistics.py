"""Confidence intervals and a paired test for proportions in small samples."""

from __future__ import annotations

from math import comb, sqrt

Z = 1.959964
"""The normal quantile for a 95 % interval."""


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a proportion.

    It is Wilson's interval (1927), which Brown, Cai and DasGupta (2001) recommend for small samples.
    """
    if trials == 0:
        return 0.0, 1.0
    share, z2 = successes / trials, Z * Z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z / (1 + z2 / trials) * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def paired_difference(both: int, only_first: int, only_second: int, neither: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of the second proportion minus the first, of the same tasks.

    It combines Wilson's intervals of the two, as method 10 of Newcombe, Statistics in Medicine 17 (1998),
    2635-2650, does.
    """
    count = both + only_first + only_second + neither
    if count == 0:
        return -1.0, 1.0
    ones, others = both + only_second, both + only_first
    p, q = ones / count, others / count
    (low_p, high_p), (low_q, high_q) = wilson(ones, count), wilson(others, count)
    product = ones * (count - ones) * others * (count - others)
    cross = float(both * neither - only_first * only_second)
    cross = max(cross - count / 2, 0.0) if cross > 0 else cross  # Newcombe's correction for continuity
    phi = cross / sqrt(product) if product else 0.0
    below, above = (p - low_p, high_q - q), (high_p - p, q - low_q)
    down, up = (sqrt(max(0.0, a * a - 2 * phi * a * b + b * b)) for a, b in (below, above))
    return p - q - down, p - q + up


def smallest_gain(pairs: int, *, power: float = 0.8, level: float = 0.05) -> float | None:
    """Return the smallest true gain, in steps of 1 %, that McNemar's exact test finds with this power.

    It is the proportion of tasks that only one of the two solves, if the other never does. ``None`` if there
    are too few pairs for any.
    """
    for percent in range(1, 101):
        share = percent / 100
        # with tasks that only one solves, the test is a binomial's: p = 2 / 2 ** n
        found = sum(
            comb(pairs, n) * share**n * (1 - share) ** (pairs - n)
            for n in range(pairs + 1)
            if mcnemar(n, 0) < level
        )
        if found >= power:
            return share
    return None


def mcnemar_power(pairs: int, only_first: float, only_second: float, *, level: float = 0.05) -> float:
    """Return the power of McNemar's exact test: how likely it is to find an existing difference.

    Parameters
    ----------
    pairs
        The number of tasks that both have tried.
    only_first, only_second
        The true proportions of tasks that only the first, or only the second, solves.
    level
        The p-value below which a difference counts as found.
    """
    both = 1.0 - only_first - only_second
    power = 0.0
    for first in range(pairs + 1):
        for second in range(pairs + 1 - first):
            if mcnemar(first, second) < level:
                ways = comb(pairs, first) * comb(pairs - first, second)
                power += ways * only_first**first * only_second**second * both ** (pairs - first - second)
    return power


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of McNemar's test.

    Parameters
    ----------
    only_first, only_second
        The numbers of tasks that only the first, or only the second, has solved.
    """
    n, k = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0
    return min(1.0, 2.0 * float(sum(comb(n, i) for i in range(k + 1))) / 2.0**n)
