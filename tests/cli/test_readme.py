"""Every command that the README shows does what it is shown for."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.scripted import ScriptedModel

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^    jupyter codeact (.+?)(?:\s{2,}#.*)?$", README, re.MULTILINE)
HERE = "http://localhost:8000/v1"
READY = "JupyterLab is ready: "


@pytest.fixture
def served() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


def as_run(line: str, served: ScriptedModel) -> list[str]:
    """Return a command as it is run here: with a scripted model, the small model and no browser."""
    words = shlex.split(line.replace(HERE, served.url))
    if words[0] == "run" and "--endpoint" not in words:
        words += ["--endpoint", served.url]
    if words == ["models", "test"]:
        words += ["smollm2-135m"]
    return [*words, "--no-browser"] if words[0] == "lab" else words


def test_the_readme_has_commands_to_run() -> None:
    assert {line.split()[0] for line in COMMANDS} >= {"lab", "run", "models", "check", "doctor"}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_does_its_work(line: str, served: ScriptedModel, tmp_path: Path) -> None:
    served.script(["```python\nx = [1, 2]\nprint(x)\n```", "Done."])
    words = as_run(line, served)
    for word in words:
        if word.endswith(".ipynb"):
            cell = nbformat.v4.new_code_cell("x = 1")
            nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / word)
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = os.environ | own | {"JUPYTER_CODEACT_API_KEY": served.api_key, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_codeact.cli", *words],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    with process:
        assert process.stdout is not None
        for text in process.stdout:
            said.append(text)
            if text.startswith(READY):
                process.terminate()
    assert process.returncode == 0 or (words[0] == "lab" and READY in "".join(said)), "".join(said)
    if words[0] == "run":
        [written] = list(tmp_path.glob("*-codeact.ipynb"))
        assert "x = [1, 2]" in written.read_text()


def test_the_python_of_the_readme_runs_in_ipython(served: ScriptedModel, tmp_path: Path) -> None:
    magic, python = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    served.script(["```python\nx = [1, 2]\nprint(x)\n```", "It is March."] * 2)
    sales = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    nbformat.write(sales, tmp_path / "sales.ipynb")
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(f"c.CodeActMagics.endpoint = '{served.url}'\n")
    there = f'"sales.ipynb", endpoint="{served.url}"'
    own = {"IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        cwd=tmp_path,
        env=os.environ | own | {"JUPYTER_CODEACT_API_KEY": served.api_key},
        input=magic + python.replace('"sales.ipynb"', there),
        capture_output=True,
        text=True,
    )
    assert ran.stdout.count("It is March.") == 2, ran.stdout + ran.stderr
    assert "x = [1, 2]" in (tmp_path / "sales-codeact.ipynb").read_text()
