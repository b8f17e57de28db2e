"""Plays episodes in parallel, saves each as soon as it ends, and resumes where it stopped."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ..agent.contracts import ChatModel
from ..agent.hooks import HOOKS
from .records import Case, Ending, Episode, Played, Setting, append, key, repaired
from .sampling import stratified
from .split import Half, half
from .suites import Suite
from .versions import versions
from .workspaces import started_ahead

BROKEN: tuple[Ending, ...] = ("crashed", "failed")
"""Endings of episodes in which the kernel, the engine or the benchmark broke, for whatever reason."""
CARRIED = "carried"
"""In an episode's ``detail``: it was not played; none of the hooks left out was of use in the other one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of tasks.

    ``half`` selects one half of the suite (see `split`), ``only`` the tasks whose names match a regular
    expression, ``every`` each k-th of these, ``first`` at most so many; ``sample`` draws so many, with
    ``seed``, from all families alike. ``samples`` is how often each is played. ``again`` repeats broken
    episodes in the results, for example if the engine could not be reached.
    """

    every: int = 1
    only: str | None = None
    first: int | None = None
    half: Half | None = None
    sample: int | None = None
    seed: int = 0
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
        chosen = chosen[:: self.every][: self.first]
        return chosen if self.sample is None else stratified(chosen, self.seed)[: self.sample]


@dataclass(frozen=True)
class Contestant:
    """What plays: a model with a setting.

    ``play`` plays an episode elsewhere than in this process; if that is another version of the agent,
    ``versions`` says which.
    """

    setting: Setting
    model: ChatModel
    play: Callable[[Case, Setting], Awaitable[Played]] | None = None
    versions: Mapping[str, str] = field(default_factory=versions)


@dataclass
class Progress:
    """How far a run is: episodes to be played in all, those that are done, and seconds since it began."""

    count: int
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    limit: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """About how many seconds it still takes, from those so far and the limit."""
        left = self.seconds / max(1, self.done) * (self.count - self.done)
        return left if self.limit is None else min(left, max(0.0, self.limit - self.seconds))


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
    """Play the chosen episodes of a suite with one setting; see `play_side_by_side`."""
    return await play_side_by_side(
        suite,
        [Contestant(setting, model, play)],
        results,
        choice=choice,
        parallel=parallel,
        watch=lambda episode, _progress: watch(episode),
    )


async def play_side_by_side(
    suite: Suite,
    contestants: Sequence[Contestant],
    results: Path,
    *,
    choice: Choice | None = None,
    parallel: int = 1,
    watch: Callable[[Episode, Progress], None] = lambda _episode, _progress: None,
    seconds: float | None = None,
) -> list[Episode]:
    """Play the chosen tasks with each contestant, and return all episodes, also those found in ``results``.

    Contestants play a task one right after the other, so that whatever the machine does concerns them alike
    and the later one finds its prompt cached. They take turns who is first, unless the second one only has
    fewer hooks: then the first one always is, and where none of those was of use in its episode, at
    temperature 0 that episode is the second one's too: it is not played again, and ``detail`` says so.

    Parameters
    ----------
    results
        File of JSON lines with the episodes played before; new ones are appended.
    parallel
        Tasks at a time; each episode has its own kernel or process.
    watch
        Called with each episode when it ends.
    seconds
        How long new tasks are begun, as far as they are expected to end by then. They are begun in the order
        of the choice; what is left out is left to chance if that is a random one.
    """
    choice = choice or Choice()
    before = {
        episode.key: episode
        for episode in repaired(results)
        if not (choice.again and episode.played.ending in BROKEN)
    }
    tasks = [(case, sample) for case in choice.of(await suite.cases()) for sample in range(choice.samples)]
    match = _Match(suite, contestants, results, before, watch)
    match.progress.limit = seconds
    match.progress.count = sum(not match.is_played(each, *task) for task in tasks for each in contestants)
    queue = list(enumerate(tasks))[::-1]

    async def work() -> None:
        while queue and not match.is_late():
            number, (case, sample) = queue.pop()
            await match.play(number, case, sample)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(started_ahead(match.progress.count))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(parallel, len(queue))):
                group.create_task(work())
    return match.found


class _Match:
    """Contestants, and the episodes that they have played."""

    def __init__(
        self,
        suite: Suite,
        contestants: Sequence[Contestant],
        results: Path,
        before: dict[str, Episode],
        watch: Callable[[Episode, Progress], None],
    ) -> None:
        self._suite, self._contestants, self._results = suite, contestants, results
        self._before, self._watch = before, watch
        self._left_out = _left_out(contestants)
        self._took: list[float] = []
        self.progress = Progress(0)
        self.found: list[Episode] = []

    def _key(self, contestant: Contestant, case: Case, sample: int) -> str:
        return key(self._suite.name, case.name, sample, contestant.model.info.name, contestant.setting)

    def is_played(self, contestant: Contestant, case: Case, sample: int) -> bool:
        """Tell whether the episode is in the results already."""
        return self._key(contestant, case, sample) in self._before

    def is_late(self) -> bool:
        """Tell whether another task would not end in time."""
        if self.progress.limit is None:
            return False
        usual = sum(self._took) / len(self._took) if self._took else 0.0
        return self.progress.seconds + usual > self.progress.limit

    async def play(self, number: int, case: Case, sample: int) -> None:
        """Play a task with each contestant."""
        began = time.monotonic()
        order = list(self._contestants)
        if self._left_out is None and number % 2:
            order.reverse()
        first: Episode | None = None
        played = False
        for contestant in order:
            earlier = self._before.get(self._key(contestant, case, sample))
            episode = earlier or self._carried(first, contestant)
            if episode is None:
                episode, played = await self._episode(contestant, case, sample), True
            if earlier is None:
                append(self._results, episode)
                self.progress.done += 1
                self._watch(episode, self.progress)
            self.found.append(episode)
            first = first or episode
        if played:
            self._took.append(time.monotonic() - began)

    async def _episode(self, contestant: Contestant, case: Case, sample: int) -> Episode:
        setting = contestant.setting
        own = setting
        if setting.seed is not None:
            own = setting.model_copy(update={"seed": setting.seed + sample})
        began, start = time.time(), time.monotonic()
        if contestant.play is not None:
            playing = contestant.play(case, own)
        else:
            playing = self._suite.play(case, own, contestant.model)
        outcome = await _guarded(playing, setting)
        return Episode(
            suite=self._suite.name,
            case=case,
            sample=sample,
            model=contestant.model.info.name,
            setting=setting,
            played=outcome,
            seconds=time.monotonic() - start,
            began=began,
            versions=dict(contestant.versions),
            place=self._contestants.index(contestant),
        )

    def _carried(self, first: Episode | None, contestant: Contestant) -> Episode | None:
        """Return the episode that a contestant with fewer hooks would play just as the first one did."""
        if first is None or self._left_out is None or first.played.ending in BROKEN:
            return None
        if self._left_out & first.played.hooks.keys():
            return None
        detail = {**first.played.detail, CARRIED: True}
        played = first.played.model_copy(update={"detail": detail})
        own = {"setting": contestant.setting, "played": played, "seconds": 0.0, "place": 1}
        return first.model_copy(update=own)


def _left_out(contestants: Sequence[Contestant]) -> frozenset[str] | None:
    """Return the hooks that only the first of two contestants has, if nothing else tells them apart."""
    if len(contestants) != 2:
        return None
    one, other = contestants
    alike = one.setting.model_copy(update={"without": other.setting.without}) == other.setting
    chance = one.setting.temperature > 0 or one.setting.protocol != "agent"
    if not alike or one.model is not other.model or chance:
        return None
    first, second = (_names(each.setting.without) for each in contestants)
    return second - first if first < second else None


def _names(without: Sequence[str]) -> frozenset[str]:
    """Return the hooks that are left out, by their names."""
    return frozenset(hook.name for hook in HOOKS if {hook.name, hook.group} & set(without))


async def _guarded(episode: Awaitable[Played], setting: Setting) -> Played:
    """Await one episode; an error in it does not affect others."""
    try:
        async with asyncio.timeout(setting.seconds * 1.5 + 60):
            return await episode
    except Exception as error:
        message = str(error) or type(error).__name__
        return Played(strict=False, success=False, ending="crashed", turns=0, message=message)
