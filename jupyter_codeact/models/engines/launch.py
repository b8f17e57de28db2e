"""What it takes to run a model: its files, the worker process, and that worker's settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from ...agent.contracts import ModelError, ModelInfo, ModelSettings
from ..catalog import store
from ..catalog.auto import Capacity, capacity
from ..catalog.catalog import Entry, Model, Snapshot
from ..catalog.machine import Gpu, Machine, cores, look, memory
from ..catalog.sources import Progress
from ..guidance import guidance_for
from .transformers.settings import TransformersOptions

CONTEXT = 16_384
"""Default context in tokens: half a gigabyte of memory for the default model."""
REPLY_TOKENS = 1024
"""Tokens of a reply of a model on this machine that does not think first: a loop costs minutes there."""

SLOTS = 2
CACHE = 1024


class ModelFiles(Protocol):
    """A model's file or folder, on this machine or still to be downloaded."""

    def is_here(self) -> bool:
        """Tell whether nothing has to be downloaded."""
        ...

    def fetch(self, progress: Progress, cancel: Event) -> Path:
        """Return the path, downloading the model if it is not here. Blocks.

        Raises
        ------
        ModelError
            If the model cannot be had.
        """
        ...

    @property
    def remedy(self) -> str:
        """What to do if the files are damaged, as half a sentence."""
        ...


@dataclass(frozen=True)
class CatalogFiles:
    """The files of a model of the catalogue."""

    entry: Entry | Snapshot

    def is_here(self) -> bool:
        """Tell whether the whole model is on this machine."""
        return store.is_here(self.entry)

    def fetch(self, progress: Progress, cancel: Event) -> Path:
        """Pull the model, unless it is here."""
        return store.pull(self.entry, progress=progress, cancel=cancel)

    @property
    def remedy(self) -> str:
        """Pull it again."""
        name = self.entry.name
        return f"`jupyter codeact models rm {name}`, then `jupyter codeact models pull {name}`"


@dataclass(frozen=True)
class OwnFiles:
    """A file or folder of the user's own."""

    path: Path

    def is_here(self) -> bool:
        """Tell whether it exists."""
        return self.path.exists()

    def fetch(self, progress: Progress, cancel: Event) -> Path:
        """Return its path."""
        if not self.path.exists():
            raise ModelError(
                f"There is no file {self.path}; give the path of a .gguf file or of a model's folder."
            )
        return self.path

    @property
    def remedy(self) -> str:
        """Choose another one."""
        return "choose another file"


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
    """

    info: ModelInfo
    files: ModelFiles
    module: str
    where: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight: int | None = None

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
    transformers : TransformersOptions
        Options for models that transformers runs.
    """

    context: int | None = None
    transformers: TransformersOptions = field(default_factory=TransformersOptions)


def launch(
    model: Entry | Snapshot | Path,
    *,
    engine_options: EngineOptions | None = None,
    machine: Machine | None = None,
) -> Launch:
    """Return how to run a model: a single file with llama.cpp, a folder with transformers.

    Blocks to look at the machine if that matters and no ``machine`` is given.
    """
    options = engine_options or EngineOptions()
    if isinstance(model, Entry):
        found = capacity(model, machine.memory if machine else memory())
        room = found or Capacity(
            context=CONTEXT // 4, slots=1, cache=0
        )  # may fail, but the user asked for it
        return llama_cpp(model, context=options.context or room.context, slots=room.slots, cache=room.cache)
    if isinstance(model, Path) and model.suffix == ".gguf":
        return llama_cpp(model, context=options.context)
    machine = machine or look()
    gpus = () if machine.missing else machine.gpus
    return transformers(model, context=options.context, options=options.transformers, gpus=gpus)


def llama_cpp(
    model: Entry | Path,
    *,
    context: int | None = None,
    slots: int = SLOTS,
    threads: int | None = None,
    cache: int = CACHE,
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
    threads : int, optional
        Threads that compute; by default the physical cores that this process may use.
    cache : int
        MiB of memory for the prompts of conversations without a slot.
    """
    info, used = _info(model, context), threads or cores()
    return Launch(
        info=info,
        files=_files(model),
        module="jupyter_codeact.models.engines.llama.worker",
        where=f"llama.cpp on {_on_cpu(used)}",
        settings={"context": info.context_window, "slots": slots, "threads": used, "cache": cache},
        weight=_weight(model),
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
        files=_files(model),
        module="jupyter_codeact.models.engines.transformers.worker",
        where=f"transformers on {on or _on_cpu(cores())}",
        settings={
            "context": info.context_window,
            "options": (options or TransformersOptions()).model_dump(),
        },
    )


def _info(model: Model | Path, context: int | None) -> ModelInfo:
    if isinstance(model, Model):
        return ModelInfo(
            name=model.name,
            context_window=min(context or CONTEXT, model.context),
            supports_images=model.supports_images,
            thinks=model.thinks,
            guidance=model.guidance,
            settings=ModelSettings(reply_tokens=None if model.thinks else REPLY_TOKENS),
        )
    name = model.stem if model.suffix == ".gguf" else model.resolve().name
    return ModelInfo(
        name=name,
        context_window=context or CONTEXT,
        supports_images=_has_vision(model),
        # On one's own machine a model of unknown size is more often a small one.
        guidance=guidance_for(name, default="small"),
        settings=ModelSettings(reply_tokens=REPLY_TOKENS),
    )


def _has_vision(path: Path) -> bool:
    """Tell whether a folder's configuration has a part for images; llama.cpp is given no such part."""
    try:
        config = json.loads((path / "config.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and isinstance(config.get("vision_config"), dict)


def _files(model: Entry | Snapshot | Path) -> ModelFiles:
    return OwnFiles(model) if isinstance(model, Path) else CatalogFiles(model)


def _weight(model: Entry | Path) -> int | None:
    if isinstance(model, Entry):
        return model.size
    return model.stat().st_size if model.is_file() else None


def _on_cpu(used: int) -> str:
    return f"{used} CPU core{'s' if used > 1 else ''}"
