"""``jupyter codeact train export`` and ``compare``: what to do with a tuned model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..agent.contracts import CodeActError
from ..models.catalog.tuned import find_tuned
from .train_setup import keep_quiet, require_packages

if TYPE_CHECKING:
    from ..evaluation.records import Episode
    from ..models.catalog.tuned import Tuned
    from ..training.finetune.compare import Part

_GENERAL = "^(gsm8k|mmlu|humaneval)/"
"""MINT's data sets that measure general skill."""


@click.command("export", short_help="Write a tuned model for other programs.")
@click.argument("name")
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(["gguf-lora", "gguf", "folder"]),
    help="An adapter for llama.cpp, one GGUF file, or a folder as on the Hugging Face Hub.",
)
@click.option("--output", metavar="PATH", required=True, type=click.Path(path_type=Path))
@click.option(
    "--type",
    "kind",
    type=click.Choice(["q8_0", "f16", "bf16", "f32", "same"]),
    default="q8_0",
    show_default=True,
    help="Type of the weights in a GGUF file; `same` is the base's, which may round away what was trained.",
)
@click.option(
    "--base",
    "base_file",
    metavar="FILE.gguf",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The model as a GGUF file, if a folder was trained.",
)
def export(name: str, form: str, output: Path, kind: str, base_file: Path | None) -> None:
    """Write the tuned model NAME in another form."""
    require_packages()
    keep_quiet(None)
    from ..training.finetune import results

    tuned = find_tuned(name)
    if output.exists():
        raise click.BadParameter(f"{output} is there already.", param_hint="--output")
    if form == "folder":
        results.to_folder(tuned, output)
    elif form == "gguf-lora":
        results.to_gguf_adapter(tuned, output, base_file)
    else:
        same = results.to_gguf(tuned, output, kind, base_file)
        if same > 0.5:
            click.echo(
                f"{same:.1%} of the bytes equal the base's: at its type, rounding takes back most of what was"
                " trained. Use --type q8_0, or --to gguf-lora.",
                err=True,
            )
    click.echo(f"{name} is in {output}.")


@click.command("compare", short_help="Compare a tuned model to its base.")
@click.argument("name")
@click.option("--output", metavar="FOLDER", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--n",
    "count",
    type=click.IntRange(min=0),
    default=40,
    show_default=True,
    help="Held-out tasks of each sort.",
)
@click.option(
    "--kind",
    "kinds",
    metavar="NAME",
    multiple=True,
    help="New parameters of this kind of task only, such as one that was trained; can be repeated.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which tasks are drawn.")
@click.option("--notebook/--no-notebook", default=True, help="Play the notebook suite, too.")
@click.option("--first", type=click.IntRange(min=1), help="At most so many tasks of each other suite.")
@click.option("--dabench", metavar="CHECKOUT", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--mint",
    metavar="CHECKOUT",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="For general skill: gsm8k, mmlu and humaneval.",
)
@click.option(
    "--general",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Conversations that were not trained on, whose loss is measured.",
)
@click.option(
    "--format", "action_format", type=click.Choice(["markdown", "execute", "tools"]), default="markdown"
)
@click.option("--turns", type=click.IntRange(min=1), default=10, show_default=True, help="Replies to a task.")
@click.option("--reply-tokens", type=click.IntRange(min=1), default=512, show_default=True)
def compare(
    name: str,
    output: Path,
    count: int,
    kinds: tuple[str, ...],
    seed: int,
    notebook: bool,
    first: int | None,
    dabench: Path | None,
    mint: Path | None,
    general: tuple[Path, ...],
    action_format: str,
    turns: int,
    reply_tokens: int,
) -> None:
    """Let the tuned model NAME and its base play the same tasks, and tell how they differ.

    The tasks were never trained on. What was played is kept in FOLDER and not played again, so that an
    interrupted comparison goes on.
    """
    from ..evaluation.records import Setting
    from ..training.finetune.compare import pairs_of, write_report
    from ..training.finetune.errors import writing

    tuned = find_tuned(name)
    parts = [*_held_out(count, kinds, seed), *_suites(notebook, first, dabench, mint)]
    if not parts:
        raise click.UsageError("There is nothing to compare them on: give --n, --notebook or a checkout.")
    setting = Setting(format=action_format, turns=turns, reply_tokens=reply_tokens, goes_on=False)
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
    base_episodes, tuned_episodes = asyncio.run(_play(tuned, parts, setting, output))
    losses = None
    if general:
        require_packages()
        keep_quiet(None)
        from ..training.finetune.losses import general_losses
        from ..training.finetune.results import weights_of

        losses = general_losses(tuned, weights_of(tuned), general)
    pairs = pairs_of(parts, base_episodes, tuned_episodes)
    text = write_report(output, tuned, pairs, [*base_episodes, *tuned_episodes], losses)
    click.echo(text.partition("## All results")[0].strip())
    click.echo(f"\nThe report with all results and trajectories is in {output}.")


def _held_out(count: int, kinds: tuple[str, ...], seed: int) -> list[Part]:
    from ..training.finetune.compare import Part
    from ..training.finetune.held_out import HeldOutTasks

    if not count:
        return []
    try:
        known = HeldOutTasks("held-out-parameters", count, seed, kinds or None)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--kind") from error
    return [Part(known), Part(HeldOutTasks("held-out-kinds", count, seed))]


def _suites(notebook: bool, first: int | None, dabench: Path | None, mint: Path | None) -> list[Part]:
    from ..evaluation.runner import Choice
    from ..evaluation.suites import open_suite
    from ..training.finetune.compare import Part

    parts = []
    some = Choice(first=first)
    if notebook:
        parts.append(Part(open_suite("notebook", None), some))
    if dabench:
        parts.append(Part(open_suite("dabench", dabench), some))
    if mint:
        parts.append(Part(open_suite("mint", mint), Choice(only=_GENERAL, first=first)))
    return parts


async def _play(
    tuned: Tuned, parts: list[Part], setting: object, output: Path
) -> tuple[list[Episode], list[Episode]]:
    from ..evaluation.records import Setting
    from ..models.open import open_model
    from ..training.finetune.compare import mark, play_parts
    from ..training.finetune.weights import base_of

    assert isinstance(setting, Setting)
    hashes = {tuned.manifest.base.reference: base_of(tuned).sha256, tuned.name: tuned.sha256}
    tuned.check_files()
    models = {name: open_model(name) for name in hashes}
    played = []
    try:
        mark(output, {model.info.name: hashes[name] for name, model in models.items()})
        for name, model in models.items():

            def watch(episode: Episode, name: str = name) -> None:
                found = "solved" if episode.played.strict else "not"
                case = f"{episode.suite} {episode.case.name}"
                click.echo(f"{name:32}  {found:7}{episode.seconds:6.1f} s  {case}", err=True)

            played.append(await play_parts(parts, model, setting, output, watch))
            await model.close()  # the next one needs its memory
    finally:
        for model in models.values():
            await model.close()
        for part in parts:
            await part.suite.close()
    broken = [e for e in [*played[0], *played[1]] if e.played.ending in ("crashed", "failed")]
    if broken and len(broken) == len(played[0]) + len(played[1]):
        raise CodeActError(f"No task could be played. The last one: {broken[-1].played.message}")
    return played[0], played[1]
