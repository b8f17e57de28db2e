"""Loading a model to be trained: with an adapter on it, or with all its weights in float32."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers

from .errors import TrainingError, in_memory, out_of_memory
from .options import TrainingOptions

ADVICE = "Use a shorter --length, --checkpointing, --method lora, or a smaller model."
_ADAM = 16
"""Bytes of a trained parameter: weight, gradient and AdamW's two averages, in float32 each."""
_LAYER = 100
"""Bytes of activations for a token, a layer and a unit of width, as measured with an adapter in bfloat16."""
_LIBRARIES = 1e9
"""Bytes that the libraries take for themselves, and for what is in use for a moment."""


@dataclass(frozen=True)
class Loaded:
    """A model to be trained, with its tokenizer; ``dtype`` is what it computes in."""

    model: Any
    tokenizer: Any
    dtype: torch.dtype
    checkpointing: bool


def gpus() -> int:
    """Return how many GPUs there are."""
    return int(torch.cuda.device_count())


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer in a folder.

    Raises
    ------
    TrainingError
        If there is none.
    """
    try:
        return transformers.AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder} has no tokenizer: {_brief(error)}") from error


def longest(folder: Path) -> int | None:
    """Return the tokens of the longest text that a model was made for, if its configuration tells it."""
    config = transformers.AutoConfig.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    found = getattr(config.get_text_config(), "max_position_embeddings", None)
    return found if isinstance(found, int) else None


def dtype_for(options: TrainingOptions, device: torch.device) -> torch.dtype:
    """Return the type to compute in: bfloat16 where the hardware has it, else float32."""
    if options.dtype != "auto":
        return torch.bfloat16 if options.dtype == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    has_it = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if has_it else torch.float32


def load(folder: Path, options: TrainingOptions, device: torch.device) -> Loaded:
    """Load a model in the type that it is trained in, with an adapter if that is the method.

    Raises
    ------
    TrainingError
        If the folder has no model that can be trained, or memory does not suffice.
    """
    dtype = dtype_for(options, device)
    weights = torch.float32 if options.method == "full" else dtype
    checkpointing = _fit_memory(folder, options, device, weights)
    source: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with in_memory(ADVICE):
            model = transformers.AutoModelForCausalLM.from_pretrained(str(folder), dtype=weights, **source)
            model.config.use_cache = False
            if checkpointing:
                model.gradient_checkpointing_enable({"use_reentrant": False})
                model.enable_input_require_grads()
            if options.method == "lora":
                model = _with_adapter(model, options)
            model = model.to(device)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"The model in {folder} cannot be trained: {_brief(error)}") from error
    return Loaded(model, load_tokenizer(folder), dtype, checkpointing)


def _with_adapter(model: Any, options: TrainingOptions) -> Any:
    import peft

    torch.manual_seed(options.seed)
    config = peft.LoraConfig(
        r=options.rank,
        lora_alpha=2 * options.rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with quiet_peft():
        return peft.get_peft_model(model, config)


@contextmanager
def quiet_peft() -> Iterator[None]:
    """Keep peft's warnings of what is its own to change from users: it asks transformers by an old name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _fit_memory(folder: Path, options: TrainingOptions, device: torch.device, dtype: torch.dtype) -> bool:
    """Tell whether activations have to be computed twice for the training to fit into memory.

    Where memory runs out on a CPU, the system may end the process without a word, so it is estimated first.

    Raises
    ------
    TrainingError
        If it does not fit in any case.
    """
    config = transformers.AutoConfig.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    text = config.get_text_config()
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    stored = {"float32": 4}.get(str(getattr(config, "dtype", "")).removeprefix("torch."), 2)
    parameters = size / stored
    length = min(options.length, getattr(text, "max_position_embeddings", None) or options.length)
    layer = _LAYER * length * int(text.hidden_size)
    layer *= 2 if dtype == torch.float32 and options.dtype == "float32" else 1
    logits = 3 * 4 * length * int(text.vocab_size) // 4  # about a quarter of the tokens is labelled
    fixed = parameters * (_ADAM if options.method == "full" else dtype.itemsize) + logits + _LIBRARIES
    most, least = fixed + layer * int(text.num_hidden_layers), fixed + 2 * layer
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    if least > free and options.checkpointing is None:
        raise out_of_memory(
            f"It needs about {least / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free. {ADVICE}"
        )
    return most > 0.8 * free if options.checkpointing is None else options.checkpointing


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
