"""Checkpoints: all that a training needs to go on after it was killed, whole or not there.

A checkpoint is written beside its place and renamed into it, so that a process that is killed at any moment
leaves the one before.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from .errors import TrainingError, writing

LAST, BEST = "last", "best"
EVALUATIONS = 10
"""How often the loss on held-out tasks is measured if there is time, besides before the first step."""
_WEIGHTS, _STATE = "trained.safetensors", "state.pt"


@dataclass
class State:
    """How far a training is.

    ``planned`` are the steps there will be; ``seconds`` and ``tokens`` are those of all parts of a training
    that was interrupted. ``evaluations`` is how often the loss on held-out tasks is measured, and
    ``evaluating`` how many seconds that took the last time; ``measured`` is of how many rows.
    """

    step: int = 0
    planned: int = 0
    seconds: float = 0.0
    tokens: int = 0
    evaluations: int = EVALUATIONS
    evaluating: float = 0.0
    measured: int = 0
    best_step: int = 0
    best_loss: float | None = None
    first_loss: float | None = None


def trained(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the parameters that are trained, by name; one that several modules share, once."""
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def save(folder: Path, model: torch.nn.Module, optimizer: Any, state: State) -> None:
    """Save a checkpoint as ``folder``; without an ``optimizer``, only the weights and the state.

    Raises
    ------
    TrainingError
        If it cannot be written; the earlier checkpoint is then as it was.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with writing(folder.parent):
            part.mkdir(parents=True)
            save_file(
                {name: value.detach().contiguous() for name, value in trained(model).items()}, part / _WEIGHTS
            )
            kept: dict[str, Any] = {"state": asdict(state)}
            if optimizer is not None:
                kept["optimizer"] = optimizer.state_dict()
            torch.save(kept, part / _STATE)
            for file in part.iterdir():
                _flush(file)
            _replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load(folder: Path, model: torch.nn.Module, optimizer: Any = None) -> State:
    """Load a checkpoint into a model and its optimizer, and return the state.

    Raises
    ------
    TrainingError
        If it is damaged, or of another model.
    """
    try:
        kept = torch.load(folder / _STATE, map_location="cpu", weights_only=True)
        own = trained(model)
        with safe_open(folder / _WEIGHTS, "pt") as file, torch.no_grad():
            if set(file.keys()) != set(own):
                raise ValueError("it is of another model")
            for name, value in own.items():
                value.copy_(file.get_tensor(name))
        if optimizer is not None:
            optimizer.load_state_dict(kept["optimizer"])
        return State(**kept["state"])
    except Exception as error:  # whatever torch and pickle raise on a damaged file
        raise TrainingError(
            f"The checkpoint in {folder} cannot be read ({' '.join(str(error).split())[:200]})."
            " --restart begins anew."
        ) from error


def find(folder: Path, name: str = LAST) -> Path | None:
    """Return the last or the best checkpoint of a training, if there is one."""
    for path in (folder / name, folder / f".{name}.old"):  # killed between two renames
        if (path / _STATE).is_file():
            return path
    return None


def _replace(part: Path, folder: Path) -> None:
    """Put a new folder in the place of an old one; a folder that is not empty cannot be renamed over."""
    old = folder.with_name(f".{folder.name}.old")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.replace(old)
    part.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def _flush(file: Path) -> None:
    # Windows flushes only files that are open for writing.
    with file.open("r+b") as opened:
        os.fsync(opened.fileno())
