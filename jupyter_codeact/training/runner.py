"""Plays tasks in parallel, saves each as soon as it ends, and goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..agent.contracts import ChatModel, CodeActError
from .oracle import NAME
from .playing import PlaySetting, identity, open_player, oracle_for, play, records_of
from .records import DataError, Record, append, repaired
from .tasks import Task

FAILURES_IN_A_ROW = 5
"""So many, and it is not the task that is to blame."""


@dataclass
class Progress:
    """What has come of playing tasks: the records of each, those found in the file, and what broke."""

    total: int
    found: int = 0
    played: int = 0
    solved: int = 0
    failed: list[str] = field(default_factory=list)
    in_a_row: int = 0


Watch = Callable[[Progress, Task, list[Record], str], None]
"""Called when a task ends, with its records; or, if it broke, with a sentence."""


async def play_all(
    tasks: Iterable[Task],
    setting: PlaySetting,
    output: Path,
    *,
    model: ChatModel | None = None,
    samples: int = 1,
    parallel: int = 1,
    watch: Watch = lambda *_: None,
) -> Progress:
    """Play tasks that are not in a file yet, and append their records to it.

    Parameters
    ----------
    tasks, setting
        What is played, and how.
    output
        The file of records.
    model
        Who plays; the oracle if ``None``.
    samples
        How often each task is played.
    parallel
        Tasks at a time; each has a kernel of its own.
    watch
        Called when a task ends.

    Raises
    ------
    DataError
        If the file cannot be read or written, or if task after task breaks.
    """
    name = model.info.name if model else NAME
    done = set(_complete(repaired(output)))
    jobs = [(task, sample) for task in tasks for sample in range(samples)]
    progress = Progress(len(jobs))
    waiting = [job for job in jobs if identity(*job, name, setting) not in done]
    progress.found = len(jobs) - len(waiting)
    queue = iter(waiting)

    async def work() -> None:
        job = next(queue, None)
        while job is not None:
            async with open_player() as player:
                while job is not None:
                    task, sample = job
                    chosen = model
                    model_of = (
                        oracle_for(task, sample, setting)
                        if chosen is None
                        else lambda *_, found=chosen: found
                    )
                    job = next(queue, None)
                    try:
                        outcome = await play(player, task, model_of, setting, is_trusted=model is None)
                    except CodeActError as error:
                        _failed(progress, task, str(error))
                        watch(progress, task, [], str(error))
                        break
                    records = records_of(outcome, task, sample, name, setting, player.folder)
                    append(output, records)
                    progress.played, progress.in_a_row = progress.played + 1, 0
                    progress.solved += not outcome.wrong
                    watch(progress, task, records, outcome.wrong)
                    if model is not None:
                        break

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(parallel, len(waiting))):
                group.create_task(work())
    except* CodeActError as errors:
        raise _first(errors) from None
    return progress


def _failed(progress: Progress, task: Task, why: str) -> None:
    progress.failed.append(f"{task.name}: {why}")
    progress.in_a_row += 1
    if progress.in_a_row >= FAILURES_IN_A_ROW:
        raise DataError(f"{progress.in_a_row} tasks in a row could not be played. The last one: {why}")


def _complete(records: Iterable[Record]) -> Iterator[str]:
    """Yield the ids of tasks that were played, all of whose records are there."""
    parts = Counter((one.provenance.get("play"), one.provenance.get("parts")) for one in records)
    for (played, count), found in parts.items():
        if played is not None and found == count:
            yield played


def _first(group: BaseExceptionGroup[CodeActError]) -> CodeActError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
