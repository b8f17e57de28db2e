"""The order in which tasks are drawn for a sample."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from .records import Case


def stratified(cases: Sequence[Case], seed: int) -> list[Case]:
    """Return tasks in a random order whose beginnings, however long, have a fair share of each family.

    Each family is shuffled, and its tasks are spread evenly over the whole order, each at a random place
    within its part: systematic sampling in strata (Cochran, Sampling Techniques, 1977, chapter 5). A longer
    sample with the same seed contains the shorter one.
    """
    families: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        families[case.family].append(case)
    placed: list[tuple[float, str, Case]] = []
    for family, members in families.items():
        chance = random.Random(f"{seed} {family}")  # noqa: S311 - no secret
        chance.shuffle(members)
        placed += [
            ((number + chance.random()) / len(members), case.name, case)
            for number, case in enumerate(members)
        ]
    return [case for _place, _name, case in sorted(placed, key=lambda one: one[:2])]
