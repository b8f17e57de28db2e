"""The user's options for models that llama.cpp runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ....agent.contracts import Frozen
from ..options import read

CacheType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]


class LlamaOptions(Frozen):
    """How llama.cpp runs a model.

    Attributes
    ----------
    threads : int, optional
        Threads that compute; by default the physical cores that this process may use.
    batch : int, optional
        Tokens of a prompt that are read at a time; by default 256 on a CPU.
    cache_type_k, cache_type_v : str
        Type of the keys and values of a conversation. Those shorter than ``f16`` need less memory; whether
        they are faster depends on the machine.
    flash_attention : {"auto", "on", "off"}
        Whether attention is computed without its large matrix. Values shorter than ``f16`` need it.
    cache_reuse : int
        Fewest tokens of a later part of a prompt that are taken from the cache though something before them
        has changed, which makes them slightly wrong; 0 for never.
    """

    threads: int | None = Field(default=None, ge=1)
    batch: int | None = Field(default=None, ge=1)
    cache_type_k: CacheType = "f16"
    cache_type_v: CacheType = "f16"
    flash_attention: Literal["auto", "on", "off"] = "auto"
    cache_reuse: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if self.flash_attention == "off" and self.cache_type_v not in ("f32", "f16", "bf16"):
            raise ValueError(f"cache_type_v={self.cache_type_v} needs flash_attention, which is off")
        return self


def read_llama_options(given: Mapping[str, Any]) -> LlamaOptions:
    """Read options as a user wrote them; see `options.read`."""
    return read(LlamaOptions, "llama.cpp", given)
