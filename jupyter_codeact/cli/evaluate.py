"""``jupyter codeact eval``: measure a model and an agent on a suite of tasks."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..agent.contracts import CodeActError

if TYPE_CHECKING:
    from ..evaluation.records import SelfTest
    from ..evaluation.split import Half
    from ..evaluation.suites import Suite

SUITES = ("api-bank", "dabench", "dseval", "m3tooleval", "mint", "notebook")


@click.group(name="eval")
def evaluate() -> None:
    """Measure a model and an agent on tasks with a known outcome."""


@evaluate.command("run")
@click.option("--suite", "name", required=True, type=click.Choice(SUITES), help="The tasks.")
@click.option(
    "--source",
    metavar="CHECKOUT",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Your checkout of the repository that has the tasks; the notebook suite needs none.",
)
@click.option(
    "--protocol",
    type=click.Choice(["agent", "paper", "smolagents"]),
    default="agent",
    show_default=True,
    help="This agent in a real kernel, the paper's own harness, or smolagents' CodeAgent in that kernel.",
)
@click.option(
    "--format", "action_format", metavar="NAME", help="Action format; the protocol's first by default."
)
@click.option(
    "--model", metavar="NAME", help="A model that `jupyter codeact models` lists, or the endpoint's."
)
@click.option(
    "--endpoint", metavar="URL", help="OpenAI-compatible server to use instead of a model of this machine."
)
@click.option(
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Results, one episode per line; tasks that are in it already are not run again.",
)
@click.option("--every", metavar="K", type=click.IntRange(min=1), default=1, help="Only every K-th task.")
@click.option("--filter", "only", metavar="REGEX", help="Only tasks whose family/name matches.")
@click.option("--n", "first", metavar="N", type=click.IntRange(min=1), help="At most N tasks.")
@click.option(
    "--half",
    type=click.Choice(["read", "scored"]),
    help="Only the tasks whose episodes may be read for improvements, or only those that are never read.",
)
@click.option("--samples", metavar="N", type=click.IntRange(min=1), default=1, help="Run each task N times.")
@click.option("--again", is_flag=True, help="Run tasks once more that crashed or failed.")
@click.option("--seed", metavar="N", type=int, help="Seed of the first sample, where the engine takes one.")
@click.option("--temperature", metavar="T", type=click.FloatRange(min=0), default=0.0, help="Default: 0.")
@click.option(
    "--turns", metavar="N", type=click.IntRange(min=1), default=10, help="Replies an episode may take."
)
@click.option("--tokens", metavar="N", type=click.IntRange(min=1), default=200_000, help="Tokens it may use.")
@click.option("--seconds", metavar="S", type=click.FloatRange(min=1), default=900.0, help="Time it may take.")
@click.option("--strict", is_flag=True, help="End an episode with its first answer, be it right or wrong.")
@click.option(
    "--guidance",
    type=click.Choice(["small", "capable"]),
    help="How much this agent helps the model. Default: what suits the model.",
)
@click.option(
    "--without",
    metavar="NAME",
    multiple=True,
    help="Hook of this agent to switch off, or a group of them; can be repeated.",
)
@click.option(
    "--propagate-errors",
    is_flag=True,
    help="Show the agent its own code for earlier problems, not the reference (DSEval).",
)
@click.option("--parallel", metavar="N", type=click.IntRange(min=1), default=1, help="Episodes at a time.")
@click.option(
    "--engine",
    type=click.Choice(["here", "ray"]),
    default="here",
    show_default=True,
    help="Run in this process, or on a Ray cluster: the one RAY_ADDRESS names, else a local one.",
)
def run(
    name: str,
    source: Path | None,
    protocol: str,
    action_format: str | None,
    model: str | None,
    endpoint: str | None,
    output: Path,
    every: int,
    only: str | None,
    first: int | None,
    half: Half | None,
    samples: int,
    again: bool,
    seed: int | None,
    temperature: float,
    turns: int,
    tokens: int,
    seconds: float,
    strict: bool,
    guidance: str | None,
    without: tuple[str, ...],
    propagate_errors: bool,
    parallel: int,
    engine: str,
) -> None:
    """Run the tasks of a suite, and write down every episode."""
    from ..agent.hooks import all_but
    from ..evaluation import baselines
    from ..evaluation.cluster import Players
    from ..evaluation.records import Episode, Setting
    from ..evaluation.runner import Choice, play_all
    from ..models.open import EndpointModel, open_model

    suite = _suite(name, source)
    if protocol == "smolagents":
        baselines.require_smolagents()
    if protocol not in suite.formats:
        raise click.UsageError(f"The {name} suite has no {protocol} protocol.")
    formats = suite.formats[protocol]
    if action_format is not None and action_format not in formats:
        raise click.UsageError(f"The {protocol} protocol has the formats {', '.join(formats)}.")
    try:
        all_but(without)
    except CodeActError as error:
        raise click.BadParameter(str(error), param_hint="--without") from error
    setting = Setting.model_validate(
        {
            "protocol": protocol,
            "format": action_format or formats[0],
            "turns": turns,
            "tokens": tokens,
            "seconds": seconds,
            "goes_on": not strict,
            "temperature": temperature,
            "seed": seed,
            "guidance": guidance,
            "without": without,
            "propagate_errors": propagate_errors,
        }
    )
    choice = Choice(every=every, only=only, first=first, half=half, samples=samples, again=again)
    chat = open_model(model, endpoint=endpoint)
    solved: Counter[bool] = Counter()

    def watch(episode: Episode) -> None:
        played = episode.played
        solved[played.strict] += 1
        mark = "solved" if played.strict else "later" if played.success else "not"
        click.echo(
            f"{solved.total():4d}  {mark:7}{played.ending:14}{played.turns:3d} turns "
            f"{episode.seconds:6.1f} s  {episode.case.family}/{episode.case.name}"
        )

    async def play() -> list[Episode]:
        cluster = None
        try:
            await suite.cases()
            for note in suite.notes:
                click.echo(note, err=True)
            if isinstance(chat, EndpointModel):
                await chat.address()  # its model's name belongs to the results
            if engine == "ray":
                cluster = Players(name, source, model=model, endpoint=endpoint, count=parallel)
            return await play_all(
                suite,
                setting,
                chat,
                output,
                choice=choice,
                parallel=parallel,
                watch=watch,
                play=cluster.play if cluster else None,
            )
        finally:
            if cluster:
                cluster.close()
            await suite.close()
            await chat.close()

    episodes = asyncio.run(play())
    if not episodes:
        raise click.UsageError("No task was chosen; see --filter and --every.")
    done = sum(episode.played.strict for episode in episodes)
    click.echo(f"{done} of {len(episodes)} solved with the first answer.")
    click.echo(f"Report: jupyter codeact eval report {output}")


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


@evaluate.command("report")
@click.argument(
    "results", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values instead of Markdown.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with figures and all trajectories instead.",
)
@click.option("--families/--no-families", default=True, help="Whether to list each family of tasks too.")
@click.option("--compare", is_flag=True, help="Compare two files on the tasks they share.")
def report(results: tuple[Path, ...], as_csv: bool, page: Path | None, families: bool, compare: bool) -> None:
    """Summarize RESULTS."""
    from ..evaluation import report as reports
    from ..evaluation.records import load

    if compare:
        if len(results) != 2:
            raise click.UsageError("--compare takes two files.")
        one, other = (list(load([path])) for path in results)
        click.echo(reports.compare(one, other))
        return
    episodes = list(load(results))
    if not episodes:
        raise click.UsageError("There is no episode in these files.")
    if page:
        from ..evaluation.page import html
        from ..notebooks.saving import reason, replace_file

        try:
            replace_file(page, html(episodes).encode())
        except OSError as error:
            raise click.ClickException(f"The report cannot be written to {page}: {reason(error)}.") from error
        click.echo(f"The report is in {page}.")
        return
    click.echo(
        reports.as_csv(episodes) if as_csv else reports.markdown(episodes, families=families), nl=False
    )


def _suite(name: str, source: Path | None) -> Suite:
    from ..evaluation.suites import open_suite

    try:
        return open_suite(name, source)
    except CodeActError as error:
        raise click.UsageError(str(error)) from error
