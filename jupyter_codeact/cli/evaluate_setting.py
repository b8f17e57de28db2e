"""The settings of ``jupyter codeact eval run``: how episodes are played, and what it says of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from ..agent.contracts import ChatModel, CodeActError

if TYPE_CHECKING:
    from pathlib import Path

    from ..evaluation.records import Episode, Setting
    from ..evaluation.runner import Contestant, Progress

F = TypeVar("F", bound=Callable[..., Any])

QUICK_MINUTES = 20.0
_SECONDS, _QUICK_SECONDS = 900.0, 180.0

_OPTIONS = (
    click.option(
        "--protocol",
        type=click.Choice(["agent", "paper", "smolagents"]),
        default="agent",
        show_default=True,
        help="This agent in a real kernel, the paper's own harness, or smolagents' CodeAgent in that kernel.",
    ),
    click.option(
        "--format", "action_format", metavar="NAME", help="Action format; the protocol's first by default."
    ),
    click.option(
        "--model", metavar="NAME", help="A model that `jupyter codeact models` lists, or the endpoint's."
    ),
    click.option(
        "--endpoint",
        metavar="URL",
        help="OpenAI-compatible server to use instead of a model of this machine.",
    ),
    click.option("--temperature", metavar="T", type=click.FloatRange(min=0), default=0.0, help="Default: 0."),
    click.option(
        "--turns", metavar="N", type=click.IntRange(min=1), default=10, help="Replies an episode may take."
    ),
    click.option(
        "--tokens", metavar="N", type=click.IntRange(min=1), default=200_000, help="Tokens it may use."
    ),
    click.option(
        "--seconds",
        metavar="S",
        type=click.FloatRange(min=1),
        help="Time it may take. Default: 180 with --quick, else 900.",
    ),
    click.option(
        "--strict", is_flag=True, help="End an episode with its first answer, be it right or wrong."
    ),
    click.option(
        "--guidance",
        type=click.Choice(["small", "capable"]),
        help="How much this agent helps the model. Default: what suits the model.",
    ),
    click.option(
        "--without",
        metavar="NAME",
        multiple=True,
        help="Hook of this agent to switch off, or a group of them; can be repeated.",
    ),
    click.option(
        "--propagate-errors",
        is_flag=True,
        help="Show the agent its own code for earlier problems, not the reference (DSEval).",
    ),
)


def setting_options(command: F) -> F:
    """Add the options of a setting to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("--against", add_help_option=False)
@setting_options
def _against(**_values: Any) -> None: ...


def read_against(text: str) -> dict[str, Any]:
    """Return the options in the text of ``--against``; the others stay as they are."""
    try:
        context = _against.make_context("--against", shlex.split(text))
    except (click.UsageError, ValueError) as error:
        said = error.message if isinstance(error, click.UsageError) else str(error)
        raise click.BadParameter(said, param_hint="--against") from error
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if "protocol" in given:
        given.setdefault("action_format", None)
    return given


def read_setting(
    formats: Mapping[str, Sequence[str]],
    values: Mapping[str, Any],
    *,
    suite: str,
    seed: int | None,
    quick: bool,
) -> Setting:
    """Return a setting from its options.

    Raises
    ------
    click.UsageError
        If the suite does not know it.
    """
    from ..agent.hooks import all_but
    from ..evaluation import baselines
    from ..evaluation.records import Setting

    protocol, action_format = values["protocol"], values["action_format"]
    if protocol == "smolagents":
        baselines.require_smolagents()
    if protocol not in formats:
        raise click.UsageError(f"The {suite} suite has no {protocol} protocol.")
    known = formats[protocol]
    if action_format is not None and action_format not in known:
        raise click.UsageError(f"The {protocol} protocol has the formats {', '.join(known)}.")
    try:
        all_but(values["without"])
    except CodeActError as error:
        raise click.BadParameter(str(error), param_hint="--without") from error
    return Setting.model_validate(
        {
            "protocol": protocol,
            "format": action_format or known[0],
            "turns": values["turns"],
            "tokens": values["tokens"],
            "seconds": values["seconds"] or (_QUICK_SECONDS if quick else _SECONDS),
            "goes_on": not (values["strict"] or quick),
            "temperature": values["temperature"],
            "seed": seed,
            "guidance": values["guidance"],
            "without": values["without"],
            "propagate_errors": values["propagate_errors"],
        }
    )


def line_of(episode: Episode, progress: Progress, letter: str) -> str:
    """Return the line about an episode that has ended, with how much time is left."""
    from ..evaluation.runner import CARRIED

    played = episode.played
    mark = "solved" if played.strict else "later" if played.success else "not"
    left = f"  ({_minutes(progress.left)} left)" if progress.done < progress.count else ""
    took = "  as A  " if played.detail.get(CARRIED) else f"{episode.seconds:6.1f} s"
    return (
        f"{progress.done:4d} of {progress.count}  {letter}{mark:7}{played.ending:14}{played.turns:3d} turns "
        f"{took}  {episode.case.family}/{episode.case.name}{left}"
    )


def _minutes(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


def closing(contestants: Sequence[Contestant], episodes: Sequence[Episode], output: Path) -> Iterator[str]:
    """Yield what there is to say in the end."""
    from ..evaluation.comparison import compare
    from ..evaluation.runs import runs_of
    from ..evaluation.statistics import wilson

    sides = [[one for one in episodes if is_of(one, each)] for each in contestants]
    yield ""
    if len(sides) == 2:
        runs = runs_of({"": episodes})
        for letter, side in zip("AB", sides, strict=True):
            name = next((run.name for run in runs if side and side[0] in run.episodes), "nothing")
            yield f"{letter}: {name}"
        yield compare(*sides).sentences("A", "B")
    else:
        done = sum(episode.played.strict for episode in episodes)
        low, high = wilson(done, len(episodes))
        yield (
            f"{done} of {len(episodes)} solved with the first answer "
            f"({done / len(episodes):.0%}, 95 % interval {low:.0%} to {high:.0%})."
        )
    late = sum(episode.played.ending == "out_of_time" for episode in episodes)
    if late:
        yield (
            f"{late} of {len(episodes)} episodes ran out of time and count as not solved: on a slow or busy "
            "machine that says little of the settings. --seconds gives them more."
        )
    if any(episode.trajectory == "left out" for episode in episodes):
        yield "The file of trajectories is full; those of the last episodes are not in it."
    yield f"Report: jupyter codeact eval report {output}"
    yield f"Trajectories side by side: jupyter codeact eval report {output} --html report.html"


def is_of(episode: Episode, contestant: Contestant) -> bool:
    """Tell whether a contestant has played this episode."""
    model: ChatModel = contestant.model
    return episode.setting == contestant.setting and episode.model == model.info.name
