"""What it takes to run a model: its files, the worker process, and that worker's settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...agent.contracts import ModelInfo, ModelSettings
from ..catalog import gguf, hub
from ..catalog.catalog import CATALOG
from ..catalog.fit import CONTEXT, Capacity, capacity_on, gpu_for
from ..catalog.machine import Gpu, Machine, cores, look
from ..catalog.model import NOT_THINKING, Entry, Model, Snapshot
from ..catalog.tuned import FOLDER_MODEL, GGUF_ADAPTER, GGUF_MODEL, PEFT_ADAPTER, Tuned
from ..extras import missing
from ..guidance import guidance_for
from .files import CatalogFiles, HubFiles, ModelFiles, OwnFiles, TunedFiles
from .llama.options import LlamaOptions
from .policy import FolderEngine
from .transformers.settings import TransformersOptions, weight_of

_LLAMA = "jupyter_codeact.models.engines.llama.worker"

SLOTS = 2
CACHE = 1024


@dataclass(frozen=True)
class Launch:
    """A worker process to start.

    Attributes
    ----------
    info : ModelInfo
        What is known of the model before it runs.
    files : ModelFiles
        The model's files.
    module : str
        The worker, a module for ``python -m`` that speaks as `child.Child` describes.
    where : str
        What runs the model and on what, for people: "llama.cpp on 2 CPU cores".
    settings : mapping
        The worker's settings, besides ``path``, ``name`` and ``api_key``.
    weight : int, optional
        Bytes of memory that the loaded model takes at least. A worker that cannot report its progress is
        measured against it.
    missing : str
        What is not installed of what runs the model, as half a sentence; empty if all is there.
    complete : callable, optional
        Returns a better launch once the files are here, for a model that is not known before.
    """

    info: ModelInfo
    files: ModelFiles
    module: str
    where: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight: int | None = None
    missing: str = ""
    complete: Callable[[Path], Launch] | None = None

    def at(self, path: Path) -> Launch:
        """Return what to run now that the model's files are at ``path``, where they may tell more of it."""
        return self.complete(path) if self.complete else self

    @property
    def name(self) -> str:
        """The model's name."""
        return self.info.name


@dataclass(frozen=True)
class EngineOptions:
    """How the user wants models on this machine to run.

    Attributes
    ----------
    context : int, optional
        Tokens of a conversation.
    gpu_layers : int, optional
        Layers of a model that llama.cpp keeps on the GPU; by default as many as there is memory for.
    engine : FolderEngine
        What runs models that are folders; ``auto`` is vLLM on a GPU where that is installed.
    llama : LlamaOptions
        Options for models that llama.cpp runs.
    transformers : TransformersOptions
        Options for models that transformers runs; vLLM heeds those that it knows.
    """

    context: int | None = None
    gpu_layers: int | None = None
    engine: FolderEngine = "auto"
    llama: LlamaOptions = field(default_factory=LlamaOptions)
    transformers: TransformersOptions = field(default_factory=TransformersOptions)


def launch(
    model: Entry | Snapshot | hub.Reference | Path | Tuned,
    *,
    engine_options: EngineOptions | None = None,
    machine: Machine | None = None,
) -> Launch:
    """Return how to run a model: GGUF files with llama.cpp, a folder with transformers.

    A tuned model runs like its base: as an adapter on it, or with weights of its own in its place.

    Blocks to look at the machine if no ``machine`` is given.
    """
    options, machine = engine_options or EngineOptions(), machine or look()
    if isinstance(model, Tuned):
        return _tuned(model, options, machine)
    if isinstance(model, hub.Reference):
        return _from_hub(model, options, machine)
    if isinstance(model, Path) and model.suffix == ".gguf":
        return _fitted(gguf.own_model(model), OwnFiles(model), options, machine)
    if isinstance(model, Entry):
        return _fitted(model, CatalogFiles(model), options, machine)
    gpus = () if machine.missing else machine.gpus
    if options.engine == "vllm" or (options.engine == "auto" and gpus and suits_vllm(options.transformers)):
        return vllm(model, context=options.context, options=options.transformers, gpus=gpus)
    return transformers(model, context=options.context, options=options.transformers, gpus=gpus)


def _from_hub(reference: hub.Reference, options: EngineOptions, machine: Machine) -> Launch:
    """Return how to run a model of which nothing but the name is known before its files are here."""

    def complete(path: Path) -> Launch:
        return _fitted(gguf.own_model(path, reference.name), HubFiles(reference), options, machine)

    if path := hub.local(reference):
        return complete(path)
    unknown = gguf.unread_model(reference.name, reference.hub)
    begun = llama_cpp(unknown, context=options.context, options=options.llama)
    return replace(begun, files=HubFiles(reference), complete=complete)


