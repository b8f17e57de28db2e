"""The commands of ``jupyter codeact data`` that read records: choose, mix, count, show and export them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..training.records import Record

_MORE = (
    "`data play` makes more; `data select` takes with --unjudged what nobody has judged, such as your own"
    " conversations."
)

there = click.Path(exists=True, dir_okay=False, path_type=Path)
output_file = click.option(
    "--output",
    "-o",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, one JSON object a line.",
)
record_files = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=there)
tokenizer_file = click.option(
    "--tokenizer",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="The model's tokenizer.json, or its folder, to count tokens. Default: an estimate from characters.",
)
texts_against = click.option(
    "--against",
    metavar="FILE",
    multiple=True,
    type=there,
    help="Tasks that the model is to be measured with, one a line or JSON with a “prompt”: none is trained.",
)
seed_number = click.option(
    "--seed", metavar="N", type=int, default=0, help="Chooses and shuffles. Default: 0."
)


@click.command()
@record_files
@output_file
@click.option(
    "--rule",
    type=click.Choice(["success", "paper", "recovery"]),
    default="success",
    show_default=True,
    help="What was solved; of that, what has more than two turns one of which ran; or only what recovered.",
)
@click.option("--unjudged", is_flag=True, help="Take what nobody has judged, too, if it ended in an answer.")
@click.option(
    "--max-tokens", metavar="N", type=click.IntRange(min=1), help="Most tokens; 4096 and 16384 in the paper."
)
@click.option("--per-task", metavar="N", type=click.IntRange(min=1), help="Most records of a task.")
@click.option("--per-kind", metavar="N", type=click.IntRange(min=1), help="Most records of a kind of task.")
@click.option(
    "--strongest",
    metavar="MODEL",
    help="Take this model's solutions of what no other solved, short ones too.",
)
@click.option(
    "--suite", "suites", metavar="NAME", multiple=True, help="Evaluation suite that may be trained on."
)
@texts_against
@tokenizer_file
def select(
    files: tuple[Path, ...],
    output: Path,
    rule: str,
    unjudged: bool,
    max_tokens: int | None,
    per_task: int | None,
    per_kind: int | None,
    strongest: str | None,
    suites: tuple[str, ...],
    against: tuple[Path, ...],
    tokenizer: Path | None,
) -> None:
    """Choose the records that are worth training, and say why the others are not.

    What is held out, and tasks of evaluation suites, are never among them.
    """
    from ..training import summary
    from ..training.records import load
    from ..training.selecting import Selection
    from ..training.selecting import select as selected_of
    from ..training.tokens import counter, of_record

    count = counter(tokenizer)
    selection = Selection(
        rule=rule,  # type: ignore[arg-type]
        unjudged=unjudged,
        max_tokens=max_tokens,
        per_task=per_task,
        per_kind=per_kind,
        strongest=strongest,
        suites=suites,
        against=_texts(against),
    )
    selected = selected_of(load(files), selection, lambda record: of_record(record, count)[0])
    note = f"## Selection\n\n{summary.dropped(selected.dropped)}" if selected.dropped else ""
    _write(output, selected.records, count, tokenizer, [note] if note else [])
    click.echo(f"{len(selected.records)} selected, {selected.dropped.total()} dropped.")
    for reason, number in selected.dropped.most_common():
        click.echo(f"{number:6d}  {reason}")
    if not selected.records:
        click.echo(f"There is nothing to train on in {output}. {_MORE}")


@click.command()
@record_files
@click.option(
    "--general", metavar="FILE", multiple=True, type=there, help="General conversations; can be repeated."
)
@click.option(
    "--ratio",
    metavar="R",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="General conversations for each record; 9.7 in the paper.",
)
@click.option(
    "--general-licence", metavar="NAME", default="unknown", show_default=True, help="Their licence."
)
@texts_against
@seed_number
@output_file
@tokenizer_file
def mix(
    files: tuple[Path, ...],
    general: tuple[Path, ...],
    ratio: float,
    general_licence: str,
    against: tuple[Path, ...],
    seed: int,
    output: Path,
    tokenizer: Path | None,
) -> None:
    """Mix records with general conversations, so that the model does not forget how to do all else.

    General conversations are JSON lines with “messages” or “conversations”, pairs such as “prompt” and
    “response”, or what `data replay` writes.
    """
    from ..training import general as conversations
    from ..training.mixing import mix as mixed
    from ..training.records import load
    from ..training.tokens import counter

    others = {one.id: one for path in general for one in conversations.read(path, licence=general_licence)}
    mixture = mixed(load(files), others.values(), ratio=ratio, seed=seed, against=_texts(against))
    note = f"## Mixture\n\n{mixture.general:,} of the records are general conversations."
    _write(output, mixture.records, counter(tokenizer), tokenizer, [note])
    click.echo(f"{len(mixture.records)} records, {mixture.general} of them general.")
    for reason, number in mixture.dropped.most_common():
        click.echo(f"{number:6d} dropped: {reason}")
    if not mixture.records:
        click.echo(f"There is nothing to train on in {output}. {_MORE}")
    if mixture.general < mixture.wanted:
        click.echo(f"The ratio wants {mixture.wanted}; there are no more. `data replay` makes some.")


@click.command()
@record_files
@tokenizer_file
def stats(files: tuple[Path, ...], tokenizer: Path | None) -> None:
    """Count records, tokens, turns, errors and recoveries, beside those of the paper's data."""
    from ..training import summary
    from ..training.records import load
    from ..training.tokens import counter

    records = list(load(files))
    if not records:
        raise click.UsageError("There is no record in these files.")
    click.echo(summary.table(summary.counted(records, counter(tokenizer))))
    click.echo()
    click.echo(summary.described(records))
    if tokenizer is None:
        click.echo("Tokens are an estimate; --tokenizer counts them.")


