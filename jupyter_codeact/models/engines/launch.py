"""What to run: a model, the worker that runs it, and what that is told; its kind is in no more."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from ...agent.contracts import ModelError
from ..catalog import store
from ..catalog.auto import Room, room
from ..catalog.catalog import Entry, Model, Snapshot
from ..catalog.machine import Gpu, Machine, cores, look, memory
from ..catalog.sources import Progress
from .transformers.settings import TransformersOptions

CONTEXT = 16_384
"""Tokens a conversation may have unless the user wants otherwise: half a gigabyte for the default model."""

SLOTS = 2
CACHE = 1024


class Source(Protocol):
    """Where a model's bytes are, or can be had."""

    def is_here(self) -> bool:
        """Whether nothing has to be downloaded."""
        ...

    def bring(self, progress: Progress, cancel: Event) -> Path:
        """Return the model's file or folder, downloading it if it is not here. Blocks.

        Raises
        ------
        ModelError
            If it cannot be had.
        """
        ...

    @property
    def mend(self) -> str:
        """What to do when the bytes turn out to be damaged, as half a sentence."""
        ...


@dataclass(frozen=True)
class Pulled:
    """A model of the catalogue."""

    entry: Entry | Snapshot

    def is_here(self) -> bool:
        """Whether it is on this machine, whole."""
        return store.is_here(self.entry)

    def bring(self, progress: Progress, cancel: Event) -> Path:
        """Pull it, unless it is here."""
        return store.pull(self.entry, progress=progress, cancel=cancel)

    @property
    def mend(self) -> str:
        """Say how to get it anew."""
        name = self.entry.name
        return f"`jupyter codeact models rm {name}`, then `jupyter codeact models pull {name}`"


@dataclass(frozen=True)
class Local:
    """A file or folder of the user's own."""

    path: Path

    def is_here(self) -> bool:
        """Whether it is there."""
        return self.path.exists()

    def bring(self, progress: Progress, cancel: Event) -> Path:
        """Return its path, complaining if it is gone."""
        if not self.path.exists():
            raise ModelError(
                f"There is no file {self.path}; give the path of a .gguf file or of a model's folder."
            )
        return self.path

    @property
    def mend(self) -> str:
        """Say that only another will do."""
        return "choose another file"


@dataclass(frozen=True)
class Launch:
    """A worker to start.

    Attributes
    ----------
    name : str
        The model's name.
    source : Source
        Where its bytes are.
    module : str
        The worker: what ``python -m`` runs, speaking as `child.Child` describes.
    where : str
        What runs the model and on what, in words for people: "llama.cpp on 2 CPU cores".
    context : int
        Tokens a conversation may have.
    settings : mapping
        What the worker is told, besides the ``path``, the ``name`` and the ``api_key``.
    weight : int, optional
        Bytes of memory that a loaded model takes at least, by which a worker that cannot tell how far
        it is can be watched from outside.
    """

    name: str
    source: Source
    module: str
    where: str
    context: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight: int | None = None


@dataclass(frozen=True)
class EngineOptions:
    """How the user wants models on this machine to run.

    Attributes
    ----------
    context : int, optional
        Tokens a conversation may have.
    options : TransformersOptions
        What transformers is told, for the models it runs.
    """

    context: int | None = None
    options: TransformersOptions = field(default_factory=TransformersOptions)


def launch(
    model: Entry | Snapshot | Path,
    *,
    engine_options: EngineOptions | None = None,
    seen: Machine | None = None,
) -> Launch:
    """Return how to run a model: one file with llama.cpp, a folder of files with transformers.

    What was ``seen`` of the machine is looked up, which blocks, if it matters and is not given.
    """
    engine_options = engine_options or EngineOptions()
    if isinstance(model, Entry):
        small = room(model, seen.memory if seen else memory())  # what does not fit is tried all the same
        given = small or Room(context=CONTEXT // 4, slots=1, cache=0)
        return llama_cpp(
            model, context=engine_options.context or given.context, slots=given.slots, cache=given.cache
        )
    if isinstance(model, Path) and model.suffix == ".gguf":
        return llama_cpp(model, context=engine_options.context)
    seen = seen or look()
    gpus = () if seen.missing else seen.gpus
    return transformers(model, context=engine_options.context, options=engine_options.options, gpus=gpus)


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
        Tokens a conversation may have; at most what the model was trained for.
    slots : int
        Replies that can be written at the same time. Each takes memory for a whole context.
    threads : int, optional
        Threads that compute; the physical cores this process may use if ``None``.
    cache : int
        MiB of memory for conversations that have no slot at the moment.
    """
    tokens, used = _room(model, context), threads or cores()
    return Launch(
        name=_name(model),
        source=_source(model),
        module="jupyter_codeact.models.engines.llama.worker",
        where=f"llama.cpp on {_on_cpu(used)}",
        context=tokens,
        settings={"context": tokens, "slots": slots, "threads": used, "cache": cache},
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
        Tokens a conversation may have; at most what the model was trained for.
    options : TransformersOptions, optional
        How to load and run it.
    gpus : sequence of Gpu
        What it will run on, to be told to people; the CPU if there are none.
    """
    tokens = _room(model, context)
    names = sorted({gpu.name for gpu in gpus})
    on = f"{len(gpus)} × {names[0]}" if len(gpus) > 1 and len(names) == 1 else ", ".join(names)
    return Launch(
        name=_name(model),
        source=_source(model),
        module="jupyter_codeact.models.engines.transformers.worker",
        where=f"transformers on {on or _on_cpu(cores())}",
        context=tokens,
        settings={"context": tokens, "options": (options or TransformersOptions()).model_dump()},
    )


def _name(model: Model | Path) -> str:
    if isinstance(model, Model):
        return model.name
    return model.stem if model.suffix == ".gguf" else model.resolve().name


def _source(model: Entry | Snapshot | Path) -> Source:
    return Local(model) if isinstance(model, Path) else Pulled(model)


def _room(model: Model | Path, context: int | None) -> int:
    return min(context or CONTEXT, model.context if isinstance(model, Model) else sys.maxsize)


def _weight(model: Entry | Path) -> int | None:
    if isinstance(model, Entry):
        return model.size
    return model.stat().st_size if model.is_file() else None


def _on_cpu(used: int) -> str:
    return f"{used} CPU core{'s' if used > 1 else ''}"
