"""Models that were tuned on this machine, each tied to the model that it was made of.

A tuned model is a folder of ``tuned`` in the user's data folder. Its name is that of its base, a plus sign,
and what the user has called it. `MANIFEST` is written last, so a folder without it is unfinished.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ...agent.contracts import ModelError
from ..private import data_folder
from .hashes import hash_of, hashes_of

MANIFEST = "manifest.json"
ADAPTER_BASE = "base.json"
"""The file in an adapter's folder that names its base."""
MARK = "+"
GGUF_ADAPTER, PEFT_ADAPTER, GGUF_MODEL, FOLDER_MODEL = "adapter.gguf", "adapter", "model.gguf", "model"
_NAME = re.compile(r"[\w-][\w.-]{0,63}")
_PLACE = re.compile(r"[/\\:]")


class _Part(BaseModel):
    """A part of the manifest that is read here; there is more in it, for people."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class BaseModelFacts(_Part):
    """What a tuned model was made of.

    ``reference`` is what it is opened by; ``sha256`` is that of its file or folder (see `hash_of`).
    """

    name: str
    reference: str
    sha256: str


class Manifest(_Part):
    """What serving a tuned model takes."""

    base: BaseModelFacts
    method: Literal["lora", "full"]
    created: str = ""
    metrics: dict[str, Any] = {}
    files: dict[str, str] = {}


@dataclass(frozen=True)
class Tuned:
    """A tuned model."""

    name: str
    folder: Path
    manifest: Manifest

    @property
    def own_name(self) -> str:
        """What the user has called it."""
        return self.name.partition(MARK)[2]

    @property
    def sha256(self) -> str:
        """A hash of what was trained; another training of the same name has another one."""
        return sha256(json.dumps(self.manifest.files, sort_keys=True).encode()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes that it takes besides its base."""
        names = (GGUF_ADAPTER, GGUF_MODEL)
        found = [self.folder / name for name in names if (self.folder / name).is_file()]
        if not found:
            found = [file for kind in (PEFT_ADAPTER, FOLDER_MODEL) for file in (self.folder / kind).glob("*")]
        return sum(file.stat().st_size for file in found if file.is_file())

    @property
    def words(self) -> str:
        """How it came about, for people."""
        method = "an adapter (LoRA)" if self.manifest.method == "lora" else "all weights"
        day = self.manifest.created.partition("T")[0]
        loss = self.manifest.metrics.get("loss"), self.manifest.metrics.get("best_loss")
        fell = (
            f", loss {loss[0]:.2f} → {loss[1]:.2f}" if all(isinstance(x, int | float) for x in loss) else ""
        )
        return f"{method}, trained {day}{fell}" if day else f"{method}{fell}"

    def check_base(self, path: Path) -> None:
        """Check that a file or folder is what this model was made of.

        Raises
        ------
        ModelError
            If it is another one.
        """
        found = hash_of(path)
        if found != self.manifest.base.sha256:
            raise ModelError(
                f"{self.name} was trained on another model than {path.name}: it belongs to the"
                f" {self.manifest.base.name} with SHA-256 {self.manifest.base.sha256[:12]}…, and this one has"
                f" {found[:12]}…. An adapter is of no use on other weights: get that file again, or"
                " train anew."
            )

    def check_files(self) -> None:
        """Check that its own files are those that were trained: an adapter of another base may well fit.

        Raises
        ------
        ModelError
            If one is not there, or is another one.
        """
        try:
            found = hashes_of([self.folder / name for name in self.manifest.files])
        except OSError as error:
            raise ModelError(
                f"{error.filename} of {self.name} cannot be read: {error.strerror}. Get it back, or train"
                " anew."
            ) from error
        for (name, wanted), value in zip(self.manifest.files.items(), found, strict=True):
            if value != wanted:
                raise ModelError(
                    f"{name} of {self.name} is not the file that was trained: it has changed since. Get it"
                    f" back into {self.folder}, or train anew."
                )

    def remove(self) -> None:
        """Delete it, and what is left of its training.

        Raises
        ------
        ModelError
            If it cannot be deleted.
        """
        try:
            shutil.rmtree(self.folder)
        except OSError as error:
            raise ModelError(f"{error.filename} could not be removed: {error.strerror}.") from error


def root() -> Path:
    """Return the folder of tuned models."""
    return data_folder() / "tuned"


def is_tuned(name: str) -> bool:
    """Tell whether a name is written like that of a tuned model; a path or a model on the Hub is not."""
    base, _, own = name.partition(MARK)
    return bool(base and not _PLACE.search(base) and _is_own(own))


def _is_own(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not name.endswith(".gguf")


def name_of(base: str, own: str) -> str:
    """Return the name of a tuned model.

    Raises
    ------
    ModelError
        If the user's part of it is not possible.
    """
    if not _is_own(own):
        raise ModelError(
            f"{own!r} is no name for a tuned model: use letters, digits, dots, - and _, and no .gguf at its"
            " end."
        )
    return f"{base}{MARK}{own}"


def find_tuned(name: str) -> Tuned:
    """Return the tuned model of a name.

    Raises
    ------
    ModelError
        If there is none; the message names those there are.
    """
    folder = root() / name
    found = _read(folder) if is_tuned(name) and folder.parent == root() else None
    if found is None:
        unfinished = (
            " Its training is not finished; `jupyter codeact train` goes on with it." * folder.is_dir()
        )
        known = ", ".join(tuned.name for tuned in all_tuned())
        raise ModelError(
            f"There is no tuned model {name!r}.{unfinished}" + (f" There are {known}." if known else "")
        )
    return found


def all_tuned(base: str | None = None) -> list[Tuned]:
    """Return the tuned models, or those of one base, by their names."""
    try:
        folders = sorted(path for path in root().iterdir() if is_tuned(path.name))
    except OSError:
        return []
    found = [tuned for folder in folders if (tuned := _read(folder))]
    return [tuned for tuned in found if base in (None, tuned.manifest.base.name)]


def _read(folder: Path) -> Tuned | None:
    try:
        fields = json.loads((folder / MANIFEST).read_bytes())
        return Tuned(folder.name, folder, Manifest.model_validate(fields))
    except (OSError, ValueError, ValidationError):
        return None


def base_of_adapter(adapter: Path) -> BaseModelFacts | None:
    """Return what a PEFT adapter was made of, if it was trained here: its folder then says so."""
    try:
        return BaseModelFacts.model_validate_json((adapter / ADAPTER_BASE).read_bytes())
    except (OSError, ValidationError):
        return None


def stem_of(path: Path) -> str:
    """Return the name of a file or folder as a base."""
    return path.name.removesuffix(".gguf").replace(MARK, "-")
