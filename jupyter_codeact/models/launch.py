"""What to run: a model, the worker that runs it, and what that is told; its kind is in no more."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from ..agent.contracts import ModelError
from . import store
from .catalog import Entry
from .llama_worker import cores
from .sources import Progress

CONTEXT = 16_384
"""Tokens a conversation may have unless the user wants otherwise: half a gigabyte for the default model."""

SLOTS = 2


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

    entry: Entry

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
        The worker: what ``python -m`` runs, speaking as `lifeline` describes.
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


def llama_cpp(
    model: Entry | Path, *, context: int | None = None, slots: int = SLOTS, threads: int | None = None
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
    """
    source: Source
    weight: int | None
    if isinstance(model, Entry):
        name, trained, weight, source = model.name, model.context, model.size, Pulled(model)
    else:
        size = model.stat().st_size if model.is_file() else None
        name, trained, weight, source = model.stem, sys.maxsize, size, Local(model)
    room, used = min(context or CONTEXT, trained), threads or cores()
    return Launch(
        name=name,
        source=source,
        module="jupyter_codeact.models.llama_worker",
        where=f"llama.cpp on {used} CPU core{'s' if used > 1 else ''}",
        context=room,
        settings={"context": room, "slots": slots, "threads": used},
        weight=weight,
    )