def _tuned(tuned: Tuned, options: EngineOptions, machine: Machine) -> Launch:
    """Return how to run a tuned model.

    What is known of its base (what it recommends, the help it needs) is true of it, too.
    """
    base = _base_of(tuned)
    served = launch(base, engine_options=options, machine=machine)
    is_gguf = served.module == _LLAMA
    own = tuned.folder / (GGUF_MODEL if is_gguf else FOLDER_MODEL)
    info = served.info.model_copy(update={"name": tuned.name})
    if tuned.manifest.method == "full":
        weight = own.stat().st_size if is_gguf and own.is_file() and served.weight else served.weight
        # A projector stands beside the base's file, not beside this one.
        settings = {**served.settings, **({"projector": ""} if is_gguf else {})}
        images = info.supports_images and not is_gguf
        info = info.model_copy(update={"supports_images": images})
        return replace(
            served, info=info, files=OwnFiles(own), settings=settings, weight=weight, complete=None
        )
    adapter = tuned.folder / (GGUF_ADAPTER if is_gguf else PEFT_ADAPTER)
    if "adapter" in served.settings:  # of llama.cpp and vLLM
        settings = {**served.settings, "adapter": str(adapter)}
    else:
        settings = {**served.settings, "options": {**served.settings["options"], "adapter": str(adapter)}}
    files = TunedFiles(served.files, tuned, adapter)
    return replace(served, info=info, files=files, settings=settings, complete=None)


def _base_of(tuned: Tuned) -> Entry | Snapshot | hub.Reference | Path:
    reference = tuned.manifest.base.reference
    if hub.is_reference(reference):
        return hub.parse(reference)
    known = next((entry for entry in CATALOG if entry.name == reference), None)
    return known or Path(reference)


