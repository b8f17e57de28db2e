"""``jupyter codeact doctor``: what it says of an installation that works, and of one that does not."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.cli import main
from jupyter_codeact.cli.doctor import _llama
from jupyter_codeact.models.catalog.machine import Gpu, Machine
from tests.scripted import ScriptedModel


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATA", "CONFIG"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("JUPYTER_CODEACT_MODELS", str(tmp_path / "models"))
    return tmp_path


def examine(*arguments: str, exit_code: int, **environment: str) -> dict[str, dict[str, str]]:
    arguments = ("doctor", "--json", *arguments)
    result = CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return {one["name"]: one for one in json.loads(result.stdout)}


def test_a_working_installation_has_no_problem_and_what_is_missing_is_told(place: Path) -> None:
    config = place / "config"
    config.mkdir()
    with ScriptedModel() as model:
        settings = (
            f"c.CodeActExtension.endpoint = {model.url!r}\nc.CodeActExtension.api_key = {model.api_key!r}"
        )
        (config / "jupyter_server_config.py").write_text(settings)
        found = examine(exit_code=0)
        assert found[f"endpoint {model.url}"]["message"] == "it has scripted"
        assert model.api_key not in json.dumps(found)
    (config / "jupyter_server_config.py").unlink()
    found = examine("--model", "smollm2-135m", exit_code=0)
    assert found["model"]["state"] == "warning"
    assert found["model"]["advice"] == "jupyter codeact models pull smollm2-135m"
    assert found["llama.cpp"]["message"].startswith("xllamacpp ")
    for name in ("versions", "server extension", "lab extension", "kernel", "journal"):
        assert found[name]["state"] == "ok", found[name]


def test_each_problem_is_told_with_what_to_do(place: Path) -> None:
    config = place / "config"
    config.mkdir()
    disabled = {"ServerApp": {"jpserver_extensions": {"jupyter_codeact": False}}}
    (config / "jupyter_server_config.json").write_text(json.dumps(disabled))
    (place / "data").write_text("no folder")
    kernel = place / "more" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    spec = {"argv": argv, "display_name": "Broken", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))

    address = "http://name:secret@127.0.0.1:9"
    # a virtual environment's configuration would else weigh more than the user's
    environment = {"JUPYTER_PATH": str(place / "more"), "JUPYTER_PREFER_ENV_PATH": "0"}
    found = examine("--endpoint", address, exit_code=1, **environment)

    assert found["server extension"]["advice"] == "jupyter server extension enable jupyter_codeact"
    assert "no such luck" in found["kernel"]["message"]
    assert found["kernel"]["advice"] == "python -m ipykernel install --sys-prefix"
    assert "cannot be opened" in found["journal"]["message"]
    assert "does not answer" in found["endpoint http://127.0.0.1:9/v1"]["message"]
    assert "secret" not in json.dumps(found)
    assert {one["state"] for one in found.values() if one["name"].startswith(("endp", "jour"))} == {"problem"}


def test_people_read_lines_with_what_to_do_below() -> None:
    result = CliRunner().invoke(main, ("doctor", "--model", "no-such-model"), catch_exceptions=False)
    assert result.exit_code == 1
    assert "problem  model: There is no model called 'no-such-model'" in result.output
    assert "         → jupyter codeact models\n" in result.output
    assert re.search(r"\n\nProblems: 1, warnings: \d\.\n$", result.output)


def test_what_only_an_extra_brings_is_told_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("xllamacpp", "huggingface_hub", "keyring"):
        monkeypatch.setitem(sys.modules, package, None)
    found = examine(exit_code=1)
    assert found["llama.cpp"]["state"] == "warning"
    install = 'pip install "jupyter-codeact[local]"'
    assert found["llama.cpp"]["advice"] == f"{install}, for models of this machine"
    assert found["model"]["message"] == "qwen2.5-coder-1.5b needs llama.cpp"
    assert found["model"]["advice"] == f"{install}, or use an endpoint"
    with ScriptedModel() as model:
        found = examine("--endpoint", model.url, exit_code=0, JUPYTER_CODEACT_API_KEY=model.api_key)
    assert "model" not in found


def test_colors_are_left_out_where_the_user_wants_none(tmp_path: Path) -> None:
    def shown(**environment: str) -> str:
        result = CliRunner().invoke(main, ["doctor", "--model", "none"], env=environment, color=True)
        return result.output

    assert "\x1b[" in shown()
    assert "\x1b[" not in shown(NO_COLOR="1")


def test_a_check_that_crashes_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("jupyter_codeact.cli.doctor._model", crash)
    assert "no such luck" in examine(exit_code=1)["model"]["message"]


def test_a_llama_cpp_without_a_gpu_is_told_where_there_is_one() -> None:
    gpu = Gpu(name="NVIDIA H100", memory=80 * 10**9, free=70 * 10**9, backend="CUDA")
    machine = Machine(memory=1, free=1, cores=1)
    assert _llama(machine).state == "ok"
    assert "for CPUs" in _llama(machine).message
    unused = _llama(machine.model_copy(update={"gpus": (gpu,)}))
    assert unused.state == "warning"
    assert "do not use the GPU" in unused.message
    used = _llama(machine.model_copy(update={"gpus": (gpu,), "llama_gpus": (gpu,)}))
    assert used.message.endswith("can use NVIDIA H100 with CUDA (70 of 80 GB free)")
