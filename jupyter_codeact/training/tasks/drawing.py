"""How tasks are split into training and evaluation, and drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import Literal

from . import families  # noqa: F401  (registers the kinds)
from .kinds import Kind, registered
from .task import Task

Split = Literal["train", "held-out-parameters", "held-out-kinds"]
SPLITS: tuple[Split, ...] = ("train", "held-out-parameters", "held-out-kinds")
SEEDS = 2**31
"""Seeds are drawn below this."""
_SALT = "kind 5142:"
"""Never to be changed; of many, one by which every family has kinds of both sorts."""


def all_kinds() -> tuple[Kind, ...]:
    """Return all kinds, in a fixed order."""
    return tuple(registered.values())


def get_kind(name: str) -> Kind:
    """Return a kind by its name.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    if name not in registered:
        raise ValueError(f"There is no kind of task called {name!r}.")
    return registered[name]


def split_of(kind_name: str, seed: int) -> Split:
    """Tell to which split a task belongs: by hash, the same on every machine and in every version.

    About one kind in five is never trained (``held-out-kinds``), whatever its seed; of the other kinds, about
    one seed in ten is never trained (``held-out-parameters``).
    """
    if _bucket(f"{_SALT}{kind_name}") % 5 == 0:
        return "held-out-kinds"
    return "held-out-parameters" if _bucket(f"seed:{kind_name}:{seed}") % 10 == 0 else "train"


def _bucket(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def draw(
    count: int, *, split: Split = "train", seed: int = 0, kinds: Sequence[str] | None = None
) -> Iterator[Task]:
    """Draw tasks: each kind of the split as often as any other, no task twice.

    Parameters
    ----------
    count : int
        How many.
    split : {"train", "held-out-parameters", "held-out-kinds"}
        From which split.
    seed : int
        The same seed draws the same tasks, in the same order; a greater count only adds to them.
    kinds : sequence of str, optional
        Names of kinds; all kinds if not given.

    Yields
    ------
    Task
        The tasks.

    Raises
    ------
    ValueError
        If a kind does not exist, or if no kind has tasks in the split.
    """
    chosen = [get_kind(name) for name in kinds] if kinds is not None else list(all_kinds())
    held_out = split == "held-out-kinds"
    chosen = [one for one in chosen if (split_of(one.name, 0) == "held-out-kinds") is held_out]
    if not chosen:
        raise ValueError(f"None of these kinds has tasks in the split {split!r}: {', '.join(kinds or ())}.")
    return _draw(count, split, seed, chosen)


def _draw(count: int, split: Split, seed: int, chosen: list[Kind]) -> Iterator[Task]:
    rng = Random(f"draw:{seed}")  # noqa: S311
    seen: set[tuple[str, int]] = set()
    rounds: list[Kind] = []
    while len(seen) < count:
        if not rounds:
            rounds = rng.sample(chosen, len(chosen))
        one = rounds.pop()
        number = rng.randrange(SEEDS)
        while (one.name, number) in seen or split_of(one.name, number) != split:
            number = rng.randrange(SEEDS)
        seen.add((one.name, number))
        yield one.make(number)
