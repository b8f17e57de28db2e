"""The demos: their recorded runs of the default model can be reproduced."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from jupyter_codeact.cli import main
from tests.scripted import ScriptedModel

ROOT = Path(__file__).parents[1]
_spec = importlib.util.spec_from_file_location("execute_demos", ROOT / "binder" / "execute.py")
assert _spec is not None
assert _spec.loader is not None
demos = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(demos)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ScriptedModel]:
    shutil.copytree(demos.DEMOS, tmp_path / "demos")
    monkeypatch.chdir(tmp_path / "demos")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    with ScriptedModel() as model:
        monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        yield model


def test_every_demo_was_executed_and_every_task_answered() -> None:
    names = {path.stem for path in demos.DEMOS.glob("*.ipynb")}
    assert names == {"start-here", *demos.NAMES}
    for name in demos.NAMES:
        demo = nbformat.read(demos.DEMOS / f"{name}.ipynb", as_version=4)
        nbformat.validate(demo)
        written = demo.cells[len(demos.own(name, demo)) :]
        answers = [cell.source for cell in written if cell.source.startswith("*")]
        assert [answer.splitlines()[0].strip("*") for answer in answers] == demos.tasks(demo)
        code = [cell for cell in written if cell.cell_type == "code"]
        assert code
        assert all(cell.execution_count for cell in code)
        assert not any(output.output_type == "error" for cell in code for output in cell.outputs)


@pytest.mark.parametrize("name", demos.NAMES)
def test_a_demos_first_run_can_be_reproduced(name: str, served: ScriptedModel) -> None:
    demo = nbformat.read(f"{name}.ipynb", as_version=4)
    mine = len(demos.own(name, demo))
    end = next(n for n in range(mine, len(demo.cells)) if demo.cells[n].source.startswith("*"))
    recorded = [cell for cell in demo.cells[mine:end] if cell.cell_type == "code"]
    demo.cells = demo.cells[:mine]
    nbformat.write(demo, "fresh.ipynb")
    served.script([*(f"```python\n{cell.source}\n```" for cell in recorded), "That is it."])
    arguments = ["run", demos.tasks(demo)[0], "fresh.ipynb", "--output", "again.ipynb"]
    result = CliRunner().invoke(main, [*arguments, "--endpoint", served.url, "--approve", "never"])
    assert result.exit_code == 0, result.output

    again = nbformat.read("again.ipynb", as_version=4).cells[mine:]
    for cell, before in zip(again, recorded, strict=True):
        assert [output.output_type for output in cell.outputs] == [
            output.output_type for output in before.outputs
        ]
