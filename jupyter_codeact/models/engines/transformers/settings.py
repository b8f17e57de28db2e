"""What the engine for GPUs can be told: by the user, and by the process that starts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from pydantic import Field, ValidationError

from ....agent.contracts import Frozen, ModelError


class TransformersOptions(Frozen):
    """How transformers runs a model.

    Attributes
    ----------
    dtype : str
        The type of the weights in memory; ``auto`` is the model's own on a GPU and float32 on a CPU.
    attn_implementation : str, optional
        The attention, as transformers names it: ``sdpa``, ``flash_attention_2``, …; the fastest installed
        if ``None``. A kernel on the Hub (``owner/name``) is downloaded and run, so it is never chosen
        without being named.
    quantization : str
        ``8bit`` or ``4bit`` shrink the weights with bitsandbytes, which must be installed.
    adapter : str, optional
        The folder of a PEFT adapter (LoRA) to put on top of the model; peft must be installed.
    memory_share : float
        The share of each GPU's free memory that the model and its caches may take.
    offload : bool
        Whether layers that do not fit into the GPUs may stay in the machine's memory, which is slow.
    max_replies : int
        Replies that are written at the same time; further ones wait.
    """

    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    attn_implementation: str | None = None
    quantization: Literal["none", "8bit", "4bit"] = "none"
    adapter: str | None = None
    memory_share: float = Field(default=0.85, gt=0, le=1)
    offload: bool = False
    max_replies: int = Field(default=16, ge=1)


def read_options(given: Mapping[str, Any]) -> TransformersOptions:
    """Return options from what a user wrote.

    Raises
    ------
    ModelError
        If there is no such option, or it does not take such a value.
    """
    try:
        return TransformersOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if name not in TransformersOptions.model_fields:
            known = ", ".join(TransformersOptions.model_fields)
            raise ModelError(f"There is no option {name!r} for transformers; there are {known}.") from error
        raise ModelError(f"The option {name} for transformers is wrong: {first['msg']}.") from error


class Settings(TypedDict):
    """What the parent decides: one line of JSON.

    ``path`` is a folder with a model as on the Hugging Face Hub, or a GGUF file. ``context`` is in
    tokens, for each conversation. ``options`` are `TransformersOptions`.
    """

    path: str
    name: str
    api_key: str
    context: int
    options: dict[str, Any]
