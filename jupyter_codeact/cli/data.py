"""``jupyter codeact data``: make training data, choose from it, and look at it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..agent.contracts import CodeActError
from . import data_files
from .data_files import output_file, seed_number, there

if TYPE_CHECKING:
    from ..models.open import EndpointModel, LocalModel
    from ..training.records import Record
    from ..training.runner import Progress
    from ..training.tasks import Task

_model = click.option(
    "--model", metavar="NAME", help="A model that `jupyter codeact models` lists, or the endpoint's."
)
_endpoint = click.option(
    "--endpoint",
    metavar="URL",
    help="OpenAI-compatible server to use instead of a model of this machine: its address, or its name.",
)
_parallel = click.option(
    "--parallel", metavar="N", type=click.IntRange(min=1), default=1, help="How many at a time. Default: 1."
)


@click.group()
def data() -> None:
    """Make training data for a model: play tasks, collect, select, mix, and look at what there is."""


@data.command()
@click.option("--oracle", is_flag=True, help="The tasks' own solutions, with mistakes that are corrected.")
@_model
@_endpoint
@output_file
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
@seed_number
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
@click.option(
    "--looks",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="How often it looks at the data before it solves a task.",
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
    "--reply-tokens",
    metavar="N",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    help="Tokens of a reply, its thinking included.",
)
@click.option(
    "--seconds", metavar="S", type=click.FloatRange(min=1), default=900.0, help="Time for a request."
)
@click.option(
    "--guidance",
    type=click.Choice(["small", "capable"]),
    help="How much the agent helps. Default: what suits the model; the oracle is taken for a small one.",
)
@click.option("--allow-risky", is_flag=True, help="Run a model's risky cells, too, instead of refusing them.")
@click.option(
    "--without", metavar="NAME", multiple=True, help="Hook of the agent to switch off, or a group of them."
)
@_parallel
@click.option(
    "--licence",
    metavar="NAME",
    help="Licence of the records. Default: the oracle's is this project's, a model's that of the model.",
)
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
    looks: float,
    temperature: float,
    turns: int,
    reply_tokens: int,
    seconds: float,
    guidance: str | None,
    allow_risky: bool,
    without: tuple[str, ...],
    parallel: int,
    licence: str | None,
) -> None:
    """Play tasks of training, and write down every trajectory.

    Tasks that the file has already are not played again: an interrupted command goes on if you repeat it.
    """
    from ..agent.hooks import all_but
    from ..models.endpoints.registry import user_endpoints
    from ..models.open import EndpointModel, open_model
    from ..training.playing import PlaySetting
    from ..training.runner import play_all
    from ..training.tasks import draw

    if oracle == (model is not None or endpoint is not None):
        raise click.UsageError("Give either --oracle, or a --model or an --endpoint.")
    try:
        all_but(without)
        tasks = draw(count, split=split, seed=seed, kinds=kinds or None)  # type: ignore[arg-type]
    except CodeActError as error:
        raise click.BadParameter(str(error), param_hint="--without") from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--kind") from error
    fields = {
        "format": action_format,
        "guidance": guidance,
        "without": without,
        "mistakes": mistakes,
        "looks": looks,
        "temperature": temperature,
        "turns": turns,
        "reply_tokens": reply_tokens,
        "seconds": seconds,
        "may_risk": allow_risky,
    }
    chat = None if oracle else open_model(model, endpoint=endpoint, endpoints=user_endpoints())
    setting = PlaySetting.model_validate(fields | {"licence": licence or _licence_of(chat)})

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

    try:
        progress = asyncio.run(play())
    except KeyboardInterrupt:
        click.echo(f"Interrupted. What was played until now is in {output}; repeat the command to go on.")
        raise SystemExit(130) from None
    click.echo(
        f"{progress.played} played, {progress.solved} of them solved; {progress.found} were there already; "
        f"{len(progress.failed)} broke."
    )
    if progress.failed:
        click.echo("Repeat the command to play those that broke.")
        raise SystemExit(1)
    click.echo(f"Look at them: jupyter codeact data stats {output}")


def _licence_of(model: EndpointModel | LocalModel | None) -> str:
    """Return the licence of what a model writes, as far as the catalogue knows the model."""
    from ..models.catalog.catalog import CATALOG
    from ..training.playing import LICENCE

    if model is None:
        return LICENCE
    known = {entry.name: entry.licence for entry in CATALOG}
    return known.get(model.info.name) or "that of the model"


def _watch(progress: Progress, task: Task, records: list[Record], wrong: str) -> None:
    turns, errors = sum(one.turns for one in records), sum(one.errors for one in records)
    mark = "broke" if not records else "not" if wrong else "solved"
    number = progress.found + progress.played + len(progress.failed)
    why = f"  {' '.join(wrong.split())[:100]}" if wrong else ""
    click.echo(f"{number:5d}  {mark:7}{turns:3d} turns {errors:2d} errors  {task.name}{why}")


@data.command()
@click.option(
    "--results", metavar="FILE", multiple=True, type=there, help="Results of `jupyter codeact eval run`."
)
@click.option(
    "--conversation",
    "conversations",
    metavar="ID",
    multiple=True,
    help="Conversation of the journal; can be repeated. To name it is your consent to its use.",
)
@click.option(
    "--journal",
    metavar="FILE",
    type=there,
    help="Journal to use. Default: the one in Jupyter's data folder.",
)
@output_file
@click.option(
    "--licence", metavar="NAME", default="private", show_default=True, help="Licence of the records."
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def collect(
    results: tuple[Path, ...],
    conversations: tuple[str, ...],
    journal: Path | None,
    output: Path,
    licence: str,
    yes: bool,
) -> None:
    """Make records of evaluations, and of conversations that you name.

    What was collected before and has changed since, such as a conversation that went on, is written anew in
    its place. Of a conversation, they have what ran and not what was only said. Secrets, e-mail addresses and
    your home folder are masked; all else that the notebook showed is in them: look at them with `data show`.
    """
    from ..journal import SqliteJournal, default_path
    from ..training.collecting import from_journal, from_results, updated
    from ..training.records import append, repaired, write

    if not (results or conversations):
        raise click.UsageError(
            "Give --results, or --conversation with an id from `jupyter codeact conversations`."
        )
    collected = from_results(results, licence=licence)
    ids: list[str] = []
    if conversations:
        opened = SqliteJournal(journal or default_path())
        try:
            named = {one.id: one for one in map(opened.find, conversations)}
            ids = list(named)
            for one in named.values():
                click.echo(f"{one.id}  {one.runs} tasks  {one.title[:80]}")
            if not yes:
                click.confirm("Use them as training data?", abort=True)
            collected.records += from_journal(opened, ids, licence=licence)
        finally:
            opened.close()
    file = updated(repaired(output), collected.records, ids)
    if file.changed or file.gone:
        write(output, file.records)
    else:
        append(output, file.new)
    fresh = [*file.new, *file.changed]
    same = len(collected.records) - len(fresh)
    click.echo(f"{len(file.new)} new records; {same} were there already.")
    if file.changed:
        click.echo(f"{len(file.changed)} had changed since, and are written anew.")
    if file.gone:
        click.echo(f"{file.gone} removed: the conversation has them no more.")
    for reason, count in collected.left_out.most_common():
        click.echo(f"{count} left out: {reason}.")
    if suites := sorted({str(one.provenance["suite"]) for one in fresh if "suite" in one.provenance}):
        click.echo(
            f"These are tasks of {', '.join(suites)}: a model that is trained on them cannot be measured "
            "with them. `data select` leaves them out unless you give --suite."
        )
    if hidden := sum(one.provenance.get("hidden", 0) for one in fresh):
        click.echo(f"Something is masked in {hidden} messages.")


@data.command()
@_model
@_endpoint
@output_file
@click.option(
    "--n",
    "count",
    metavar="N",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Conversations.",
)
@click.option(
    "--prompts", metavar="FILE", type=there, help="Prompts, one a line. Default: general ones of our own."
)
@click.option("--temperature", metavar="T", type=click.FloatRange(min=0), default=0.7, show_default=True)
@_parallel
@seed_number
@click.option(
    "--licence", metavar="NAME", default="the model's", show_default=True, help="Licence of the records."
)
def replay(
    model: str | None,
    endpoint: str | None,
    output: Path,
    count: int,
    prompts: Path | None,
    temperature: float,
    parallel: int,
    seed: int,
    licence: str,
) -> None:
    """Let the model that is to be trained answer general prompts, to keep what it can do already.

    Repeat an interrupted command to go on.
    """
    from ..models.endpoints.registry import user_endpoints
    from ..models.open import EndpointModel, open_model
    from ..training import general

    chosen = (general.read_prompts(prompts) if prompts else general.own_prompts(seed))[:count]
    chat = open_model(model, endpoint=endpoint, endpoints=user_endpoints())

    async def ask() -> int:
        try:
            if isinstance(chat, EndpointModel):
                await chat.address()
            return await general.replay(
                chat,
                chosen,
                output,
                temperature=temperature,
                licence=licence,
                parallel=parallel,
                watch=lambda record: click.echo(record.messages[0].content[:100]),
            )
        finally:
            await chat.close()

    click.echo(f"{asyncio.run(ask())} new conversations in {output}.")


for _command in (data_files.select, data_files.mix, data_files.stats, data_files.show, data_files.export):
    data.add_command(_command)
