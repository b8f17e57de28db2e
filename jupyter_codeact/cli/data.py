"""``jupyter codeact data``: make training data, choose from it, and look at it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..training.records import Record
    from ..training.runner import Progress
    from ..training.tasks import Task

_output = click.option(
    "--output",
    "-o",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of records to write, one a line.",
)


@click.group()
def data() -> None:
    """Make training data for a model: play tasks, collect, select, mix, and look at what there is."""


@data.command()
@click.option("--oracle", is_flag=True, help="The tasks' own solutions, with mistakes that are corrected.")
@click.option(
    "--model", metavar="NAME", help="A model that `jupyter codeact models` lists, or the endpoint's."
)
@click.option(
    "--endpoint", metavar="URL", help="OpenAI-compatible server to use instead of a model of this machine."
)
@_output
@click.option(
    "--n", "count", metavar="N", type=click.IntRange(min=1), default=100, show_default=True, help="Tasks."
)
@click.option(
    "--split",
    type=click.Choice(["train", "held-out-parameters", "held-out-kinds"]),
    default="train",
    show_default=True,
    help="Which tasks; those held out are for measuring, and never for training.",
)
@click.option(
    "--kind", "kinds", metavar="NAME", multiple=True, help="Only this kind of task; can be repeated."
)
@click.option("--seed", metavar="N", type=int, default=0, help="Another seed draws other tasks. Default: 0.")
@click.option("--samples", metavar="N", type=click.IntRange(min=1), default=1, help="Play each task N times.")
@click.option(
    "--format",
    "action_format",
    type=click.Choice(["markdown", "execute", "tools"]),
    default="markdown",
    show_default=True,
    help="How actions are written; execute: the tags of the CodeActAgent models.",
)
@click.option(
    "--mistakes",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="How often the oracle makes one.",
)
@click.option("--temperature", metavar="T", type=click.FloatRange(min=0), default=0.0, help="Default: 0.")
@click.option(
    "--turns",
    metavar="N",
    type=click.IntRange(min=1),
    default=12,
    show_default=True,
    help="Replies to a request.",
)
@click.option(
    "--seconds", metavar="S", type=click.FloatRange(min=1), default=900.0, help="Time for a request."
)
@click.option(
    "--guidance",
    type=click.Choice(["small", "capable"]),
    help="How much the agent helps. Default: what suits the model; the oracle is taken for a small one.",
)
@click.option(
    "--without", metavar="NAME", multiple=True, help="Hook of the agent to switch off, or a group of them."
)
@click.option("--parallel", metavar="N", type=click.IntRange(min=1), default=1, help="Tasks at a time.")
@click.option("--licence", metavar="NAME", help="Licence of the records. Default: this project's.")
def play(
    oracle: bool,
    model: str | None,
    endpoint: str | None,
    output: Path,
    count: int,
    split: str,
    kinds: tuple[str, ...],
    seed: int,
    samples: int,
    action_format: str,
    mistakes: float,
    temperature: float,
    turns: int,
    seconds: float,
    guidance: str | None,
    without: tuple[str, ...],
    parallel: int,
    licence: str | None,
) -> None:
    """Play tasks of training, and write down every trajectory.

    Tasks that the file has already are not played again: an interrupted command goes on if you repeat it.
    """
    from ..models.open import EndpointModel, open_model
    from ..training.playing import PlaySetting
    from ..training.runner import play_all
    from ..training.tasks import draw

    if oracle == (model is not None or endpoint is not None):
        raise click.UsageError("Give either --oracle, or a --model or an --endpoint.")
    fields = {
        "format": action_format,
        "guidance": guidance,
        "without": without,
        "mistakes": mistakes,
        "temperature": temperature,
        "turns": turns,
        "seconds": seconds,
    }
    setting = PlaySetting.model_validate(fields | ({"licence": licence} if licence else {}))
    tasks = draw(count, split=split, seed=seed, kinds=kinds or None)  # type: ignore[arg-type]
    chat = None if oracle else open_model(model, endpoint=endpoint)

    async def play() -> Progress:
        try:
            if isinstance(chat, EndpointModel):
                await chat.address()  # its model's name belongs to the records
            return await play_all(
                tasks, setting, output, model=chat, samples=samples, parallel=parallel, watch=_watch
            )
        finally:
            if chat is not None:
                await chat.close()

    progress = asyncio.run(play())
    click.echo(
        f"{progress.played} played, {progress.solved} of them solved; {progress.found} were there already; "
        f"{len(progress.failed)} broke."
    )
    if progress.failed:
        click.echo("Repeat the command to play those that broke.")
    click.echo(f"Look at them: jupyter codeact data stats {output}")


def _watch(progress: Progress, task: Task, records: list[Record], wrong: str) -> None:
    turns, errors = sum(one.turns for one in records), sum(one.errors for one in records)
    mark = "broke" if not records else "not" if wrong else "solved"
    number = progress.found + progress.played + len(progress.failed)
    why = f"  {' '.join(wrong.split())[:100]}" if wrong else ""
    click.echo(f"{number:5d}  {mark:7}{turns:3d} turns {errors:2d} errors  {task.name}{why}")
