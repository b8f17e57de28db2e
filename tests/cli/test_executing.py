"""A run in a notebook begins where its user is: the notebook's own cells have run."""

from __future__ import annotations

import json
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result
from nbformat.v4 import new_code_cell, new_notebook

import jupyter_codeact
from jupyter_codeact.agent.events import Action, ApprovalResolved, CellWritten, RunStarted
from jupyter_codeact.cli import main
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.journal.refused import refused_cells
from tests.mcp.demo_kernel import demo
from tests.scripted import ScriptedModel, ScriptedReply

LOOK = "```python\nprint(sorted({'a', 'b'} & set(globals())))\n```"


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


def notebook(*sources: str, **tags: str) -> Path:
    """Write a notebook with these cells; ``tags`` are those of cells, as ``_2="skip-execution"``."""
    cells = [new_code_cell(source) for source in sources]
    for place, tag in tags.items():
        cells[int(place.strip("_")) - 1].metadata["tags"] = [tag]
    nbformat.write(new_notebook(cells=cells), "own.ipynb")
    return Path("own.ipynb")


def call(model: ScriptedModel, replies: list[ScriptedReply], *arguments: str) -> Result:
    model.script(replies)
    environment = {"JUPYTER_CODEACT_API_KEY": model.api_key}
    return CliRunner().invoke(
        main, [*arguments, "--endpoint", model.url], env=environment, catch_exceptions=False
    )


def shown(path: str) -> list[str]:
    """Return what each cell shows: its text, or the name of its error."""
    cells = nbformat.read(path, as_version=4).cells
    return ["".join(one.get("text", one.get("ename", "")) for one in cell.outputs) for cell in cells]


def test_the_notebooks_own_cells_run_first_and_failures_are_told_to_user_and_model(
    model: ScriptedModel,
) -> None:
    notebook("a = 2", "1 / 0", "input()", "b = a + 1", "print(b)", "raise KeyError", _6="raises-exception")
    result = call(model, [LOOK, "Done."], "run", "Look.", "own.ipynb")
    assert result.exit_code == 0
    assert shown("own-codeact.ipynb")[-1] == "['a', 'b']\n"
    assert shown("own-codeact.ipynb")[1:5] == ["ZeroDivisionError", "StdinNotImplementedError", "", "3\n"]
    assert "Cell 2 (“1 / 0”) failed: ZeroDivisionError: division by zero." in result.stderr
    assert "Cell 3 (“input()”) failed: it asks for input" in result.stderr
    assert "Cell 6" not in result.stderr
    assert "Ran 6 of the notebook's own cells" in result.stderr
    first, second = (cell.id for cell in nbformat.read("own.ipynb", as_version=4).cells[1:3])
    opening = model.requests[0]["messages"][1]["content"]
    assert f"cell={first[:4]}, cell={second[:4]} failed" in opening
    assert "a: int = 2" in opening


def test_own_cells_can_call_the_users_functions_and_those_of_mcp_servers(
    folder: Path, model: ScriptedModel
) -> None:
    servers = {"mcpServers": {"demo": demo()}}
    (folder / "mine.json").write_text(json.dumps(servers))
    notebook("import os, demo\nprint(shorten('one two three four', 12), demo.add(41))", "os._exit(1)")
    again = "```python\nimport demo\nprint(shorten('five six seven', 10), demo.add(1))\n```"
    tools = ("--tools", "textwrap:shorten", "--mcp-config", "mine.json", "--json")
    result = call(model, [again, "Done."], "run", "Look.", "own.ipynb", *tools)
    assert result.exit_code == 0
    assert shown("own-codeact.ipynb")[0] == "one [...] 42\n"
    assert shown("own-codeact.ipynb")[-1] == "five [...] 2\n"
    types = [json.loads(line)["type"] for line in result.stdout.splitlines()]
    assert types[:3] == ["run_started", "model_described", "servers_connected"]  # the heading has the model


def test_cells_that_are_not_to_run_do_not(model: ScriptedModel) -> None:
    notebook("a = 2", "b = 3", "%%codeact\nAdd them.", _2="skip-execution")
    result = call(model, [LOOK, "Done."], "run", "Look.", "own.ipynb", "--output", "out.ipynb")
    assert shown("out.ipynb")[-1] == "['a']\n"
    assert "Cell 2 (“b = 3”) did not run: it has the tag skip-execution." in result.stderr
    assert "Cell 3 (“%%codeact”) did not run: it asks CodeAct itself." in result.stderr

    call(model, [LOOK, "Done."], "run", "Look.", "own.ipynb", "--output", "none.ipynb", "--no-execute")
    assert shown("none.ipynb")[-1] == "[]\n"
    assert "repeat what you need of these cells" in model.requests[0]["messages"][1]["content"]


