"""What a run begins with: the task from a file, images, variables, an earlier conversation."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from jupyter_codeact.cli import main
from tests.scripted import ScriptedModel, ScriptedReply

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
block = "```python\nprint(1)\n```"
PRODUCT = "```python\nprint(price * count)\n```"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


def run(
    model: ScriptedModel, replies: list[ScriptedReply], *arguments: str, stdin: str | bytes = ""
) -> Result:
    model.script(replies)
    environment = {"JUPYTER_CODEACT_API_KEY": model.api_key}
    arguments = ("run", *arguments, "--endpoint", model.url)
    return CliRunner().invoke(main, arguments, input=stdin, env=environment, catch_exceptions=False)


def told(model: ScriptedModel, request: int = 0) -> str:
    content = model.requests[request]["messages"][-1]["content"]
    return str(content if isinstance(content, str) else content[0]["text"])


def test_a_task_comes_from_a_file_or_from_standard_input(folder: Path, model: ScriptedModel) -> None:
    (folder / "task.md").write_text("Say grüezi,\ntwice.\n")
    assert run(model, ["Grüezi."], "@task.md").exit_code == 0
    assert "Task: Say grüezi,\ntwice." in told(model)
    assert run(model, ["Hello."], "-", stdin="Say hello.\n").exit_code == 0
    assert "Task: Say hello." in told(model)


def test_what_is_not_utf_8_is_read_as_what_it_most_likely_is(folder: Path, model: ScriptedModel) -> None:
    path = folder / os.fsdecode(b"caf\xe9.ipynb")
    cell = nbformat.v4.new_code_cell("s = '?'")
    path.write_text(json.dumps(nbformat.v4.new_notebook(cells=[cell])).replace("?", "\\ud83d"))
    asked = [block, "Done."]
    result = run(model, asked, "caf\udce9 {x}", str(path), "--output", str(path), "--var", "x=\udce8")
    assert result.exit_code == 0, result.output
    assert "Task: café è" in told(model)
    assert "s = '\ufffd'" in told(model)
    assert "Notebook: " in result.stdout
    assert "café.ipynb" in result.stdout
    for name in ("latest", str(path)):
        assert run(model, asked, "-", "--resume", name, stdin=b"caf\xe9").exit_code == 0
        assert "Task: café" in told(model)
    assert [one.name for one in folder.glob("*.ipynb")] == [path.name]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["@missing.md"], "The task cannot be read from missing.md: No such file or directory."),
        (["Go.", "--var", "2x=3"], "“2x=3” is not NAME=VALUE"),
        (["Go.", "--image", "notes.txt"], "notes.txt is not a PNG, JPEG, GIF or WebP image"),
        (["Go.", "--image", "gone.png"], "gone.png cannot be read: No such file or directory."),
        (["Go.", "a.ipynb", "--resume", "latest"], "leave NOTEBOOK out"),
        (["-"], "TASK is empty"),
        (
            ["Go.", "--kernel", "cobol", "--output", "out.ipynb"],
            "There is no kernel “cobol”. Installed kernels for Python: ",
        ),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(
    folder: Path, model: ScriptedModel, arguments: list[str], sentence: str
) -> None:
    (folder / "notes.txt").write_text("no picture")
    result = run(model, [], *arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert model.requests == []


def test_variables_are_defined_in_a_cell_at_the_top_and_fill_the_task(
    folder: Path, model: ScriptedModel
) -> None:
    variables = ("--var", "price=2.5", "--var", "count=4", "--var", "name=Ada L.")
    result = run(model, [PRODUCT, "10."], "What does {name} pay, {}?", "--output", "out.ipynb", *variables)
    assert result.exit_code == 0
    first, second = nbformat.read("out.ipynb", as_version=4).cells
    assert first.source == "# Parameters\nprice = 2.5\ncount = 4\nname = 'Ada L.'"
    assert first.metadata.tags == ["injected-parameters"]
    assert second.outputs[0].text == "10.0\n"
    assert "Task: What does Ada L. pay, {}?" in told(model)


@pytest.mark.parametrize("more", [["--no-execute"], []])
def test_variables_win_over_the_notebooks_own_values_for_them(
    folder: Path, model: ScriptedModel, more: list[str]
) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in ("start = 1", "p = 1", "print(p)")]
    cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "in.ipynb")
    look = "```python\nprint(p)\n```"
    for value in ("5", "6"):
        source = "in.ipynb" if value == "5" else "out.ipynb"
        result = run(
            model, [look, "Done."], "Go.", source, "--output", "out.ipynb", "--var", f"p={value}", *more
        )
        assert result.exit_code == 0, result.output
        written = nbformat.read("out.ipynb", as_version=4).cells
        assert [cell.source for cell in written[:4]] == [
            "start = 1",
            "p = 1",
            f"# Parameters\np = {value}",
            "print(p)",
        ]
        assert written[-1].outputs[0].text == f"{value}\n"


def test_infinite_numbers_and_nan_are_numbers(folder: Path, model: ScriptedModel) -> None:
    variables = [
        part for value in ("a=1e999", "b=nan", "c=[-1e999, (1,), {2: 'inf'}]") for part in ("--var", value)
    ]
    look = "```python\nprint(a, b, c)\n```"
    assert run(model, [look, "Done."], "Go.", "--output", "out.ipynb", *variables).exit_code == 0
    shown = nbformat.read("out.ipynb", as_version=4).cells[1].outputs[0]
    assert shown.text == "inf nan [-inf, (1,), {2: 'inf'}]\n"


def test_an_image_goes_to_the_model_with_the_task(folder: Path, model: ScriptedModel) -> None:
    (folder / "dot.png").write_bytes(PIXEL)
    result = run(model, ["A dot."], "What is this?", "--image", "dot.png")
    assert result.exit_code == 0
    assert "dot.png" in told(model)


def test_a_conversation_goes_on_in_its_notebook(folder: Path, model: ScriptedModel) -> None:
    variables = ("--var", "price=2", "--var", "count=4")
    assert run(model, [PRODUCT, "8."], "Multiply.", "--output", "out.ipynb", *variables).exit_code == 0
    for again in ("out.ipynb", "latest"):
        answers = [f"```python\nprint('{again}')\n```", "Done."]
        result = run(model, answers, "And again.", "--resume", again, "--var", "price=3")
        assert result.exit_code == 0, result.output
        before = [one["content"] for one in model.requests[0]["messages"] if one["role"] == "assistant"]
        assert before[:2] == [PRODUCT, "8."]
    sources = [cell.source for cell in nbformat.read("out.ipynb", as_version=4).cells]
    assert sources == [
        "# Parameters\nprice = 3",
        "print(price * count)",
        "print('out.ipynb')",
        "print('latest')",
    ]
    assert [path.name for path in folder.glob("*.ipynb")] == ["out.ipynb"]


def test_what_cannot_be_resumed_says_why(folder: Path, model: ScriptedModel) -> None:
    nbformat.write(nbformat.v4.new_notebook(), folder / "other.ipynb")
    result = run(model, [], "Go on.", "--resume", "other.ipynb")
    assert result.exit_code == 2
    assert "CodeAct has not worked in" in result.stderr
    assert run(model, ["```python\n1\n```", "Yes."], "Begin.", "--output", "gone.ipynb").exit_code == 0
    (folder / "gone.ipynb").unlink()
    result = run(model, [], "Go on.", "--resume", "latest")
    assert result.exit_code == 2
    assert "gone.ipynb of this conversation is not there any more." in result.stderr
