"""A tuned model in the forms that other programs take."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ...models.catalog.hashes import hash_of
from ...models.catalog.tuned import FOLDER_MODEL, PEFT_ADAPTER, Tuned
from .errors import TrainingError, in_memory, writing
from .export import BASE_KEY, BaseFile, export_adapter, export_model
from .manifest import read_manifest
from .weights import base_of, full_precision, unpack

_MORE_MEMORY = "Close other programs, or export on a bigger machine."


def weights_of(tuned: Tuned) -> Path:
    """Return the folder of the weights that a model was trained from.

    Raises
    ------
    TrainingError
        If they are others than they were, or not there any more.
    ModelError
        If its base is another model than it was.
    """
    base = base_of(tuned)
    trained = read_manifest(tuned.folder).get("weights", {})
    source, wanted = str(trained.get("source") or ""), trained.get("sha256")
    if not source:
        return unpack(base)
    weights = full_precision(source)
    if wanted and hash_of(weights) != wanted:
        raise TrainingError(
            f"{tuned.name} was trained on other weights than are in {weights} now (SHA-256 {wanted[:12]}…):"
            " get those again, or train anew."
        )
    return weights


def to_gguf_adapter(tuned: Tuned, target: Path, base_file: Path | None = None) -> None:
    """Write the adapter for llama.cpp, which belongs beside the base's own GGUF file.

    Raises
    ------
    TrainingError
        If there is no adapter or no GGUF file of the base, or it cannot be written.
    """
    if tuned.manifest.method != "lora":
        raise TrainingError(
            f"All weights of {tuned.name} were trained, so there is no adapter; use --to gguf."
        )
    file = _file(tuned, base_file)
    facts = {"general.name": tuned.name, BASE_KEY: tuned.manifest.base.sha256}
    with in_memory(_MORE_MEMORY):
        export_adapter(tuned.folder / PEFT_ADAPTER, file, target, facts)


def to_gguf(tuned: Tuned, target: Path, kind: str, base_file: Path | None = None) -> float:
    """Write one GGUF file, and return which share of its new bytes equals the base's.

    Raises
    ------
    TrainingError
        If there is no GGUF file of the base, the type cannot be made, or it cannot be written.
    """
    file = _file(tuned, base_file)
    folder = PEFT_ADAPTER if tuned.manifest.method == "lora" else FOLDER_MODEL
    source = {"adapter" if folder == PEFT_ADAPTER else "weights": tuned.folder / folder}
    with in_memory(_MORE_MEMORY):
        return export_model(file, target, kind, name=tuned.name, **source)


def to_folder(tuned: Tuned, target: Path) -> None:
    """Write a folder as on the Hugging Face Hub, the adapter merged into the weights.

    Raises
    ------
    TrainingError
        If memory runs out or it cannot be written; nothing is then left of it.
    """
    tuned.check_files()
    try:
        with writing(target.parent), in_memory(_MORE_MEMORY):
            if tuned.manifest.method == "full":
                shutil.copytree(tuned.folder / FOLDER_MODEL, target)
                return
            _merge(weights_of(tuned), tuned.folder / PEFT_ADAPTER, target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _merge(weights: Path, adapter: Path, target: Path) -> None:
    import peft
    import transformers

    from .model import load_tokenizer, quiet_peft

    source: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    model = transformers.AutoModelForCausalLM.from_pretrained(str(weights), dtype="auto", **source)
    with quiet_peft():
        merged = peft.PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    merged.save_pretrained(target)
    load_tokenizer(weights).save_pretrained(target)


def _file(tuned: Tuned, base_file: Path | None) -> BaseFile:
    base = base_of(tuned)
    if base_file is None and not base.is_gguf:
        raise TrainingError(
            f"{tuned.name} was trained from a folder. Give the same model as a GGUF file with --base."
        )
    tuned.check_files()
    file = BaseFile(base_file or base.path, weights_of(tuned))
    if base_file:
        file.check()
    return file
