"""Plays episodes side by side, keeps each as soon as it is over, and goes on where it stopped."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..agent.contracts import ChatModel
from .records import Case, Ending, Episode, Played, Setting, append, key, repaired
from .suites import Suite

WRONG: tuple[Ending, ...] = ("crashed", "failed")
"""How an episode ends where the kernel, the engine or the benchmark broke, whoever's doing that was."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tasks to play.

    ``every`` takes each k-th (the first of each k), ``only`` those whose name matches a regular expression,
    ``first`` at most so many of what is left; ``samples`` plays each so many times. ``again`` plays once more
    what is in the results already and went wrong, as when the engine could not be reached.
    """

    every: int = 1
    only: str | None = None
    first: int | None = None
    samples: int = 1
    again: bool = False

    def of(self, cases: Sequence[Case]) -> list[Case]:
        """Return the chosen ones."""
        chosen = [
            case for case in cases if self.only is None or re.search(self.only, f"{case.family}/{case.name}")
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
    """Play the chosen episodes of a suite and return them all, those found in ``results`` included.

    Parameters
    ----------
    results
        File of JSON lines: read for what has been played already, and added to.
    parallel
        Episodes at a time; each has its own kernel or process.
    watch
        Called with each episode when it is over.
    play
        Plays an episode elsewhere; in this process if it is ``None``.
    """
    choice = choice or Choice()
    played = {
        episode.key: episode
        for episode in repaired(results)
        if not (choice.again and episode.played.ending in WRONG)
    }
    wanted: list[tuple[Case, int]] = [
        (case, sample) for case in choice.of(await suite.cases()) for sample in range(choice.samples)
    ]
    rooms = asyncio.Semaphore(parallel)
    found: list[Episode] = []

    async def one(case: Case, sample: int) -> None:
        identity = key(suite.name, case.name, sample, model.info.name, setting)
        if identity in played:
            found.append(played[identity])
            return
        async with rooms:
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
        for case, sample in wanted:
            group.create_task(one(case, sample))
    return found


async def _guarded(episode: Awaitable[Played], setting: Setting) -> Played:
    """Await one episode; whatever goes wrong costs this one only."""
    try:
        async with asyncio.timeout(setting.seconds * 1.5 + 60):
            return await episode
    except Exception as error:
        message = str(error) or type(error).__name__
        return Played(strict=False, success=False, ending="crashed", turns=0, message=message)
