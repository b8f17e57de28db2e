"""Mixes trajectories with general conversations, in an order that a seed decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from .records import Record
from .selecting import never
from .tasks.wordings import words_of


@dataclass(frozen=True, slots=True)
class Mixture:
    """Records in the order in which they are trained.

    ``general`` of them are general, and ``wanted`` should be; ``dropped`` counts what must not be trained.
    """

    records: list[Record]
    general: int
    wanted: int
    dropped: Counter[str]


def mix(
    trajectories: Iterable[Record],
    general: Iterable[Record],
    *,
    ratio: float,
    seed: int = 0,
    against: Sequence[str] = (),
) -> Mixture:
    """Mix trajectories with general conversations, without what must not be trained.

    Parameters
    ----------
    trajectories, general
        What is mixed. Of the general ones, as many are drawn as the ratio wants, and none twice. Tasks of an
        evaluation suite among the trajectories stay: a selection was told to take them.
    ratio
        General conversations for each trajectory. The paper has 69,230 for 7,139, which is 9.7.
    seed
        Draws and shuffles.
    against
        Texts that no user's message may have.
    """
    rng, dropped = Random(seed), Counter[str]()  # noqa: S311
    texts = tuple(map(words_of, against))

    def kept(records: Iterable[Record], *, all_suites: bool) -> list[Record]:
        found = []
        for record in records:
            suites = {"notebook", record.provenance.get("suite", "")} if all_suites else set()
            if reason := never(record, suites, texts):
                dropped[reason] += 1
            else:
                found.append(record)
        return found

    acting, others = kept(trajectories, all_suites=True), kept(general, all_suites=False)
    wanted = round(ratio * len(acting))
    drawn = rng.sample(others, min(wanted, len(others)))
    records = [*acting, *drawn]
    rng.shuffle(records)
    return Mixture(records, len(drawn), wanted, dropped)
