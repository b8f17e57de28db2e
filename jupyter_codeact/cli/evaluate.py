"""``jupyter codeact eval``: measure a model and an agent on a suite of tasks."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..agent.contracts import CodeActError
from .evaluate_report import report, show
from .evaluate_setting import (
    QUICK_MINUTES,
    closing,
    is_of,
    line_of,
    read_against,
    read_setting,
    setting_options,
)

if TYPE_CHECKING:
    from ..evaluation.records import SelfTest
    from ..evaluation.split import Half
    from ..evaluation.suites import Suite

SUITES = ("api-bank", "dabench", "dseval", "m3tooleval", "mint", "notebook")


@click.group(name="eval")
def evaluate() -> None:
    """Measure a model and an agent on tasks with a known outcome."""


@evaluate.command("run")
@click.option("--suite", "name", type=click.Choice(SUITES), help="The tasks.")
@click.option(
    "--source",
    metavar="CHECKOUT",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Your checkout of the repository that has the tasks; the notebook suite needs none.",
)
@click.option(
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Results, one episode per line; tasks that are in it already are not run again. What the model saw "
    "and what ran is in a compressed file beside it.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="What 20 minutes on two cores can tell: the notebook suite in a random order from all families, "
    "first answers, two tasks at a time, 180 seconds each at most.",
)
@click.option(
    "--against",
    metavar="OPTIONS",
    help="A second setting to compare with, on the same tasks, by the options that differ: "
    '"--without names".',
)
@click.option("--every", metavar="K", type=click.IntRange(min=1), default=1, help="Only every K-th task.")
@click.option("--filter", "only", metavar="REGEX", help="Only tasks whose family/name matches.")
@click.option("--n", "first", metavar="N", type=click.IntRange(min=1), help="At most N tasks.")
@click.option(
    "--half",
    type=click.Choice(["read", "scored"]),
    help="Only the tasks whose episodes may be read for improvements, or only those that are never read.",
)
@click.option(
    "--sample",
    metavar="N",
    type=click.IntRange(min=1),
    help="N tasks drawn with --seed, a fair share of each family; a larger sample contains the smaller one.",
)
@click.option("--samples", metavar="N", type=click.IntRange(min=1), default=1, help="Run each task N times.")
@click.option("--again", is_flag=True, help="Run tasks once more that crashed or failed.")
@click.option(
    "--seed",
    metavar="N",
    type=int,
    help="Seed of --sample, and of the first reply if the engine takes one.",
)
@click.option(
    "--minutes",
    metavar="M",
    type=click.FloatRange(min=0, min_open=True),
    help="Begin no task that would not end by then; tasks come in a random order, as with --sample. "
    "Default: 20 with --quick, else no limit.",
)
@click.option(
    "--parallel",
    metavar="N",
    type=click.IntRange(min=1),
    help="Tasks at a time. Default: 2 with --quick, else 1.",
)
@click.option(
    "--engine",
    type=click.Choice(["here", "ray"]),
    default="here",
    show_default=True,
    help="Run in this process, or on a Ray cluster: the one RAY_ADDRESS names, else a local one.",
)
@setting_options
def run(
    name: str | None,
    source: Path | None,
    output: Path,
    quick: bool,
    against: str | None,
    every: int,
    only: str | None,
    first: int | None,
    half: Half | None,
    sample: int | None,
    samples: int,
    again: bool,
    seed: int | None,
    minutes: float | None,
    parallel: int | None,
    engine: str,
    **settings: Any,
) -> None:
    """Run the tasks of a suite, and write down every episode.

    Whether a change helps can be seen in twenty minutes, on tasks in pairs: `jupyter codeact eval run --quick
    --against "--without names" --output quick.jsonl`.
    """
    from ..evaluation.cluster import Players
    from ..evaluation.records import Episode
    from ..evaluation.runner import Choice, Contestant, Progress, play_side_by_side
    from ..models.open import EndpointModel, LocalModel, open_model

    if name is None and not quick:
        raise click.UsageError("--suite says which tasks to run, or --quick chooses.")
    suite = _suite(name or "notebook", source)
    wanted = [settings] if against is None else [settings, {**settings, **read_against(against)}]
    contestants: list[Contestant] = []
    models: list[LocalModel | EndpointModel] = []
    for values in wanted:
        setting = read_setting(suite.formats, values, suite=suite.name, seed=seed, quick=quick)
        where = (values["model"], values["endpoint"])
        if not models or where != (settings["model"], settings["endpoint"]):
            models.append(open_model(values["model"], endpoint=values["endpoint"]))
        contestants.append(Contestant(setting, models[-1]))
    if against is not None and contestants[0] == contestants[1]:
        raise click.UsageError("--against names the same setting; say what is different.")
    if against is not None and engine == "ray":
        raise click.UsageError("--against plays both settings in this process: leave --engine ray out.")
    if samples > 1 and seed is None and any(one.setting.propagate_errors for one in contestants):
        raise click.UsageError("--propagate-errors with --samples needs --seed, which tells sessions apart.")
    # whatever part of the tasks there is time for has to be a fair sample
    drawn = sample or (sys.maxsize if quick or minutes else None)
    choice = Choice(
        every=every,
        only=only,
        first=first,
        half=half,
        sample=drawn,
        seed=seed or 0,
        samples=samples,
        again=again,
    )
    limit = minutes or (QUICK_MINUTES if quick else None)
    slots = parallel or (2 if quick else 1)

    def watch(episode: Episode, progress: Progress) -> None:
        letter = ""
        if len(contestants) > 1:
            letter = "AB"[[is_of(episode, each) for each in contestants].index(True)] + "  "
        click.echo(line_of(episode, progress, letter))

    async def play() -> list[Episode]:
        cluster = None
        try:
            await suite.cases()
            for note in suite.notes:
                click.echo(note, err=True)
            for chat in models:
                if isinstance(chat, EndpointModel):
                    await chat.address()  # its model's name belongs to the results
            if len({(one.model.info.name, one.setting.model_dump_json()) for one in contestants}) < len(
                contestants
            ):
                raise click.UsageError(
                    "Results tell models apart by their names, and both have the same one: --against has to "
                    "name another model, or another setting."
                )
            players = contestants
            if engine == "ray":
                where = {"model": settings["model"], "endpoint": settings["endpoint"]}
                cluster = Players(suite.name, source, **where, count=slots)
                players = [replace(contestants[0], play=cluster.play)]
            return await play_side_by_side(
                suite,
                players,
                output,
                choice=choice,
                parallel=slots,
                watch=watch,
                seconds=limit and limit * 60,
            )
        finally:
            if cluster:
                cluster.close()
            await suite.close()
            for chat in models:
                await chat.close()

    episodes = asyncio.run(play())
    if not episodes:
        raise click.UsageError("No task was chosen; see --filter and --every.")
    for sentence in closing(contestants, episodes, output):
        click.echo(sentence)


@evaluate.command("self-test")
@click.option("--suite", "name", required=True, type=click.Choice(SUITES), help="The tasks.")
@click.option("--source", metavar="CHECKOUT", type=click.Path(exists=True, file_okay=False, path_type=Path))
def self_test(name: str, source: Path | None) -> None:
    """Test that a suite accepts answers known to be right, without a model."""
    suite = _suite(name, source)

    async def test() -> SelfTest:
        try:
            return await suite.self_test()
        finally:
            await suite.close()

    tested = asyncio.run(test())
    for sentence in [*tested.notes, *tested.failed, tested.summary]:
        click.echo(sentence)
    raise SystemExit(1 if tested.failed else 0)


evaluate.add_command(report)
evaluate.add_command(show)


def _suite(name: str, source: Path | None) -> Suite:
    from ..evaluation.suites import open_suite

    try:
        return open_suite(name, source)
    except CodeActError as error:
        raise click.UsageError(str(error)) from error
