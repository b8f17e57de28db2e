"""Training a model from its data to its place among the models: what `jupyter codeact train` does."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from filelock import FileLock, Timeout

from ...models.catalog import machine
from ...models.catalog.tuned import (
    ADAPTER_BASE,
    FOLDER_MODEL,
    GGUF_ADAPTER,
    GGUF_MODEL,
    MANIFEST,
    PEFT_ADAPTER,
    BaseModelFacts,
    Tuned,
    find_tuned,
)
from . import checkpoints
from .checkpoints import BEST, LAST
from .curve import write_curve
from .errors import TrainingError, writing
from .examples import Example, Taken, read_conversations, split, tokenize
from .loop import Report, Training, read_log
from .manifest import PLAN, changed, plan_of, read_plan, write_manifest
from .model import Loaded, load, load_tokenizer, longest
from .options import TrainingOptions
from .weights import Base

LOCK = ".lock"


def train(
    base: Base,
    weights: Path,
    data: Sequence[Path],
    target: Path,
    options: TrainingOptions,
    *,
    source: str = "",
    save_minutes: float = 5.0,
    report: Callable[[Report], None] = lambda _: None,
    threads: int | None = None,
    on_cpu: bool = False,
    restart: bool = False,
) -> Tuned:
    """Train a model, or go on with a training, and put the result into ``target``.

    Parameters
    ----------
    base : Base
        The model, as it is served.
    weights : pathlib.Path
        The folder of the weights to train.
    data : sequence of pathlib.Path
        The files of conversations.
    target : pathlib.Path
        The tuned model's folder, whose name is the model's.
    options : TrainingOptions
        How to train.
    source : str
        Where the weights come from, for the manifest.
    save_minutes : float
        Minutes between checkpoints.
    report : callable
        Called with a `Report` after each step.
    threads : int, optional
        Threads on a CPU; by default as many as this process may use cores.
    on_cpu : bool
        Whether a GPU is left alone.
    restart : bool
        Whether to begin anew, and drop what there is in the folder.

    Raises
    ------
    TrainingError
        With a sentence for the user.
    """
    accelerator = Accelerator(cpu=on_cpu)
    if accelerator.device.type == "cpu":
        torch.set_num_threads(threads or max(1, machine.cores() // accelerator.num_processes))
    plan = plan_of(base, weights, source, data, options)
    with _alone(target) if accelerator.is_main_process else _nobody():
        if accelerator.is_main_process:
            if source and base.is_gguf:
                _same_model(base, weights)
            if restart:
                _drop(target)
            _begin(target, plan)
        report(Report(0, 0, note="reading the data"))
        taken, learned, held_back = _data(weights, data, options)
        report(Report(0, 0, note="loading the model"))
        loaded = load(weights, options, accelerator.device)
        accelerator.wait_for_everyone()
        training = Training(
            loaded=loaded,
            learned=learned,
            held_back=held_back,
            options=options,
            folder=target,
            accelerator=accelerator,
            save_seconds=60 * save_minutes,
            report=report,
        )
        state = training.run()
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            report(Report(state.step, state.planned, note="writing the result"))
            best = checkpoints.find(target, BEST)
            assert best is not None
            checkpoints.load(best, loaded.model)
            with writing(target):
                write_result(base, weights, loaded, options, target)
            write_curve(target, read_log(target), f"{target.name}, {options.method}")
            settled = options.model_copy(
                update={
                    "dtype": str(loaded.dtype).removeprefix("torch."),
                    "packing": training.packed,
                    "checkpointing": loaded.checkpointing,
                }
            )
            write_manifest(target, plan, settled, taken, (learned, held_back), state, _computed(accelerator))
            for name in (LAST, BEST):
                shutil.rmtree(target / name, ignore_errors=True)
    accelerator.wait_for_everyone()
    return find_tuned(target.name)


def _data(
    weights: Path, data: Sequence[Path], options: TrainingOptions
) -> tuple[Taken, list[Example], list[Example]]:
    tokenizer = load_tokenizer(weights)
    length = min(options.length, longest(weights) or options.length)
    taken = tokenize(tokenizer, read_conversations(data), length)
    learned, held_back = split(taken.examples, options.held_out, options.seed)
    if not learned:
        raise TrainingError(
            f"None of the {taken.conversations} conversations can be learned from: their replies have no"
            f" weight, or are longer than --length ({length:,} tokens)."
        )
    return taken, learned, held_back


def _same_model(base: Base, weights: Path) -> None:
    """Check before hours of work, not after them, that what is trained is what is served."""
    from .export import BaseFile

    BaseFile(base.path, weights).check()


def _begin(target: Path, plan: dict[str, Any]) -> None:
    """Take a folder for a training, or find that it goes on with the one that was begun there.

    Raises
    ------
    TrainingError
        If the folder has a finished training, or one that was begun with something else.
    """
    if (target / MANIFEST).is_file():
        raise TrainingError(
            f"There is a tuned model {target.name} already. Choose another --name, or train it anew with"
            " --restart."
        )
    before = read_plan(target)
    if before is None:
        with writing(target):
            (target / PLAN).write_text(json.dumps(plan, indent=1) + "\n", encoding="utf-8")
    elif differing := changed(before, plan):
        raise TrainingError(
            f"The training of {target.name} was begun with another {', '.join(differing)}. Give the same to"
            " go on with it, or --restart to begin anew."
        )


def _drop(target: Path) -> None:
    """Remove all that there is of a training but its lock."""
    with writing(target):
        for path in target.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep other processes from training into the same folder; the system ends that however this one ends."""
    with writing(target):
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(target / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TrainingError(f"Another process is training {target.name} now.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _nobody() -> Iterator[None]:
    yield


def write_result(base: Base, weights: Path, loaded: Loaded, options: TrainingOptions, target: Path) -> None:
    """Write what the engines serve: an adapter or weights, for transformers and for llama.cpp."""
    if options.method == "lora":
        # by default peft asks the Hub for the base's vocabulary, to see whether it has changed
        loaded.model.save_pretrained(target / PEFT_ADAPTER, save_embedding_layers=False)
        facts = BaseModelFacts(name=base.name, reference=base.reference, sha256=base.sha256)
        (target / PEFT_ADAPTER / ADAPTER_BASE).write_text(facts.model_dump_json(), encoding="utf-8")
    else:
        loaded.model.to(torch.bfloat16).save_pretrained(target / FOLDER_MODEL)
        loaded.tokenizer.save_pretrained(target / FOLDER_MODEL)
    if not base.is_gguf:
        return
    from .export import BASE_KEY, BaseFile, export_adapter, export_model

    file = BaseFile(base.path, weights)
    if options.method == "lora":
        named = {"general.name": target.name, BASE_KEY: base.sha256}
        export_adapter(target / PEFT_ADAPTER, file, target / GGUF_ADAPTER, named)
    else:
        export_model(file, target / GGUF_MODEL, "q8_0", weights=target / FOLDER_MODEL, name=target.name)


def _computed(accelerator: Accelerator) -> dict[str, Any]:
    device = accelerator.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    return {
        "on": device.type,
        "device": name or platform.machine(),
        "processes": accelerator.num_processes,
        "threads": torch.get_num_threads(),
    }
