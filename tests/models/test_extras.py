"""An installation without the extra `local`: what is missing is said in a sentence, and endpoints work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.cli import main
from jupyter_codeact.models.catalog import hub, machine, store
from jupyter_codeact.models.catalog.auto import choose
from jupyter_codeact.models.catalog.catalog import CATALOG, DEFAULT_MODEL, find
from jupyter_codeact.models.catalog.model import Entry
from jupyter_codeact.models.endpoints.registry import Endpoints
from jupyter_codeact.models.open import open_local

INSTALL = 'pip install "jupyter-codeact[local]"'


@pytest.fixture(autouse=True)
def lean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for package in ("xllamacpp", "huggingface_hub", "keyring"):
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setenv("JUPYTER_CODEACT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


def codeact(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    return result.exit_code, result.output


def test_the_list_of_models_says_what_they_need() -> None:
    code, shown = codeact("models")
    assert code == 0
    assert shown.count("needs llama.cpp") == 1 + sum(isinstance(entry, Entry) for entry in CATALOG)
    assert (
        f"auto is {DEFAULT_MODEL}, needs llama.cpp: xllamacpp is not installed (`{INSTALL}`). "
        "Install that, or use an endpoint." in shown
    )


def test_a_run_without_an_endpoint_says_what_it_needs_before_anything_is_downloaded(tmp_path: Path) -> None:
    code, shown = codeact("run", "Add.", "--output", str(tmp_path / "out.ipynb"))
    assert code == 1
    assert f"{DEFAULT_MODEL} cannot run here: xllamacpp is not installed (`{INSTALL}`)" in shown
    assert "use an endpoint" in shown
    assert not (tmp_path / "models").exists()


async def test_the_page_is_told_the_same() -> None:
    model = open_local()
    try:
        with pytest.raises(ModelError, match="cannot run here: xllamacpp is not installed"):
            async for _ in model.stream([{"role": "user", "content": "Hello."}]):
                pass
        assert model.status.state == "failed"
        assert INSTALL in model.status.message
    finally:
        await model.close()


def test_nothing_of_the_hub_is_needed_to_look_at_models_and_what_needs_it_says_so() -> None:
    assert not any(store.is_here(entry) for entry in CATALOG)
    assert choose(machine.look(), store.is_here).model.name == DEFAULT_MODEL
    with pytest.raises(ModelError, match="needs the Hugging Face Hub, and huggingface_hub is not installed"):
        hub.search("qwen")
    for entry in (find(DEFAULT_MODEL), next(entry for entry in CATALOG if not isinstance(entry, Entry))):
        with pytest.raises(ModelError, match="for the Hugging Face Hub, huggingface_hub is not installed"):
            store.pull(entry)


def test_keys_are_in_the_private_file_and_nobody_complains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    endpoints = Endpoints(tmp_path, {})
    endpoints.save("mine", "http://localhost:8000/v1", api_key="k-1")
    assert endpoints.key("mine") == "k-1"
    assert (tmp_path / "keys.json").is_file()
    assert caplog.records == []
