"""The default model, on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from types import SimpleNamespace

import pytest
import pytest_asyncio
from nbformat.v4 import nbbase

from jupyter_codeact.agent import run
from jupyter_codeact.models.catalog.catalog import DEFAULT_MODEL
from jupyter_codeact.models.open import LocalModel, open_model


@pytest.fixture(autouse=True)
def same_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ids in a prompt be the same each time: at temperature 0 other ids are another reply."""
    ids = count(0x1A2B3C4D, 0x01010101)
    monkeypatch.setattr(nbbase, "random_cell_id", lambda: f"{next(ids):08x}"[-8:])
    monkeypatch.setattr(run, "secrets", SimpleNamespace(token_hex=lambda _size: "5e9b20"))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def model() -> AsyncIterator[LocalModel]:
    model = open_model(DEFAULT_MODEL)
    assert isinstance(model, LocalModel)
    yield model
    await model.close()
