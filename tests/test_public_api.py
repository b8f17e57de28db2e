"""The public API of `jupyter_codeact`."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from pathlib import Path

import jupyter_codeact
from jupyter_codeact import Agent, CodeActError, Result, arun, events, run, tool

PACKAGE = Path(jupyter_codeact.__file__).parent


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


def test_type_checkers_are_told_to_read_the_types() -> None:
    """What they see is in tests/typed_use.py."""
    assert (PACKAGE / "py.typed").is_file()