def test_a_cell_that_was_refused_does_not_run_when_its_conversation_goes_on(
    folder: Path, model: ScriptedModel
) -> None:
    deadly = "```python\nimport shutil\nshutil.rmtree('kept')\n```"
    (folder / "kept").mkdir()
    ask = ("run", "Tidy up.", "--output", "out.ipynb", "--approval", "risky", "--max-turns", "1")
    call(model, [deadly], *ask)
    assert "rmtree" in nbformat.read("out.ipynb", as_version=4).cells[0].source
    resumed = call(model, ["Done."], "run", "Go on.", "--resume", "out.ipynb", "--approval", "risky")
    assert "it was not allowed to when CodeAct wrote it" in resumed.stderr
    named = call(model, ["Done."], "run", "Go on.", "out.ipynb", "--output", "other.ipynb")
    assert "it was not allowed to when CodeAct wrote it" in named.stderr
    again = ["replay", "latest", "--yes", "--notebook", "out.ipynb", "--output", "again.ipynb", "--execute"]
    assert "it was not allowed to when CodeAct wrote it" in CliRunner().invoke(main, again).stderr
    assert (folder / "kept").exists()


def test_only_what_was_decided_last_lets_a_cell_run(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    turn = {"run": "r", "turn": 1}

    def write(conversation: str, source: str, allowed: bool | None) -> None:
        place = {"conversation": conversation, **turn}
        journal.append(Action(**place, source=source))
        journal.append(CellWritten(**place, cell_id="x"))
        if allowed is not None:
            journal.append(ApprovalResolved(**place, cell_id="x", sha256="", allowed=allowed))

    first, second = (journal.begin("/work/a.ipynb") for _ in range(2))
    for conversation in (first, second):
        started = {"conversation": conversation, "run": "r"}
        journal.append(RunStarted(**started, task="t", notebook="/work/a.ipynb", model="m", system="s"))
    write(first, "good()", True)
    assert refused_cells(journal, ["/work/a.ipynb"]) == set()
    write(second, "deadly()", None)  # the run was stopped while it waited
    assert refused_cells(journal, ["/work/a.ipynb"]) == {("x", "deadly()")}
    write(second, "deadly()", False)
    assert refused_cells(journal, ["/work/a.ipynb"]) == {("x", "deadly()")}
    write(second, "good()", True)
    assert refused_cells(journal, ["/work/a.ipynb"]) == set()
    journal.close()


def test_when_a_cell_ends_the_kernel_the_cells_below_do_not_run(model: ScriptedModel) -> None:
    notebook("a = 2", "import os\nos._exit(1)", "b = 3")
    result = call(model, [LOOK, "Done."], "run", "Look.", "own.ipynb", "--output", "out.ipynb")
    assert shown("out.ipynb")[-1] == "[]\n"
    assert "Cell 2 (“import os”) ended the kernel, so the cells below it did not run." in result.stderr


def test_the_time_of_a_run_includes_the_notebooks_own_cells(folder: Path, model: ScriptedModel) -> None:
    notebook("while True: pass")
    result = call(model, ["Done."], "run", "Look.", "own.ipynb", "--timeout", "3")
    assert result.exit_code == 1
    assert "No answer within 3 seconds" in result.stderr
    assert model.requests == []
    assert [path.name for path in folder.iterdir()] == ["own.ipynb"]


def test_an_endpoint_that_is_not_there_is_told_while_the_cells_run() -> None:
    notebook("while True: pass")
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    result = CliRunner().invoke(main, ["run", "Look.", "own.ipynb", "--endpoint", url])
    assert result.exit_code == 1
    assert url in result.stderr.splitlines()[-1]


def test_python_runs_them_too_and_warns_of_failures(
    model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook("a = 2", "1 / 0")
    given = {"endpoint": model.url, "api_key": model.api_key}
    model.script([LOOK, "Done."])
    with pytest.warns(UserWarning, match=r"Cell 2 .* failed: ZeroDivisionError"):
        done = jupyter_codeact.run("Look.", "own.ipynb", output="out.ipynb", **given)
    assert done.cells[-1]["outputs"][0]["text"] == "['a']\n"
    model.script([LOOK, "Done."])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = jupyter_codeact.run("Look.", "own.ipynb", output="none.ipynb", execute=False, **given)
    assert done.cells[-1]["outputs"][0]["text"] == "[]\n"


def test_a_replay_runs_them_as_the_record_says(model: ScriptedModel) -> None:
    notebook("a = 2", "b = 3")
    recorded = call(model, [LOOK, "Done."], "run", "Look.", "own.ipynb", "--output", "out.ipynb")
    assert recorded.exit_code == 0, recorded.output
    replay = ["replay", "latest", "--yes", "--json"]
    without = CliRunner().invoke(main, [*replay, "--output", "empty.ipynb"])
    assert without.exit_code == 1
    assert "--notebook names that notebook" in without.stderr
    again = CliRunner().invoke(main, [*replay, "--notebook", "own.ipynb", "--output", "again.ipynb"])
    assert again.exit_code == 0, again.output
    assert [json.loads(line)["kind"] for line in again.stdout.splitlines()] == ["run", "cell"]
    left = CliRunner().invoke(
        main, [*replay, "--notebook", "own.ipynb", "--output", "left.ipynb", "--no-execute"]
    )
    assert left.exit_code == 1
