"""Examples of different lengths packed into rows, so that no computation is spent on padding.

Positions begin at 0 with each example of a row. From that, transformers builds an attention mask in which no
example sees another. Whether a model keeps to it is measured (`leaks`), not assumed: a model with recurrent
layers carries a state across.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .examples import IGNORED, Example

_COMPARED = 64
"""Tokens of an example in which `leaks` looks for what it may have seen of another."""
_TOLERANCE, _TOLERANCE_SHORT = 0.01, 0.2
"""Largest difference of a log-probability, in nats, that comes of rounding: in float32, in bfloat16."""


@dataclass(frozen=True)
class Row:
    """Examples one after the other, as one sequence of tokens."""

    examples: tuple[Example, ...]

    @property
    def tokens(self) -> int:
        """How many tokens there are."""
        return sum(len(example.tokens) for example in self.examples)

    @property
    def labelled(self) -> int:
        """How many tokens count in the loss."""
        return sum(example.labelled for example in self.examples)


def pack(examples: Sequence[Example], length: int) -> list[Row]:
    """Pack examples into rows of at most ``length`` tokens; no example is cut.

    Each, longest first, goes into the fullest row that has room: best-fit decreasing (Johnson, 1973).
    """
    rows: list[list[Example]] = []
    room: list[tuple[int, int]] = []  # of each row, sorted: the tokens that are free, and the row's index
    for example in sorted(examples, key=lambda each: (-len(each.tokens), each.group, each.tokens)):
        size = len(example.tokens)
        place = bisect_left(room, (size, -1))
        if place < len(room):
            free, index = room.pop(place)
            rows[index].append(example)
        else:
            free, index = length, len(rows)
            rows.append([example])
        insort(room, (free - size, index))
    return [Row(tuple(row)) for row in rows]


def steps_of(rows: Sequence[Row], tokens: int, seed: int) -> list[list[Row]]:
    """Return one pass over the rows, in a random order, as steps of about ``tokens`` tokens each."""
    order = list(rows)
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
    steps: list[list[Row]] = [[]]
    size = 0
    for row in order:
        if steps[-1] and size + row.tokens > tokens:
            steps.append([])
            size = 0
        steps[-1].append(row)
        size += row.tokens
    return [step for step in steps if step]


def inputs(row: Row, device: Any) -> dict[str, torch.Tensor]:
    """Return a row as the arguments of `LabelledLoss`: tokens, positions, and the labels with their places.

    ``kept`` are the places whose next token counts; ``labels`` are those next tokens.
    """
    tokens: list[int] = []
    positions: list[int] = []
    kept: list[int] = []
    labels: list[int] = []
    for example in row.examples:
        begin = len(tokens)
        tokens += example.tokens
        positions += range(len(example.tokens))
        for place, label in enumerate(example.labels[1:]):
            if label != IGNORED:
                kept.append(begin + place)
                labels.append(label)
    return {
        "tokens": torch.tensor([tokens], device=device),
        "positions": torch.tensor([positions], device=device),
        "kept": torch.tensor(kept, device=device),
        "labels": torch.tensor(labels, device=device),
    }


class LabelledLoss(torch.nn.Module):  # type: ignore[misc]
    """A model that returns the summed loss of a row, in nats; logits are made at the labelled places only."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, tokens: torch.Tensor, positions: torch.Tensor, kept: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        """Return the sum of the labelled tokens' negative log-likelihoods."""
        logits = self.logits(tokens, positions, kept)
        return torch.nn.functional.cross_entropy(logits.float(), labels, reduction="sum")

    def logits(self, tokens: torch.Tensor, positions: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        """Return the logits at the places ``kept``."""
        found: torch.Tensor = self.model(
            input_ids=tokens, position_ids=positions, logits_to_keep=kept, use_cache=False
        ).logits[0]
        return found


def leaks(loss: LabelledLoss, examples: Sequence[Example], device: Any) -> bool:
    """Tell whether a model lets an example see one that is packed before it, measured with the first two.

    What an example's first tokens are predicted from is compared, where a state that was carried across
    shows most.
    """
    pair = [example for example in examples if len(example.tokens) > 1][:2]
    if len(pair) < 2:
        return False
    first, second = (
        Example(each.tokens[:_COMPARED], each.tokens[:_COMPARED], each.group, each.source) for each in pair
    )
    was_training = loss.training
    loss.eval()
    with torch.no_grad():
        alone = _predictions(loss, Row((second,)), device)
        packed = _predictions(loss, Row((first, second)), device)[-len(alone) :]
    loss.train(was_training)
    is_short = next(loss.parameters()).dtype != torch.float32
    return bool((alone - packed).abs().max() > (_TOLERANCE_SHORT if is_short else _TOLERANCE))


def _predictions(loss: LabelledLoss, row: Row, device: Any) -> torch.Tensor:
    """Return the log-probability of each token but the first of each example."""
    given = inputs(row, device)
    logits = loss.logits(given["tokens"], given["positions"], given["kept"])
    return logits.float().log_softmax(-1).gather(-1, given["labels"][:, None])[:, 0]
