"""For all tests: their order, real models, downloaded as a user would do it, and a scripted endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from jupyter_codeact.models.catalog import store
from jupyter_codeact.models.catalog.catalog import find
from tests.scripted import ScriptedModel

# Threads of numerical libraries wait for each other in loops, which takes the cores from the tests beside.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = {
    "tests/ui/": "browser",
    "tests/real/": "the default model",
    "tests/models/test_generation.py": "transformers",
    "tests/models/test_protocol.py": "transformers",
    "tests/models/test_seeing.py": "transformers",
}
"""Files that share what takes long to start, by how their paths begin."""

LONG = ("tests/ui/", "tests/real/", "tests/evaluation/", "tests/models/", "tests/shell/", "tests/cli/")
"""What takes longest, which comes first: at the end nobody waits for one long file."""


class Sharing(LoadScopeScheduling):
    """Hands the tests out to processes file by file, and files that share something as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((name for start, name in SHARED.items() if file.startswith(start)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # by the number of tests in them, which says little
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG))

    items.sort(key=place)


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """Return the file of the smallest model, which loads in a second."""
    return store.pull(find("smollm2-135m"))


@pytest.fixture(scope="session")
def qwen() -> Path:
    """Return the file of the default model."""
    return store.pull(find("qwen2.5-coder-1.5b"))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ScriptedModel]:
    """Return an endpoint; the current folder and Jupyter's data are in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    with ScriptedModel() as model:
        monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        yield model
