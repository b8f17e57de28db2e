"""Where a model's files come from: the catalogue, the Hub, or the user."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from ...agent.contracts import ModelError
from ..catalog import hub, store
from ..catalog.model import Entry, Snapshot
from ..catalog.sources import Progress
from ..catalog.tuned import Tuned


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
        return _pull_again(self.entry.name)


@dataclass(frozen=True)
class HubFiles:
    """The files of any model on the Hub; the Hub is asked only if they are not here."""

    reference: hub.Reference

    def is_here(self) -> bool:
        """Tell whether the whole model is on this machine."""
        return hub.local(self.reference) is not None

    def fetch(self, progress: Progress, cancel: Event) -> Path:
        """Pull the model, unless it is here."""
        return hub.fetch(self.reference, progress, cancel)

    @property
    def remedy(self) -> str:
        """Pull it again."""
        return _pull_again(self.reference.name)


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
class TunedFiles:
    """The files of a base, for a tuned model whose ``adapter`` is put on it."""

    base: ModelFiles
    tuned: Tuned
    adapter: Path

    def is_here(self) -> bool:
        """Tell whether nothing has to be downloaded."""
        return self.base.is_here()

    def fetch(self, progress: Progress, cancel: Event) -> Path:
        """Return the path of the base, once it is certain that the adapter was trained on it.

        Raises
        ------
        ModelError
            If the base cannot be had or is another one, or the adapter is not there or has changed.
        """
        if not self.adapter.exists():
            raise ModelError(
                f"The adapter of {self.tuned.name} is not in {self.tuned.folder} any more"
                f" ({self.adapter.name}); train it anew."
            )
        self.tuned.check_files()
        path = self.base.fetch(progress, cancel)
        self.tuned.check_base(path)
        return path

    @property
    def remedy(self) -> str:
        """What to do if the base's files are damaged."""
        return self.base.remedy


def _pull_again(name: str) -> str:
    return f"`jupyter codeact models rm {name}`, then `jupyter codeact models pull {name}`"
