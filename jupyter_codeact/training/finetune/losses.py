"""A model's loss on conversations that are about something else than what it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from ...models.catalog import machine
from ...models.catalog.tuned import FOLDER_MODEL, PEFT_ADAPTER, Tuned
from .errors import TrainingError, in_memory
from .examples import Example, read_conversations, tokenize
from .model import ADVICE, dtype_for, load_tokenizer
from .options import TrainingOptions
from .packing import LabelledLoss, Row, inputs

_Z = 1.959964


@dataclass(frozen=True)
class Losses:
    """The mean loss of a base and of what was tuned of it, in nats a token, on the same conversations.

    ``low`` and ``high`` bound the mean difference of a conversation's loss (tuned less base) with 95 %.
    """

    conversations: int
    base: float
    tuned: float
    difference: float
    low: float
    high: float


def general_losses(tuned: Tuned, weights: Path, data: Sequence[Path], length: int = 2048) -> Losses:
    """Measure both models on conversations.

    Parameters
    ----------
    tuned : Tuned
        The tuned model.
    weights : pathlib.Path
        The folder of the base's weights.
    data : sequence of pathlib.Path
        Files of conversations, none of which was trained on.
    length : int
        Tokens of a conversation at most.

    Raises
    ------
    TrainingError
        If there is nothing to measure, or memory does not suffice.
    """
    taken = tokenize(load_tokenizer(weights), read_conversations(data), length)
    if not taken.examples:
        raise TrainingError("None of these conversations has a reply whose loss can be measured.")
    with in_memory(ADVICE):
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if device.type == "cpu":
            torch.set_num_threads(machine.cores())
        model = _load(weights, device)
        before = _each(model, taken.examples, device)
        if tuned.manifest.method == "lora":
            model.load_adapter(str(tuned.folder / PEFT_ADAPTER))
        else:
            model = _load(tuned.folder / FOLDER_MODEL, device)
        after = _each(model, taken.examples, device)
    counts = [example.labelled for example in taken.examples]
    differences = [(a - b) / n for a, b, n in zip(after, before, counts, strict=True)]
    error = stdev(differences) / sqrt(len(differences)) if len(differences) > 1 else 0.0
    middle = mean(differences)
    return Losses(
        conversations=len(counts),
        base=sum(before) / sum(counts),
        tuned=sum(after) / sum(counts),
        difference=middle,
        low=middle - _Z * error,
        high=middle + _Z * error,
    )


def _load(folder: Path, device: torch.device) -> Any:
    import transformers

    dtype = dtype_for(TrainingOptions(), device)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(folder), dtype=dtype, local_files_only=True, trust_remote_code=False
    )
    return model.to(device).eval()


def _each(model: Any, examples: Sequence[Example], device: torch.device) -> list[float]:
    loss = LabelledLoss(model)
    with torch.no_grad():
        return [float(loss(**inputs(Row((example,)), device))) for example in examples]