def _fitted(entry: Entry, files: ModelFiles, options: EngineOptions, machine: Machine) -> Launch:
    """Return how to run a model with llama.cpp in the memory that there is."""
    found = capacity_on(entry, machine)
    # It may fail, but the user asked for it.
    room = found or Capacity(context=CONTEXT // 4, slots=1, cache=0)
    gpu = gpu_for(entry, machine) if options.gpu_layers != 0 else None
    begun = llama_cpp(
        entry,
        context=options.context or room.context,
        slots=room.slots,
        cache=room.cache,
        gpu=gpu or (machine.llama_gpus[0] if machine.llama_gpus and options.gpu_layers != 0 else None),
        gpu_layers=options.gpu_layers,
        options=options.llama,
    )
    return replace(begun, files=files)


def llama_cpp(
    model: Entry | Path,
    *,
    context: int | None = None,
    slots: int = SLOTS,
    cache: int = CACHE,
    options: LlamaOptions | None = None,
    gpu: Gpu | None = None,
    gpu_layers: int | None = None,
) -> Launch:
    """Return how to run a model with llama.cpp.

    Parameters
    ----------
    model : Entry or pathlib.Path
        A model of the catalogue, which is downloaded if it is not here, or a GGUF file.
    context : int, optional
        Tokens of a conversation, at most what the model was trained for.
    slots : int
        Replies that can be written at the same time. Each takes memory for a whole context.
    cache : int
        MiB of memory for the prompts of conversations without a slot.
    options : LlamaOptions, optional
        How to run it.
    gpu : Gpu, optional
        The GPU it will run on, for people to know; the CPU if there is none.
    gpu_layers : int, optional
        Layers on the GPU; by default as many as there is memory for.
    """
    entry = gguf.own_model(model) if isinstance(model, Path) else model
    chosen = options or LlamaOptions()
    info, used = _info(entry, context), chosen.threads or cores()
    on = f"{gpu.name} ({gpu.backend})" if gpu and gpu.backend else gpu.name if gpu else _on_cpu(used)
    return Launch(
        info=info,
        files=OwnFiles(model) if isinstance(model, Path) else CatalogFiles(model),
        module=_LLAMA,
        where=f"llama.cpp on {on}",
        settings={
            "context": info.context_window,
            "slots": slots,
            "cache": cache,
            "options": chosen.model_copy(update={"threads": used}).model_dump(),
            "projector": entry.projector.name if entry.projector else "",
            "adapter": "",
            "thinks": entry.thinks,
            "gpu": gpu is not None,
            "gpu_layers": gpu_layers,
        },
        # On a GPU the process' own memory says nothing.
        weight=entry.size or None if gpu is None else None,
        missing=missing("xllamacpp"),
    )


def transformers(
    model: Snapshot | Path,
    *,
    context: int | None = None,
    options: TransformersOptions | None = None,
    gpus: Sequence[Gpu] = (),
) -> Launch:
    """Return how to run a model with transformers.

    Parameters
    ----------
    model : Snapshot or pathlib.Path
        A model of the catalogue, which is downloaded if it is not here, or the folder or GGUF file of one.
    context : int, optional
        Tokens of a conversation, at most what the model was trained for.
    options : TransformersOptions, optional
        How to load and run it.
    gpus : sequence of Gpu
        The GPUs it will run on, for people to know; the CPU if there are none.
    """
    info = _info(model, context)
    names = sorted({gpu.name for gpu in gpus})
    on = f"{len(gpus)} × {names[0]}" if len(gpus) > 1 and len(names) == 1 else ", ".join(names)
    return Launch(
        info=info,
        files=OwnFiles(model) if isinstance(model, Path) else CatalogFiles(model),
        module="jupyter_codeact.models.engines.transformers.worker",
        where=f"transformers on {on or _on_cpu(cores())}",
        settings={
            "context": info.context_window,
            "options": (options or TransformersOptions()).model_dump(),
        },
        missing=missing("torch", "gpu") or missing("transformers", "gpu"),
    )


def suits_vllm(options: TransformersOptions) -> bool:
    """Tell whether vLLM is installed and can do what the options say."""
    left = TransformersOptions(
        dtype=options.dtype,
        adapter=options.adapter,
        memory_share=options.memory_share,
        max_replies=options.max_replies,
    )
    return not missing("vllm", "vllm") and options == left


def vllm(
    model: Snapshot | Path,
    *,
    context: int | None = None,
    options: TransformersOptions | None = None,
    gpus: Sequence[Gpu] = (),
) -> Launch:
    """Return how to run a model with vLLM; see `transformers` for the parameters.

    It runs on one GPU if the weights fit, else on as many as they need.
    """
    info, chosen = _info(model, context), options or TransformersOptions()
    size = model.size if isinstance(model, Snapshot) else weight_of(model)
    used = sorted(gpus, key=lambda gpu: gpu.free, reverse=True)
    if used:
        room = chosen.memory_share * used[0].free
        count = next((n for n in (1, 2, 4) if n <= len(used) and 1.25 * size < n * room), len(used))
        used = used[:count]
    on = f"{len(used)} × {used[0].name}" if len(used) > 1 else used[0].name if used else _on_cpu(cores())
    # vLLM counts in shares of a GPU's whole memory, and other programs may have some of it.
    share = min((gpu.free / gpu.memory for gpu in used), default=1.0) * chosen.memory_share
    return Launch(
        info=info,
        files=OwnFiles(model) if isinstance(model, Path) else CatalogFiles(model),
        module="jupyter_codeact.models.engines.vllm.worker",
        where=f"vLLM on {on}",
        settings={
            "context": info.context_window,
            "dtype": chosen.dtype,
            "quantization": chosen.quantization,
            "memory_share": share,
            "gpus": len(used),
            "replies": chosen.max_replies,
            "adapter": chosen.adapter or "",
        },
        missing=missing("vllm", "vllm"),
    )


def _info(model: Model | Path, context: int | None) -> ModelInfo:
    if isinstance(model, Model):
        return ModelInfo(
            name=model.name,
            context_window=min(context or CONTEXT, model.context),
            supports_images=model.supports_images,
            thinks=model.thinks,
            guidance=model.guidance,
            settings=model.settings,
        )
    name = model.stem if model.suffix == ".gguf" else model.resolve().name
    thinks = gguf.is_thinking(_chat_template(model))
    recommended = _recommended(model)
    return ModelInfo(
        name=name,
        context_window=context or CONTEXT,
        supports_images=isinstance(_read_json(model / "config.json").get("vision_config"), dict),
        thinks=thinks,
        # On one's own machine a model of unknown size is more often a small one.
        guidance=guidance_for(name, default="small"),
        settings=recommended if thinks else recommended.over(NOT_THINKING),
    )


def _recommended(folder: Path) -> ModelSettings:
    """Return the sampling that a model's folder recommends; impossible values are left out."""
    config = _read_json(folder / "generation_config.json")
    if config.get("do_sample") is False:
        return ModelSettings()
    try:
        return ModelSettings(temperature=config.get("temperature"), top_p=config.get("top_p"))
    except ValueError:
        return ModelSettings()


def _chat_template(folder: Path) -> object:
    try:
        return (folder / "chat_template.jinja").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _read_json(folder / "tokenizer_config.json").get("chat_template")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _on_cpu(used: int) -> str:
    return f"{used} CPU core{'s' if used > 1 else ''}"
