"""What a user decides of a training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...agent.contracts import Frozen

Method = Literal["lora", "full"]
Type = Literal["auto", "bfloat16", "float32"]

RATES = {"lora": 2e-4, "full": 2e-5}
"""Learning rates: LoRA's as in Dettmers et al. (2023, arXiv 2305.14314), ten times that of all weights."""


class TrainingOptions(Frozen):
    """How a model is trained.

    Attributes
    ----------
    method : str
        ``lora`` trains small matrices beside the weights (Hu et al., 2021, arXiv 2106.09685), ``full`` the
        weights themselves.
    rank : int
        Rank of those matrices. They are scaled by ``2 * rank / rank``.
    rate : float, optional
        The highest learning rate; by default `RATES`.
    epochs : float
        Passes over the data.
    minutes : float, optional
        The time the training may take in all; it then ends with what it has.
    steps : int, optional
        Updates of the weights, in place of ``epochs``.
    batch : int
        Tokens of an update, about.
    length : int
        Tokens of an example at most, and of a row.
    held_out : float
        Share of the tasks that are not trained on; the loss on them chooses the checkpoint that is kept.
    seed : int
        Seed of the split, the order and the first weights of an adapter.
    dtype : str
        Type that is computed in; what is trained is always kept in float32.
    packing : bool
        Whether short examples share a row.
    checkpointing : bool, optional
        Whether to compute activations twice, which saves memory; by default if memory is short.
    """

    method: Method = "lora"
    rank: int = Field(16, ge=1, le=1024)
    rate: float | None = Field(None, gt=0)
    epochs: float = Field(3, gt=0)
    minutes: float | None = Field(None, gt=0)
    steps: int | None = Field(None, ge=1)
    batch: int = Field(8192, ge=1)
    length: int = Field(4096, ge=32)
    held_out: float = Field(0.05, ge=0, le=0.5)
    seed: int = 0
    dtype: Type = "auto"
    packing: bool = True
    checkpointing: bool | None = None

    @property
    def highest_rate(self) -> float:
        """The highest learning rate."""
        return self.rate or RATES[self.method]
