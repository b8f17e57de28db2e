"""``jupyter codeact run``: a scripted model, real kernels, and what is on disk and screen afterwards."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from jupyter_codeact.cli import main
from tests.scripted import Broken, Refusal, ScriptedModel, ScriptedReply

SUM = "I will add them.\n\n```python\ntotal = 2 + 3\nprint('the sum is', total)\n```"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, with a journal beside it."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return work


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def notebook(folder: Path) -> Path:
    path = folder / "prices.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Prices"), new_code_cell("price = 7")]), path)
    return path


def ask(model: ScriptedModel, replies: list[ScriptedReply], *arguments: str, **environment: str) -> Result:
    model.script(replies)
    environment = {"JUPYTER_CODEACT_API_KEY": model.api_key, **environment}
    arguments = ("run", "Add 2 and 3.", *arguments, "--endpoint", model.url)
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


def read(path: Path) -> nbformat.NotebookNode:
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    return node


def sources(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_new_notebook_is_written_beside_nothing(folder: Path, model: ScriptedModel) -> None:
    result = ask(model, [SUM, "It is **5**."])
    assert result.exit_code == 0
    [cell] = read(folder / "codeact.ipynb").cells
    assert cell.source == "total = 2 + 3\nprint('the sum is', total)"
    assert cell.outputs[0].text == "the sum is 5\n"
    assert cell.execution_count == 1
    assert list(tree(folder)) == ["codeact.ipynb"]
    for words in ("I will add them.", "    total = 2 + 3", "the sum is 5", "It is **5**.", "2 turns"):
        assert words in result.stdout
    assert result.stdout.endswith(f"Notebook: {folder / 'codeact.ipynb'}\n")
    assert result.stderr == ""


def test_a_notebook_is_worked_on_in_a_copy(folder: Path, notebook: Path, model: ScriptedModel) -> None:
    before = notebook.read_bytes()
    result = ask(model, [SUM, "Five."], str(notebook))
    assert result.exit_code == 0
    assert notebook.read_bytes() == before
    assert sources(folder / "prices-codeact.ipynb")[:2] == ["# Prices", "price = 7"]
    assert sources(folder / "prices-codeact.ipynb")[2].startswith("total = 2 + 3")
    assert "price = 7" in model.requests[0]["messages"][1]["content"]
    assert ask(model, ["Five."], str(notebook)).exit_code == 0
    assert sources(folder / "prices-codeact-2.ipynb") == ["# Prices", "price = 7"]


def test_the_output_can_be_named_and_can_be_the_notebook_itself(
    folder: Path, notebook: Path, model: ScriptedModel
) -> None:
    assert ask(model, [SUM, "Five."], "--output", "out.ipynb").exit_code == 0
    assert len(sources(folder / "out.ipynb")) == 1
    assert ask(model, [SUM, "Five."], str(notebook), "--output", str(notebook)).exit_code == 0
    assert len(sources(notebook)) == 3


def test_a_failed_cell_is_corrected_in_place(folder: Path, model: ScriptedModel) -> None:
    result = ask(model, ["```python\ntotal = two + 3\n```", SUM, "Five."])
    assert result.exit_code == 0
    assert sources(folder / "codeact.ipynb") == ["total = 2 + 3\nprint('the sum is', total)"]
    assert "NameError: name 'two' is not defined" in model.requests[1]["messages"][-1]["content"]
    assert "Failed after" in result.stdout
    assert "NameError: name 'two' is not defined" in result.stdout


def test_a_run_out_of_turns_leaves_its_cells(folder: Path, model: ScriptedModel) -> None:
    result = ask(model, ["```python\n1\n```", "```python\n2\n```", "```python\n3\n```"], "--max-turns", "2")
    assert result.exit_code == 1
    assert sources(folder / "codeact.ipynb") == ["1", "2"]
    assert "No answer after 2 turns" in result.stderr


def test_a_run_out_of_time_leaves_what_was_printed(folder: Path, model: ScriptedModel) -> None:
    endless = "```python\nprint('begun', flush=True)\nwhile True: pass\n```"
    result = ask(model, [endless], "--timeout", "3")
    assert result.exit_code == 1
    assert read(folder / "codeact.ipynb").cells[0].outputs[0].text == "begun\n"
    assert "No answer within 3 seconds" in result.stderr


def test_when_the_kernel_dies_the_notebook_is_valid_and_the_reason_is_told(
    folder: Path, model: ScriptedModel
) -> None:
    deadly = "```python\nimport os, time\nprint('bye', flush=True)\ntime.sleep(0.2)\nos._exit(1)\n```"
    result = ask(model, [SUM, deadly])
    assert result.exit_code == 1
    first, last = read(folder / "codeact.ipynb").cells
    assert first.outputs[0].text == "the sum is 5\n"
    assert last.outputs[0].text == "bye\n"
    assert "kernel died" in result.stderr


@pytest.mark.parametrize("refusal", [Refusal(400, "No such model."), Refusal(401), Broken("")])
def test_an_endpoint_that_refuses_is_told_and_nothing_is_written(
    folder: Path, notebook: Path, model: ScriptedModel, refusal: ScriptedReply
) -> None:
    before = tree(folder)
    result = ask(model, [refusal] * 9, str(notebook))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert tree(folder) == before
    *waits, sentence = result.stderr.strip().splitlines()
    assert all("broke off before it had replied; asking again in" in wait for wait in waits)
    assert sentence.startswith(model.url)


def test_an_endpoint_that_is_not_there_is_told_and_nothing_is_written(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    result = CliRunner().invoke(main, ["run", "Add.", "--endpoint", url], catch_exceptions=False)
    assert result.exit_code == 1
    assert tree(folder) == {}
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_answer_that_takes_no_cell_still_writes_the_output(folder: Path, model: ScriptedModel) -> None:
    assert ask(model, ["Five."], "--output", "out.ipynb").exit_code == 0
    assert sources(folder / "out.ipynb") == []


@pytest.mark.parametrize("variable", ["JUPYTER_CODEACT_API_KEY", "MY_KEY"])
def test_the_kernel_does_not_see_the_key(
    model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("JUPYTER_CODEACT_API_KEY", raising=False)
    look = f"```python\nimport os\nprint({model.api_key!r} in os.environ.values(), os.environ['OTHER'])\n```"
    named = ["--api-key-env", "MY_KEY"] if variable == "MY_KEY" else []
    model.script([look, "Done."])
    result = CliRunner().invoke(
        main,
        ["run", "Look.", "--endpoint", model.url, *named],
        env={variable: model.api_key, "OTHER": "other"},
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    assert "False other" in model.requests[1]["messages"][-1]["content"]


def test_the_run_is_in_the_journal(folder: Path, model: ScriptedModel) -> None:
    ask(model, [SUM, "Five."])
    with sqlite3.connect(folder.parent / "data" / "codeact" / "journal.sqlite") as journal:
        bodies = [json.loads(body) for (body,) in journal.execute("SELECT body FROM event ORDER BY seq")]
    journal.close()
    assert bodies[0]["notebook"] == str(folder / "codeact.ipynb")
    assert bodies[-1]["type"] == "run_ended"


def test_on_a_terminal_the_run_is_drawn(model: ScriptedModel) -> None:
    result = ask(model, [SUM, "It is **5**."], FORCE_COLOR="1", COLUMNS="80")
    assert result.exit_code == 0
    assert "\x1b[1m5\x1b[0m" in result.stdout
    assert "the sum is 5" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.ipynb"], "There is no notebook at"),
        (["broken.ipynb"], "not valid JSON"),
        (["--output", "none/out.ipynb"], "cannot be written: no such file or directory"),
        (["--output", "."], "is a folder"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_started(
    folder: Path, model: ScriptedModel, arguments: list[str], sentence: str
) -> None:
    (folder / "broken.ipynb").write_text("{")
    before = tree(folder)
    result = ask(model, [SUM, "Five."], *arguments)
    assert result.exit_code == 2
    [line] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert sentence in line
    assert result.stdout == ""
    assert model.requests == []
    assert tree(folder) == before
    assert not (folder.parent / "data" / "codeact").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["  "],
        ["Add.", "a.ipynb", "b.ipynb"],
        ["Add.", "--no-such-option"],
        ["Add.", "--max-turns", "0"],
        ["Add.", "--timeout", "0"],
        ["Add.", "--timeout", "soon"],
        ["Add.", "--without", "no-such-hook"],
        ["Add.", "--guidance", "tiny"],
        ["Add.", "--endpoint", "localhost:8000"],
        ["Add.", "--endpoint", "http://localhost:8000/v1", "--api-key-env", "NOT_SET_ANYWHERE"],
    ],
)
def test_wrong_usage_is_exit_code_2(folder: Path, arguments: list[str]) -> None:
    assert "NOT_SET_ANYWHERE" not in os.environ
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert tree(folder) == {}


def test_the_model_is_told_the_projects_instructions_and_reads_a_skill_with_code(
    folder: Path, model: ScriptedModel
) -> None:
    skill = folder / ".agents" / "skills" / "plots" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: plots\ndescription: How we draw.\n---\nBars are teal.\n")
    (folder / "AGENTS.md").write_text("Amounts are in euros.")
    read_it = "```python\nprint(open('.agents/skills/plots/SKILL.md').read())\n```"
    assert ask(model, [read_it, "Bars are teal."]).exit_code == 0
    told = [request["messages"][-1]["content"] for request in model.requests]
    assert "Amounts are in euros." in told[0]
    assert "- plots: How we draw. ('.agents/skills/plots/SKILL.md')" in told[0]
    assert "Bars are teal." in told[1]
    assert ask(model, ["Fine."], "--no-project").exit_code == 0
    assert "euros" not in str(model.requests[-1]["messages"])
