"""``jupyter codeact replay`` and ``check``: what was recorded, and what a notebook shows, put to the test."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.cli.conftest import Recording


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cells(path: Path) -> list[nbformat.NotebookNode]:
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    return node.cells


def test_a_replay_ends_with_the_same_notebook(recording: Recording, folder: Path) -> None:
    made = recording.notebook.parent / "made.txt"
    before = made.read_text()
    result = recording.call("replay", "latest", "--output", "again.ipynb", "--yes")
    assert result.exit_code == 0, result.output
    assert "total = two + 3" in result.stdout
    assert "All as recorded: 4 cells ran again." in result.stdout
    assert cells(folder / "again.ipynb") == cells(recording.notebook)
    assert made.read_text() == before + "x"  # in the folder of the conversation's notebook


def test_nothing_runs_without_a_yes(recording: Recording, folder: Path) -> None:
    result = recording.call("replay", "latest", answer="n\n")
    assert result.exit_code == 1
    assert f"Run 4 recorded cells in {recording.notebook.parent}?" in result.stderr
    assert list(folder.iterdir()) == []
    unknown = recording.call("replay", "zzz", "--yes")
    assert unknown.exit_code == 2
    assert "no conversation “zzz”" in unknown.stderr


def test_what_comes_out_differently_is_told(recording: Recording, folder: Path) -> None:
    start = new_notebook(cells=[new_code_cell("# mine")])
    nbformat.write(start, folder / "start.ipynb")
    cell = cells(recording.notebook)[0].id
    recording_with_other_secret = Recording(recording.data, recording.notebook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.cli.conftest.SECRET", "another")
        result = recording_with_other_secret.call(
            "replay", "latest", "--notebook", "start.ipynb", "--json", "--yes"
        )
    assert result.exit_code == 1
    steps = [json.loads(line) for line in result.stdout.splitlines()]
    assert [step["kind"] for step in steps] == ["run", "cell", "cell", "cell", "cell"]
    assert [step["status"] for step in steps[1:]] == ["error", "ok", "ok", "ok"]
    assert [step["message"] for step in steps] == [
        "",
        "",
        "",
        "It shows “'another'” instead of “'a-word-for-nobody'”.",
        "",
    ]
    replayed = cells(folder / "start-codeact.ipynb")
    assert replayed[0].source == "# mine"
    assert replayed[1].id == cell
    assert cells(folder / "start.ipynb") == start.cells


def write(path: Path, *sources: str) -> None:
    shown = [new_output("execute_result", {"text/plain": "4"}, execution_count=1)]
    cells = [new_code_cell(source, execution_count=1, outputs=shown) for source in sources]
    nbformat.write(new_notebook(cells=cells), path)


def test_a_notebook_that_holds_is_told_from_one_that_does_not(recording: Recording, folder: Path) -> None:
    write(folder / "good.ipynb", "2 + 2")
    write(folder / "bad.ipynb", "2 + 3", "x")
    before = (folder / "bad.ipynb").read_bytes()
    good = recording.call("check", "good.ipynb")
    assert (good.exit_code, good.stderr) == (0, "")
    assert good.stdout.endswith("in a fresh kernel 1 cell showed the same.\n")
    bad = recording.call("check", "bad.ipynb")
    assert bad.exit_code == 1
    assert "1. different: 2 + 3\n   It shows “5” instead of “4”." in bad.stdout
    assert "2. failed: x\n   NameError: name 'x' is not defined." in bad.stdout
    told = json.loads(recording.call("check", "bad.ipynb", "--json").stdout)
    assert not told["reproduces"]
    assert [cell["state"] for cell in told["cells"]] == ["different", "failed"]
    assert (folder / "bad.ipynb").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["bad.ipynb", "good.ipynb"]


def test_a_check_of_what_cannot_be_checked_is_wrong_usage(recording: Recording, folder: Path) -> None:
    (folder / "text.ipynb").write_text("words")
    node = new_notebook(
        metadata={"kernelspec": {"name": "cobol", "display_name": "COBOL", "language": "cobol"}}
    )
    nbformat.write(node, folder / "cobol.ipynb")
    for name, words in (
        ("none.ipynb", "no notebook at"),
        ("text.ipynb", "not valid JSON"),
        ("cobol.ipynb", "“cobol”, which is not installed"),
    ):
        result = recording.call("check", name)
        assert result.exit_code == 2, result.output
        assert words in result.stderr