@click.command()
@record_files
@click.option("--id", "identity", metavar="ID", help="Only the record whose id begins like this.")
@click.option(
    "--n", "count", metavar="N", type=click.IntRange(min=1), default=1, show_default=True, help="At most N."
)
@click.option("--errors", is_flag=True, help="Only records with an error.")
@click.option("--unsolved", is_flag=True, help="Only records that are not solved.")
def show(files: tuple[Path, ...], identity: str | None, count: int, errors: bool, unsolved: bool) -> None:
    """Show records as a model sees them; replies that are not learnt are marked."""
    from itertools import islice

    from ..training.records import load

    chosen = (
        one
        for one in load(files)
        if (identity is None or one.id.startswith(identity))
        and (not errors or one.errors)
        and (not unsolved or one.solved is False)
    )
    found = False
    for record in islice(chosen, count):
        found = True
        _show(record)
    if not found:
        raise click.ClickException("There is no such record in these files. `data stats` says what there is.")


@click.command()
@record_files
@output_file
@click.option(
    "--format",
    "action_format",
    type=click.Choice(["markdown", "execute", "tools"]),
    help="Action format; execute: the tags of the CodeActAgent models. Default: as they are.",
)
@click.option(
    "--shape",
    type=click.Choice(["records", "codeactinstruct"]),
    default="records",
    show_default=True,
    help="Shape of the lines.",
)
def export(files: tuple[Path, ...], output: Path, action_format: str | None, shape: str) -> None:
    """Write records in another action format, or in the shape of the paper's data."""
    from ..training.converting import SHAPES, in_format
    from ..training.records import DataError, load, write_bytes

    lines, left_out = [], 0
    for record in load(files):
        try:
            lines.append(SHAPES[shape](in_format(record, action_format) if action_format else record))
        except DataError:
            left_out += 1
    write_bytes(output, b"".join(lines))
    click.echo(f"{len(lines)} records in {output}.")
    if left_out:
        click.echo(f"{left_out} left out: they write text cells, which that format cannot.")


def _write(
    output: Path,
    records: Sequence[Record],
    count: Callable[[str], int],
    tokenizer: Path | None,
    notes: Sequence[str],
) -> None:
    """Write records, and their card beside them."""
    from ..training import summary
    from ..training.records import write, write_bytes

    write(output, records)
    card = summary.card(
        output.stem,
        records,
        count,
        how=_command(),
        is_estimate=tokenizer is None,
        notes=notes,
    )
    path = output.with_name(f"{output.name}.card.md")
    write_bytes(path, card.encode())
    click.echo(f"The card is in {path}.")


def _texts(files: Sequence[Path]) -> list[str]:
    from ..training.general import read_prompts

    return [text for path in files for text in read_prompts(path)]


def _command() -> str:
    """Return the command as it was given, without the paths of files."""
    ctx = click.get_current_context()
    words = ["jupyter codeact data", str(ctx.info_name)]
    for option in ctx.command.params:
        value, name = ctx.params.get(option.name or ""), option.opts[-1]
        given = ctx.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
        values = value if isinstance(value, tuple) else (value,)
        if not given or any(isinstance(one, Path) for one in values):
            continue
        words += [name] if value is True else [f"{name} {one}" for one in values]
    return " ".join(words)


def _show(record: Record) -> None:
    judged = {True: "solved", False: "not solved", None: "not judged"}[record.solved]
    click.secho(
        f"# {record.id}  {record.task.name}  {record.source}, {record.model or 'no model'}, {judged}, "
        f"{record.turns} turns, {record.errors} errors, {record.licence}",
        bold=True,
    )
    for message in record.messages:
        learnt = "" if message.weight is None else f", weight {message.weight:g}"
        colour = {"assistant": "green" if message.weight else "red", "user": "cyan"}.get(message.role)
        click.secho(f"\n── {message.role}{learnt} ──", fg=colour)
        click.echo(message.content)
    click.echo()
