"""Loading a model: onto which devices, in which type, and with which adapter."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from ...catalog import machine
from ...catalog.hashes import hash_of
from ...catalog.tuned import base_of_adapter
from .settings import Settings, TransformersOptions, weight_of

_OVERHEAD = 1.25
"""GPU memory that a model takes without its caches, relative to the size of its weights."""


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory. A model that takes images has a ``processor``; ``context`` is in tokens."""

    model: Any
    tokenizer: Any
    processor: Any
    context: int
    options: TransformersOptions

    @property
    def end_tokens(self) -> list[int]:
        """The tokens that end a reply."""
        configured = self.model.generation_config.eos_token_id
        found = configured if isinstance(configured, list) else [configured]
        return sorted({token for token in [*found, self.tokenizer.eos_token_id] if token is not None})


def load(settings: Settings, options: TransformersOptions, progress: Callable[[float], None]) -> LoadedModel:
    """Load a model with its tokenizer and, if it takes images, its processor.

    Raises
    ------
    ValueError
        If the model cannot be loaded in this way, with a sentence for the user.
    OSError, RuntimeError, ImportError
        From the libraries, if files are missing or damaged, memory runs out, or a package is not installed.
    """
    torch.set_num_threads(machine.cores())
    path = Path(settings["path"])
    source: dict[str, Any] = (
        {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
        if path.is_file()
        else {"pretrained_model_name_or_path": str(path)}
    )
    source |= {"local_files_only": True, "trust_remote_code": False}
    config = transformers.AutoConfig.from_pretrained(**source)
    takes_images = type(config) in transformers.AutoModelForImageTextToText._model_mapping
    kind = transformers.AutoModelForImageTextToText if takes_images else transformers.AutoModelForCausalLM
    with _progress_reported(progress):
        model = kind.from_pretrained(**source, config=config, **_devices(path, options), **_types(options))
    _check_devices(model, settings["name"], options)
    if options.adapter:
        _put_adapter(model, Path(options.adapter).expanduser(), path, settings["name"])
    processor = transformers.AutoProcessor.from_pretrained(**source) if takes_images else None
    tokenizer = processor.tokenizer if processor else transformers.AutoTokenizer.from_pretrained(**source)
    if not (processor or tokenizer).chat_template:
        raise ValueError(
            f"{settings['name']} has no chat template, so it is no chat model; choose one that is"
        )
    trained_for = getattr(config.get_text_config(), "max_position_embeddings", None) or settings["context"]
    return LoadedModel(
        model=model.eval(),
        tokenizer=tokenizer,
        processor=processor,
        context=min(settings["context"], trained_for),
        options=options,
    )


def _put_adapter(model: Any, adapter: Path, path: Path, name: str) -> None:
    """Put a PEFT adapter on a model, if it was made for it.

    Raises
    ------
    ValueError
        If there is no adapter, or it is of another model.
    """
    if not (adapter / "adapter_config.json").is_file():
        raise ValueError(f"There is no PEFT adapter in {adapter}: it has no adapter_config.json.")
    _require("peft", "an adapter")
    base = base_of_adapter(adapter)
    if base is not None and base.sha256 != hash_of(path):
        raise ValueError(
            f"The adapter in {adapter} was trained on {base.name} (SHA-256 {base.sha256[:12]}…), and {name}"
            " is another model. An adapter is of no use on other weights: use it with its base."
        )
    try:
        found = model.load_adapter(str(adapter))
    except (RuntimeError, ValueError, KeyError) as error:
        raise ValueError(
            f"The adapter in {adapter} does not fit {name}: {' '.join(str(error).split())[:200]}"
        ) from error
    if found is not None and (found.missing_keys or found.unexpected_keys or found.mismatched_keys):
        raise ValueError(
            f"The adapter in {adapter} does not fit {name}: it was trained on a model with other layers."
        )


def _types(options: TransformersOptions) -> dict[str, Any]:
    """Return the type, quantisation and attention of the weights, as arguments for `from_pretrained`."""
    dtype: Any = options.dtype
    if dtype == "auto" and not torch.cuda.is_available():
        dtype = "float32"  # most CPUs are very slow at shorter types
    chosen: dict[str, Any] = {"dtype": dtype if dtype == "auto" else getattr(torch, dtype)}
    if named := options.attn_implementation or attention():
        chosen["attn_implementation"] = named
    if options.quantization != "none":
        _require("bitsandbytes", f"{options.quantization} quantisation")
        four = options.quantization == "4bit"
        chosen["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=four,
            load_in_8bit=not four,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    return chosen


def attention() -> str | None:
    """Return the fastest attention that is installed; nothing is downloaded for it."""
    if torch.cuda.is_available():
        for package, name in (
            ("flash_attn_interface", "flash_attention_3"),
            ("flash_attn", "flash_attention_2"),
        ):
            if importlib.util.find_spec(package):
                return name
    return None


def _devices(path: Path, options: TransformersOptions) -> dict[str, Any]:
    """Return where the weights go: to one GPU if they fit, else to several, and to memory if allowed."""
    if not torch.cuda.is_available():
        return {}
    free = [
        int(options.memory_share * torch.cuda.mem_get_info(index)[0])
        for index in range(torch.cuda.device_count())
    ]
    quantized = weight_of(path) * {"none": 1.0, "8bit": 0.55, "4bit": 0.35}[options.quantization]
    best = max(range(len(free)), key=free.__getitem__)
    if quantized * _OVERHEAD < free[best]:
        return {"device_map": {"": best}}
    # The rest of each GPU is for conversations.
    limits: dict[Any, int] = {index: int(share / _OVERHEAD) for index, share in enumerate(free)}
    limits["cpu"] = machine.look().free // 2 if options.offload else 0
    return {"device_map": "auto", "max_memory": limits}


def _check_devices(model: Any, name: str, options: TransformersOptions) -> None:
    devices = set(getattr(model, "hf_device_map", {}).values())
    if devices & {"cpu", "disk"} and torch.cuda.is_available() and not options.offload:
        raise ValueError(
            f"{name} does not fit into the GPU memory that is free (out of memory). Close other programs that"
            " use the GPU, set quantization to 8bit or 4bit, allow offload (slow), or use a smaller model"
        )


def _require(package: str, what: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise ValueError(f"{what.capitalize()} needs the package {package}: `pip install {package}`")


@contextmanager
def _progress_reported(progress: Callable[[float], None]) -> Iterator[None]:
    """Report the share of the weights that is loaded, instead of drawing bars in the log."""
    reported = -1

    def report(done: float, total: float | None) -> None:
        nonlocal reported
        share = int(100 * done / total) if total else 0
        if reported < share <= 100:
            reported = share
            progress(share / 100)

    def counted(items: Any) -> Iterator[Any]:
        for done, item in enumerate(items, 1):
            yield item
            report(done, len(items))

    def bar(factory: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kwargs |= {"file": sink, "disable": False}
        if args and hasattr(args[0], "__len__"):
            args = (counted(args[0]), *args[1:])
        made = factory(*args, **kwargs)
        original = made.update

        def update(n: float = 1) -> Any:
            drawn = original(n)
            report(made.n, made.total)
            return drawn

        made.update = update
        return made

    with open(os.devnull, "w") as sink:
        before = transformers.utils.logging.set_tqdm_hook(bar)
        try:
            yield
        finally:
            transformers.utils.logging.set_tqdm_hook(before)
