"""``jupyter codeact train``: make a model better at your own work, and serve what comes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from .train_results import compare, export
from .train_setup import keep_quiet, require_packages

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..training.finetune.loop import Report
    from ..training.finetune.weights import Base

_ALL = 0.99
"""Share of the data from which on all of it has been seen."""


@click.group(invoke_without_command=True)
@click.option(
    "--model", metavar="NAME|PATH", help="The model to train, as `jupyter codeact models` lists it."
)
@click.option(
    "--data",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Conversations, one a line, as `jupyter codeact data` writes them. May be given several times.",
)
@click.option("--name", default="tuned", show_default=True, help="Name of the result, behind the model's.")
@click.option(
    "--method",
    type=click.Choice(["lora", "full"]),
    default="lora",
    show_default=True,
    help="Train a small adapter beside the model, or all its weights.",
)
@click.option(
    "--from",
    "source",
    metavar="REPOSITORY|FOLDER",
    help="The model's full-precision weights. By default its quantised ones are unpacked.",
)
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Time that training may take.")
@click.option("--epochs", type=click.FloatRange(min=0, min_open=True), default=3.0, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="Updates of the weights, in place of --epochs.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Highest learning rate. Default: 2e-4 for lora, 2e-5 for full.",
)
@click.option("--rank", type=click.IntRange(1, 1024), default=16, show_default=True, help="Rank of lora.")
@click.option(
    "--batch", type=click.IntRange(min=1), default=8192, show_default=True, help="Tokens of an update, about."
)
@click.option(
    "--length",
    type=click.IntRange(min=32),
    default=4096,
    show_default=True,
    help="Tokens of an example, most.",
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 0.5),
    default=0.05,
    show_default=True,
    help="Share of the tasks that only measure.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--dtype", type=click.Choice(["auto", "bfloat16", "float32"]), default="auto", show_default=True
)
@click.option("--packing/--no-packing", default=True, help="Whether short examples share a row.")
@click.option(
    "--checkpointing/--no-checkpointing",
    default=None,
    help="Compute activations twice, to save memory. Default: if memory is short.",
)
@click.option(
    "--save-minutes",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    help="Minutes between checkpoints.",
)
@click.option("--processes", type=click.IntRange(min=1), help="Processes. Default: one for each GPU.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads on a CPU. Default: its cores.")
@click.option("--cpu", "on_cpu", is_flag=True, help="Leave GPUs alone.")
@click.option("--restart", is_flag=True, help="Begin anew, and drop what there is of this name.")
def train(**options: Any) -> None:
    """Train a model on conversations, so that it does better at work of that kind.

    The result is tied to its base by a hash, and is listed by `jupyter codeact models` as BASE+NAME. Nothing
    is sent anywhere. A training that was interrupted goes on when the same command is called again.
    """
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is not None:
        return
    if not options["model"] or not options["data"]:
        raise click.UsageError("Say which --model to train, on what --data.", ctx)
    require_packages()
    keep_quiet(options["source"])
    from ..training.finetune.model import gpus

    count = options["processes"] or (1 if options["on_cpu"] else max(1, gpus()))
    if count > 1 and "LOCAL_RANK" not in os.environ:
        _weights_of(options["model"], options["source"])  # by one process, for all
        raise SystemExit(_in_processes(count))
    try:
        _train(**options)
    except KeyboardInterrupt:
        same = "The same command without --restart" if options["restart"] else "The same command"
        raise click.ClickException(f"Stopped. {same} goes on from here.") from None


train.add_command(export)
train.add_command(compare)


def _train(
    *,
    model: str,
    data: tuple[Path, ...],
    name: str,
    source: str | None,
    save_minutes: float,
    processes: int | None,
    threads: int | None,
    on_cpu: bool,
    restart: bool,
    **options: Any,
) -> None:
    from ..models.catalog.tuned import name_of, root
    from ..training.finetune.manifest import read_manifest
    from ..training.finetune.options import TrainingOptions
    from ..training.finetune.train import train as work

    is_first = int(os.environ.get("RANK", "0")) == 0
    base, folder = _weights_of(model, source)
    target = root() / name_of(base.name, name)
    with _display(is_first) as report:
        tuned = work(
            base,
            folder,
            data,
            target,
            TrainingOptions(**options),
            source=source or "",
            save_minutes=save_minutes,
            report=report,
            threads=threads,
            on_cpu=on_cpu,
            restart=restart,
        )
    if is_first:
        click.echo(f"{tuned.name}: {tuned.words}.")
        manifest = read_manifest(tuned.folder)
        seen = manifest["metrics"]["tokens"] / manifest["examples"]["tokens"]
        if seen < _ALL and options["minutes"]:
            click.echo(
                f"In this time it has seen {seen:.0%} of the data; more --minutes let it see the rest."
            )
        click.echo(f"Its learning curve and manifest are in {tuned.folder}.")
        click.echo(f"Use it: jupyter codeact run --model {tuned.name} …")


def _weights_of(model: str, source: str | None) -> tuple[Base, Path]:
    """Return the model, and the folder of the weights that are trained."""
    from ..training.finetune import weights

    base = weights.find_base(model)
    return base, weights.full_precision(source, _downloading()) if source else weights.unpack(base)


def _downloading() -> Callable[[int, int, str], None]:
    """Return what writes a line for every twentieth of a download."""
    written = -1

    def progress(done: int, total: int, note: str) -> None:
        nonlocal written
        if (step := 20 * done // max(total, 1)) > written:
            written = step
            click.echo(f"full-precision weights: {5 * step}% of {total / 1e9:.1f} GB, {note}", err=True)

    return progress


def _in_processes(count: int) -> int:
    """Call this command once more in several processes, which work on the same training."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    command += ["-m", "jupyter_codeact.cli", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode  # noqa: S603


class _display:  # noqa: N801 - a context manager, used like one that is made of a function
    """Shows how far a training is: a bar on a terminal, else a line now and then."""

    def __init__(self, is_shown: bool) -> None:
        self._console = Console(stderr=True)
        self._is_shown = is_shown
        self._bar: Any = None
        self._task: Any = None
        self._last = ""

    def __enter__(self) -> Callable[[Report], None]:
        if self._is_shown and self._console.is_terminal:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self._console
            )
            self._bar.start()
            self._task = self._bar.add_task("preparing the model", total=None)
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _show(self, report: Report) -> None:
        if not self._is_shown:
            return
        words = report.note or _words(report)
        if self._bar is not None:
            total = report.planned or None
            self._bar.update(self._task, completed=report.step, total=total, description=words)
            return
        mark = report.note or str(20 * report.step // max(1, report.planned))
        if mark != self._last:
            click.echo(words, err=True)
        self._last = mark


def _words(report: Report) -> str:
    words = [f"step {report.step} of {report.planned}", f"loss {report.loss:.3f}"]
    if report.held_out is not None:
        words.append(f"held-out {report.held_out:.3f}")
    words.append(f"{report.tokens_per_second:.0f} tokens/s")
    left = report.seconds_left or 0
    words.append(f"{left / 60:.0f} min left" if left > 90 else f"{left:.0f} s left")
    return ", ".join(words)
