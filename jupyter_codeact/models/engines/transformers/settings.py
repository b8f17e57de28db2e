"""Settings of the transformers engine: the user's options, and what the parent process decides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

from pydantic import Field

from ....agent.contracts import Frozen
from ...catalog.machine import GPU_MEMORY_SHARE
from ..options import read


class TransformersOptions(Frozen):
    """How transformers runs a model.

    Attributes
    ----------
    dtype : str
        Type of the weights in memory; ``auto`` is the model's own on a GPU, and float32 on a CPU.
    attn_implementation : str, optional
        Attention, as transformers names it: ``sdpa``, ``flash_attention_2``, …; the fastest installed one
        if ``None``. A kernel from the Hub (``owner/name``) is downloaded and run, so it is used only if
        the user names it.
    quantization : str
        ``8bit`` or ``4bit`` shrinks the weights with bitsandbytes, which must be installed.
    adapter : str, optional
        Folder of a PEFT adapter (LoRA) to put on top of the model; peft must be installed.
    memory_share : float
        Share of each GPU's free memory for the model and its caches.
    offload : bool
        Whether layers that do not fit into the GPUs may stay in the machine's memory, which is slow.
    max_replies : int
        Most replies written at the same time; further ones wait.
    batching : str
        How they are written: ``static`` has a slot of fixed size for each, and on a GPU replays recorded
        steps; ``paged`` is transformers' continuous batching, for a GPU; ``single`` writes one at a time.
        ``auto`` takes the first of these that suits the model.
    compile : bool
        Whether torch compiles the steps of ``static``, which takes a minute or more at each start.
    """

    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    attn_implementation: str | None = None
    quantization: Literal["none", "8bit", "4bit"] = "none"
    adapter: str | None = None
    memory_share: float = Field(default=GPU_MEMORY_SHARE, gt=0, le=1)
    offload: bool = False
    max_replies: int = Field(default=16, ge=1)
    batching: Literal["auto", "static", "paged", "single"] = "auto"
    compile: bool = False


def read_options(given: Mapping[str, Any]) -> TransformersOptions:
    """Read options as a user wrote them; see `options.read`."""
    return read(TransformersOptions, "transformers", given)


def weight_of(path: Path) -> int:
    """Return the bytes of a model's weights: of its file, or of those in its folder."""
    files = [path, *path.glob("*.safetensors")]
    return sum(file.stat().st_size for file in files if file.is_file())


class Settings(TypedDict):
    """What the parent process decides, sent as one line of JSON.

    ``path`` is a folder with a model as on the Hugging Face Hub, or a GGUF file; ``context`` the tokens of
    each conversation; ``options`` are `TransformersOptions`.
    """

    path: str
    name: str
    api_key: str
    context: int
    options: dict[str, Any]
