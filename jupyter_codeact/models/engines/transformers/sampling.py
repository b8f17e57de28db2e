"""How the next token is sampled, for one reply as for a batch.

Noise is added to the scores, and the token with the greatest sum is taken (the Gumbel trick). The noise comes
from the reply's seed and the position, not from a generator that all replies share, so a seed gives the same
reply again whatever else the engine is doing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

_MASK = 0xFFFFFFFF


def key(seed: int, position: int) -> int:
    """Return the key of the noise at one position of one reply."""
    digest = hashlib.blake2b(f"{seed} {position}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, signed=True)


def add_noise(scores: torch.Tensor, temperatures: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Return scores whose greatest is the sampled token; rows of temperature 0 are not changed.

    Parameters
    ----------
    scores : torch.Tensor
        The model's score of every token, one row for each reply.
    temperatures, keys : torch.Tensor
        One number for each row.
    """
    uniform = _hash(keys.to(torch.int64), scores.shape[-1])
    noise = -torch.log(-torch.log(uniform))
    drawn = scores.float() + temperatures.unsqueeze(-1) * noise
    return torch.where(temperatures.unsqueeze(-1) > 0, drawn, scores.float())


def _hash(keys: torch.Tensor, width: int) -> torch.Tensor:
    """Return a row of numbers between 0 and 1, both excluded, for each key (murmur3)."""
    mixed = (torch.arange(width, device=keys.device) * 0x9E3779B1) & _MASK
    mixed = mixed ^ (keys & _MASK).unsqueeze(-1)
    mixed = ((mixed ^ (mixed >> 16)) * 0x85EBCA6B) & _MASK
    mixed = ((mixed ^ (mixed >> 13)) * 0xC2B2AE35) & _MASK
    mixed = mixed ^ (mixed >> 16)
    return ((mixed >> 9).float() + 0.5) / (1 << 23)


class Noise:
    """A logits processor for `generate`."""

    def __init__(self, temperature: float, seed: int) -> None:
        self._temperature = temperature
        self._seed = seed

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        keys = torch.tensor([key(self._seed, input_ids.shape[-1])], device=scores.device)
        return add_noise(scores, torch.tensor([self._temperature], device=scores.device), keys)


@dataclass(frozen=True)
class _Options:
    """Sampling options of a reply in a batch; the warm-up has none."""

    temperature: float = 0.0
    seed: int = 0


class _State(Protocol):
    position_offset: int
    logit_processor_kwargs: dict[str, Any]


class _Scheduled(Protocol):
    state: _State
    has_new_token: bool


class BatchNoise:
    """Replaces the list of logits processors of continuous batching.

    It requests two rows of numbers that travel to the GPU with every batch, each with a number for each
    reply: the temperature, as the bits of an integer, and the key.
    """

    do_processing = True
    tensors_required = 2

    def check_kwargs(self, kwargs: dict[str, Any]) -> None:
        """Accept the fields of `_Options`, and nothing else."""
        _Options(**kwargs)

    def fill_defaults(self, rows: torch.Tensor) -> None:
        """Clear rows that no reply uses."""
        rows.zero_()

    def prepare_tensor_args(
        self, requests_in_batch: Sequence[_Scheduled], arg_storage: torch.Tensor
    ) -> torch.Tensor:
        """Write the numbers of the replies that get a token with this batch."""
        states = [request.state for request in requests_in_batch if request.has_new_token]
        chosen = [_Options(**state.logit_processor_kwargs) for state in states]
        temperatures = torch.tensor([options.temperature for options in chosen], dtype=torch.float32)
        keys = [
            key(options.seed, state.position_offset) for state, options in zip(states, chosen, strict=True)
        ]
        arg_storage[0, : len(states)] = temperatures.view(torch.int32).to(arg_storage.device)
        arg_storage[1, : len(states)] = torch.tensor(keys, dtype=torch.int32).to(arg_storage.device)
        return arg_storage

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        count = scores.shape[0]
        return add_noise(scores, rows[0, :count].view(torch.float32), rows[1, :count])
