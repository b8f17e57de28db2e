"""The two halves of a suite: one whose failures may be read, and one that is only ever scored.

Whoever improves prompts or hooks reads episodes of the first half only. What helps there has to show on the
other half, too, which nobody has looked at. The halves were fixed before the first episode was played.
"""

from __future__ import annotations

import hashlib
from typing import Literal

Half = Literal["read", "scored"]
HALVES: tuple[Half, ...] = ("read", "scored")
SEED = "2026-11"
"""The seed of the split. Never change it: whoever does has read both halves."""


def half(name: str) -> Half:
    """Tell which half a task belongs to.

    Parameters
    ----------
    name : str
        The task's name in its suite. Tasks with the same text before the last slash share their data, so
        they are in the same half: a table of DABench, a session of DSEval.
    """
    group = name.rpartition("/")[0] or name
    return HALVES[hashlib.sha256(f"{SEED}:{group}".encode()).digest()[0] % 2]
