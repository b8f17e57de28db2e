"""The public API of `jupyter_codeact`."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jupyter_codeact
from jupyter_codeact import Agent, CodeActError, Result, arun, events, run, tool

PACKAGE = Path(jupyter_codeact.__file__).parent
USES = """
from jupyter_codeact import CodeActError, Result, events, run

def watch(event: events.Event) -> None:
    if isinstance(event, events.Executed):
        reveal_type(event.status)

try:
    result: Result = run("Add.", approval="risky", watch=watch)
except CodeActError as error:
    print(error)
run("Add.", aproval="risky")
run("Add.", approval="sometimes")
"""


def test_every_public_name_exists_and_is_listed() -> None:
    for name in jupyter_codeact.__all__:
        assert getattr(jupyter_codeact, name) is not None
        assert name in dir(jupyter_codeact)
    names = {"run", "arun", "Agent", "Result", "tool", "CodeActError", "events", "CodeAct", "__version__"}
    assert names == set(jupyter_codeact.__all__)


def test_run_and_arun_have_the_same_explicit_parameters() -> None:
    takes = inspect.signature(run)
    assert takes == inspect.signature(arun)
    kinds = {parameter.kind for parameter in takes.parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    assert list(takes.parameters)[:2] == ["task", "notebook"]


def test_public_names_come_from_the_modules_that_define_them() -> None:
    assert Agent.__module__ == "jupyter_codeact.agent.agent"
    assert issubclass(CodeActError, Exception)
    assert events.RunEnded.model_fields["type"].default == "run_ended"
    assert Result("task", "answer", True, "", 1).ok
    assert tool(lambda: 1)() == 1


def test_the_version_is_that_of_the_installed_package() -> None:
    assert jupyter_codeact.__version__ == version("jupyter-codeact")


def test_type_checkers_see_the_types(tmp_path: Path) -> None:
    (tmp_path / "uses.py").write_text(USES)
    assert (PACKAGE / "py.typed").is_file()
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent", "uses.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(PACKAGE.parent)},
    )
    lines = checked.stdout.splitlines()
    [revealed] = [line for line in lines if "note: Revealed type" in line]
    assert "Literal['ok']" in revealed, checked.stdout
    errors = [line for line in lines if "error:" in line]
    assert len(errors) == 2, checked.stdout
    assert 'Unexpected keyword argument "aproval"' in errors[0]
    assert "Literal['sometimes']" in errors[1]
    assert "expected \"Literal['always', 'risky', 'never'] | None\"" in errors[1]
