"""Fixtures for all tests: real models, downloaded as a user would do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_codeact.models.catalog import store
from jupyter_codeact.models.catalog.catalog import find


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """Return the file of the smallest model, which loads in a second."""
    return store.pull(find("smollm2-135m"))


@pytest.fixture(scope="session")
def qwen() -> Path:
    """Return the file of the default model."""
    return store.pull(find("qwen2.5-coder-1.5b"))
