"""The default model, on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from jupyter_codeact.models.catalog.catalog import DEFAULT_MODEL
from jupyter_codeact.models.open import LocalModel, open_model


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model() -> AsyncIterator[LocalModel]:
    model = open_model(DEFAULT_MODEL)
    assert isinstance(model, LocalModel)
    yield model
    await model.close()
