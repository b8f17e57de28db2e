"""A cache of fixed size with a slot for each conversation, and the attention that reads it.

Its tensors stay where they are, so a step of decoding can be recorded once, as a CUDA graph, and replayed.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, Cache, DynamicCache
from transformers.cache_utils import CacheLayerMixin, DynamicLayer

ATTENTION = "codeact_slots"
"""The name by which transformers knows `attend`."""
STEP = 64
"""Tokens by which the part of a slot that attention reads grows; kernels want aligned sizes."""


class UnsuitedError(Exception):
    """A model cannot be run in this way; the message is half a sentence that says why."""


class SlotLayer(CacheLayerMixin):  # type: ignore[misc]
    """The keys and values of one layer, of shape (slots, heads, tokens, size)."""

    is_compileable = True
    is_sliding = False

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.keys, self.values = keys, values
        self.is_initialized = True
        self.choose(0, 1, torch.zeros(1, 1, dtype=torch.long))

    def choose(self, begin: int, end: int, places: torch.Tensor) -> None:
        """Choose the slots that the next call is about, and where in them it writes."""
        # Numbers would be constants of a compiled model.
        self.chosen = self.keys[begin:end], self.values[begin:end], places

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Do nothing: the tensors are there from the start."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **more: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write keys and values of the chosen slots at their places, and return those slots."""
        keys, values, places = self.chosen
        which = torch.arange(places.shape[0], device=keys.device)[:, None]
        keys[which, :, places] = key_states.transpose(1, 2)
        values[which, :, places] = value_states.transpose(1, 2)
        return keys, values

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return the length and offset of a mask, which we make ourselves."""
        return self.keys.shape[2], 0

    def get_seq_length(self) -> int:
        """Return 0: each slot has its own length, which the generator knows."""
        return 0

    def get_max_length(self) -> int:
        """Return the tokens that a slot holds."""
        return int(self.keys.shape[2])


class SlotCache(Cache):  # type: ignore[misc]
    """The keys and values of ``slots`` conversations of up to ``tokens`` tokens each."""

    def __init__(self, like: DynamicCache, slots: int, tokens: int) -> None:
        def empty(kept: torch.Tensor) -> torch.Tensor:
            _, heads, _, size = kept.shape
            # Zeros, because whatever is masked is still multiplied by 0.
            return torch.zeros(slots, heads, tokens, size, dtype=kept.dtype, device=kept.device)

        super().__init__(layers=[SlotLayer(empty(layer.keys), empty(layer.values)) for layer in like.layers])

    def choose(self, begin: int, end: int, places: torch.Tensor) -> None:
        """Choose the slots ``begin`` to ``end`` for the next call, with a row of ``places`` for each."""
        for layer in self.layers:
            layer.choose(begin, end, places)

    def copy(self, source: int, target: int, tokens: int) -> None:
        """Copy the first tokens of one slot into another."""
        for layer in self.layers:
            for kept in (layer.keys, layer.values):
                kept[target, :, :tokens] = kept[source, :, :tokens]


def bytes_of_token(like: DynamicCache) -> int:
    """Return the memory that one token of a conversation takes."""
    kept = [tensor for layer in like.layers for tensor in (layer.keys, layer.values)]
    return sum(tensor.shape[1] * tensor.shape[3] * tensor.element_size() for tensor in kept)


def check_layers(like: DynamicCache) -> None:
    """Refuse a model whose layers keep anything but the keys and values of all tokens.

    Raises
    ------
    UnsuitedError
        If it has such layers.
    """
    others = {type(layer).__name__ for layer in like.layers} - {DynamicLayer.__name__}
    if others:
        raise UnsuitedError(f"it has layers of another kind ({', '.join(sorted(others))})")


def mask_for(positions: torch.Tensor, length: int, dtype: torch.dtype) -> torch.Tensor:
    """Return what is added to the scores of ``length`` tokens, so that each position sees what is before it.

    Parameters
    ----------
    positions : torch.Tensor
        The positions of the new tokens, one row for each slot.
    """
    seen = torch.arange(length, device=positions.device) <= positions[:, :, None]
    return torch.where(seen, 0.0, -torch.inf).to(dtype)[:, None]


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **more: Any,
) -> tuple[torch.Tensor, None]:
    """Attend to as many tokens of the slots as the mask is long.

    A single new token is computed without the copies of keys and values that heads in groups would need
    otherwise, and reads each key and value once.

    Raises
    ------
    UnsuitedError
        If the model's attention is of another kind.
    """
    unusual = sorted(name for name in ("softcap", "s_aux", "position_bias") if more.get(name) is not None)
    if attention_mask is None or unusual:
        raise UnsuitedError(f"its attention is of another kind ({', '.join(unusual) or 'no mask'})")
    length = attention_mask.shape[-1]
    key, value = key[:, :, :length], value[:, :, :length]
    rows, heads, new, size = query.shape
    groups = heads // key.shape[1]
    scale = size**-0.5 if scaling is None else scaling
    if new == 1:
        grouped = query.reshape(rows, key.shape[1], groups, size)
        scores = (grouped @ key.transpose(2, 3)).float() * scale + attention_mask
        seen = scores.softmax(-1).to(value.dtype) @ value
        return seen.reshape(rows, 1, heads, value.shape[-1]), None
    if groups > 1:
        key, value = (kept.repeat_interleave(groups, dim=1) for kept in (key, value))
    seen = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=attention_mask, scale=scale
    )
    return seen.transpose(1, 2).contiguous(), None


AttentionInterface.register(ATTENTION, attend)
