"""The smallest model as transformers has it: loaded here once, and as a folder for workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.models.transformers_settings import Settings, TransformersOptions

CONTEXT = 4096


def settings(path: Path) -> Settings:
    return Settings(path=str(path), name=path.stem, api_key="key", context=CONTEXT, options={})


@pytest.fixture(scope="session")
def loading(smollm2: Path) -> tuple[Any, list[float]]:
    """Load the model's GGUF file in this process, and say with what progress."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from jupyter_codeact.models.transformers_loading import load

    progress: list[float] = []
    return load(settings(smollm2), TransformersOptions(), progress.append), progress


@pytest.fixture(scope="session")
def loaded(loading: tuple[Any, list[float]]) -> Any:
    """Return the loaded model."""
    return loading[0]


@pytest.fixture(scope="session")
def folder(loaded: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the model, as a repository on the Hub has it."""
    from safetensors.torch import save_file

    path: Path = tmp_path_factory.mktemp("models") / "smollm2"
    path.mkdir()
    config = loaded.model.config.to_diff_dict()
    config.pop("quantization_config", None)
    type(loaded.model.config).from_dict(config).save_pretrained(path)
    weights = {name: tensor.contiguous() for name, tensor in loaded.model.state_dict().items()}
    weights.pop("lm_head.weight", None)  # which is the embedding
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    loaded.tokenizer.save_pretrained(path)
    return path
