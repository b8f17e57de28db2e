"""The manifest of a tuned model: what it was made of, with what, and how; everything to repeat it."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...models.catalog.hashes import hash_of
from ...models.catalog.sources import sha256_of
from ...models.catalog.tuned import MANIFEST
from .checkpoints import BEST, LAST, State
from .errors import writing
from .examples import Example, Taken
from .options import TrainingOptions
from .weights import Base

PLAN = "plan.json"
"""What a training was begun with; one that goes on must be given the same."""
_PACKAGES = ("jupyter-codeact", "torch", "transformers", "peft", "accelerate", "gguf", "safetensors")


def data_facts(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what identifies the files of data."""
    return [{"file": path.name, "sha256": sha256_of(path), "bytes": path.stat().st_size} for path in paths]


def plan_of(
    base: Base, weights: Path, source: str, data: Sequence[Path], options: TrainingOptions
) -> dict[str, Any]:
    """Return what a training begins with, as JSON."""
    return {
        "base": {"name": base.name, "reference": base.reference, "sha256": base.sha256},
        # without a source they are the base's own, whatever release has unpacked them
        "weights": {"source": source, "folder": weights.name, "sha256": hash_of(weights) if source else ""},
        "data": data_facts(data),
        "options": options.model_dump(),
    }


def write_manifest(
    folder: Path,
    plan: dict[str, Any],
    options: TrainingOptions,
    taken: Taken,
    sides: tuple[Sequence[Example], Sequence[Example]],
    state: State,
    computed: dict[str, Any],
) -> None:
    """Write the manifest into a tuned model's folder, as the last of its files.

    Parameters
    ----------
    folder : pathlib.Path
        The tuned model's folder.
    plan : mapping
        See `plan_of`.
    options : TrainingOptions
        With what ``auto`` and ``None`` have come to.
    taken : Taken
        The examples, and what was left out.
    sides : pair of sequences of Example
        What was learned, and what was kept back.
    state : State
        The end of the training.
    computed : mapping
        On what it was computed.
    """
    learned, held_back = sides
    files = {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".gguf", ".safetensors") and path.relative_to(folder).parts[0] not in (LAST, BEST)
    }
    manifest = {
        "schema": 1,
        **plan,
        "method": options.method,
        "options": options.model_dump() | {"rate": options.highest_rate},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "examples": {
            "conversations": taken.conversations,
            "shortened": taken.shortened,
            "left_out": taken.left_out,
            "learned": len(learned),
            "held_out": len(held_back),
            "tokens": sum(len(example.tokens) for example in learned),
            "labelled": sum(example.labelled for example in learned),
        },
        # with --steps in place of --minutes, these are the same steps at the same learning rates
        "steps": {"planned": state.planned, "done": state.step, "kept": state.best_step},
        "metrics": {
            "loss": state.first_loss,
            "best_loss": state.best_loss,
            "seconds": round(state.seconds, 1),
            "tokens": state.tokens,
        },
        "computed": computed,
        "versions": {"python": platform.python_version(), **_versions()},
        "files": files,
    }
    part = folder / f".{MANIFEST}.part"
    with writing(folder):
        part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        part.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest in a tuned model's folder, empty if there is none."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def read_plan(folder: Path) -> dict[str, Any] | None:
    """Return what the training in a folder was begun with, if one was."""
    try:
        found = json.loads((folder / PLAN).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what differs between two plans, by the names of the command line's options."""
    names = {"base": "--model", "weights": "--from", "data": "--data"}
    found = [names[key] for key in names if before.get(key) != now[key]]
    old = before.get("options", {})
    return found + [
        f"--{key.replace('_', '-')}" for key, value in now["options"].items() if old.get(key) != value
    ]


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
