"""Plays episodes in parallel, saves each as soon as it ends, and resumes where it stopped."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..agent.contracts import ChatModel
from .records import Case, Ending, Episode, Played, Setting, append, key, repaired
from .split import Half, half
from .suites import Suite

BROKEN: tuple[Ending, ...] = ("crashed", "failed")
"""Endings of episodes in which the kernel, the engine or the benchmark broke, for whatever reason."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of tasks.

    ``half`` selects one half of the suite (see `split`), ``only`` the tasks whose names match a regular
    expression, ``every`` each k-th of these, ``first`` at most so many; ``samples`` is how often each is
    played. ``again`` repeats broken episodes in the results, for example if the engine could not be reached.
    """

    every: int = 1
    only: str | None = None
    first: int | None = None
    half: Half | None = None
    samples: int = 1
    again: bool = False

    def of(self, cases: Sequence[Case]) -> list[Case]:
        """Return the chosen tasks."""
        chosen = [
            case
            for case in cases
            if (self.half is None or half(case.name) == self.half)
            and (self.only is None or re.search(self.only, f"{case.family}/{case.name}"))
        ]
        return chosen[:: self.every][: self.first]


async def play_all(
    suite: Suite,
    setting: Setting,
    model: ChatModel,
    results: Path,
    *,
    choice: Choice | None = None,
    parallel: int = 1,
    watch: Callable[[Episode], None] = lambda _episode: None,
    play: Callable[[Case, Setting], Awaitable[Played]] | None = None,
) -> list[Episode]:
    """Play the chosen episodes of a suite and return them all, including those found in ``results``.

    Parameters
    ----------
    results
        File of JSON lines with the episodes played before; new ones are appended.
    parallel
        Episodes at a time; each has its own kernel or process.
    watch
        Called with each episode when it ends.
    play
        Plays an episode elsewhere; by default it is played in this process.
    """
    choice = choice or Choice()
    played = {
        episode.key: episode
        for episode in repaired(results)
        if not (choice.again and episode.played.ending in BROKEN)
    }
    episodes: list[tuple[Case, int]] = [
        (case, sample) for case in choice.of(await suite.cases()) for sample in range(choice.samples)
    ]
    slots = asyncio.Semaphore(parallel)
    found: list[Episode] = []

    async def play_one(case: Case, sample: int) -> None:
        identity = key(suite.name, case.name, sample, model.info.name, setting)
        if identity in played:
            found.append(played[identity])
            return
        async with slots:
            own = setting
            if setting.seed is not None:
                own = setting.model_copy(update={"seed": setting.seed + sample})
            began, start = time.time(), time.monotonic()
            outcome = await _guarded(play(case, own) if play else suite.play(case, own, model), setting)
            episode = Episode(
                suite=suite.name,
                case=case,
                sample=sample,
                model=model.info.name,
                setting=setting,
                played=outcome,
                seconds=time.monotonic() - start,
                began=began,
            )
        append(results, episode)
        found.append(episode)
        watch(episode)

    async with asyncio.TaskGroup() as group:
        for case, sample in episodes:
            group.create_task(play_one(case, sample))
    return found


async def _guarded(episode: Awaitable[Played], setting: Setting) -> Played:
    """Await one episode; an error in it does not affect others."""
    try:
        async with asyncio.timeout(setting.seconds * 1.5 + 60):
            return await episode
    except Exception as error:
        message = str(error) or type(error).__name__
        return Played(strict=False, success=False, ending="crashed", turns=0, message=message)
