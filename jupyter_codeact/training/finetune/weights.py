"""The model that is trained: where its weights are, and what ties a result to it.

A model for llama.cpp is one quantised file. To be trained, it is unpacked into a folder as on the Hugging
Face Hub, once; the folder is kept beside the models.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...models.catalog import hub, store
from ...models.catalog.catalog import find
from ...models.catalog.hashes import hash_of
from ...models.catalog.model import Entry, Snapshot
from ...models.catalog.sources import Progress
from ...models.catalog.tuned import Tuned, is_tuned, stem_of
from ...models.extras import missing
from ...models.open import is_path
from .errors import TrainingError, in_memory, writing

_SMALL = 1_000_000_000
"""Weights of fewer bytes as a GGUF file are unpacked to float32, without rounding; others to bfloat16."""
_UNPACKED = "unpacked.json"


@dataclass(frozen=True)
class Base:
    """A model to train.

    Attributes
    ----------
    name : str
        Its name, which the result's name begins with.
    reference : str
        What `open_model` opens it by.
    path : pathlib.Path
        Its GGUF file or folder, as it is served.
    sha256 : str
        The hash of that; see `hash_of`.
    """

    name: str
    reference: str
    path: Path
    sha256: str

    @property
    def is_gguf(self) -> bool:
        """Whether llama.cpp serves it."""
        return self.path.is_file()


def find_base(name: str) -> Base:
    """Find a model on this machine: one of the catalogue or the Hub by its name, or a file or folder.

    Raises
    ------
    ModelError
        If there is no such model.
    TrainingError
        If it is not on this machine, or cannot be trained.
    """
    if hub.is_reference(name):
        asked = hub.parse(name)
        path = hub.local(asked)
        if path is None:
            raise _absent(name)
        # with its file, for a name without one is another file's as soon as there are several
        return Base(stem_of(path), hub.Reference(asked.hub, path.name).name, path, hash_of(path))
    if is_path(name):
        path = Path(name).expanduser().resolve()
        if not path.exists():
            raise TrainingError(
                f"There is no file {path}; give the path of a .gguf file or a model's folder."
            )
        return Base(stem_of(path), str(path), path, hash_of(path))
    if is_tuned(name):
        raise TrainingError(
            f"{name} is tuned itself. Train its base on all of the data instead, the earlier and the new."
        )
    model: Entry | Snapshot = find(name)
    if not store.is_here(model):
        raise _absent(name)
    path = store.path_of(model)
    return Base(name, name, path, hash_of(path))


def _absent(name: str) -> TrainingError:
    return TrainingError(f"{name} is not on this machine; `jupyter codeact models pull {name}` downloads it.")


def base_of(tuned: Tuned) -> Base:
    """Return the model that a tuned one was made of.

    Raises
    ------
    TrainingError
        If it is not on this machine.
    ModelError
        If another model is in its place.
    """
    base = find_base(tuned.manifest.base.reference)
    tuned.check_base(base.path)
    return base


def full_precision(source: str, progress: Progress = lambda *_: None) -> Path:
    """Return the folder of full-precision weights: a folder of the user's, or a repository of the Hub.

    This alone of a training asks another machine for anything, and only if the user has named a repository.

    Raises
    ------
    TrainingError
        If there is no such folder, or the name is none of a repository.
    ModelError
        If the repository cannot be had.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise TrainingError(f"{folder} is no model's folder: it has no config.json.")
        return folder.resolve()
    try:
        repository = hub.parse(source if hub.is_reference(source) else f"hf:{source}").hub
    except Exception as error:
        raise TrainingError(
            f"{source!r} is neither a folder nor a repository of the Hugging Face Hub, like owner/name."
        ) from error
    name = repository.replace("/", "--")
    wanted = Snapshot(name=name, hub=repository, size=0, licence="", context=0, token_bytes=0)
    return store.pull(wanted, progress=progress)


def unpack(base: Base) -> Path:
    """Return the folder of a model's weights for training, unpacking a GGUF file if that has not been done.

    Raises
    ------
    TrainingError
        If transformers cannot read the file, the disk is full, or memory runs out.
    """
    if not base.is_gguf:
        return base.path
    folder = store.folder() / "unpacked" / f"{base.name}-{base.sha256[:16]}"
    if (folder / _UNPACKED).is_file():
        return folder
    if why := missing("gguf", "train"):
        raise TrainingError(f"To train a GGUF model: {why}.")
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        with writing(folder.parent), in_memory("A bigger machine can unpack it, or --from full weights."):
            _unpack(base, part)
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _unpack(base: Base, target: Path) -> None:
    import torch
    import transformers

    dtype = torch.float32 if base.path.stat().st_size < _SMALL else torch.bfloat16
    source: dict[str, Any] = {
        "pretrained_model_name_or_path": str(base.path.parent),
        "gguf_file": base.path.name,
        "local_files_only": True,
        "trust_remote_code": False,
    }
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
        model = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=dtype)
    except (ValueError, KeyError, NotImplementedError) as error:
        raise TrainingError(
            f"transformers cannot read {base.path.name} ({' '.join(str(error).split())[:200]}). Give its"
            " full-precision weights with --from: a folder, or their repository on the Hugging Face Hub."
        ) from error
    # The weights are plain tensors by now, whatever the loader says.
    for owner in (model.config, model):
        for name, value in (("quantization_config", None), ("hf_quantizer", None), ("is_quantized", False)):
            if hasattr(owner, name):
                delattr(owner, name) if owner is model.config else setattr(owner, name, value)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    (target / _UNPACKED).write_text(json.dumps({"sha256": base.sha256, "file": base.path.name}))
