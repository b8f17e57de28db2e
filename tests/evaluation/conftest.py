"""A scripted model for the suites."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from jupyter_codeact.models.open import EndpointModel
from tests.scripted import ScriptedModel


@pytest.fixture(scope="module")
def served() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture
async def model(served: ScriptedModel) -> AsyncIterator[EndpointModel]:
    model = EndpointModel(served.url, api_key=served.api_key)
    yield model
    await model.close()
