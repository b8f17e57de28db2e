"""A CodeAct agent that lives in a Jupyter notebook.

`run` and `arun` give it a task from Python, ``%load_ext jupyter_codeact`` adds ``%codeact`` to IPython, and
`CodeAct` is a widget. `tool` marks a function for it. `Agent` is the agent itself, and `events` is the module
with everything that can happen in a run: one name for all of them, so that a program matches
``case events.Executed():``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .tools import tool

if TYPE_CHECKING:
    from .agent import events
    from .agent.agent import Agent
    from .agent.contracts import CodeActError
    from .result import Result
    from .shell.api import arun, run
    from .shell.widget import CodeAct

    __version__: str

__all__ = [
    "Agent",
    "CodeAct",
    "CodeActError",
    "Result",
    "__version__",
    "arun",
    "events",
    "run",
    "tool",
]

_LATER = {
    "Agent": "agent.agent",
    "CodeAct": "shell.widget",
    "CodeActError": "agent.contracts",
    "Result": "result",
    "arun": "shell.api",
    "run": "shell.api",
}
"""What is imported when it is first used, and from where: a kernel should not wait for it."""


def __getattr__(name: str) -> Any:
    import importlib

    if name == "__version__":
        return _version()
    if name == "events":
        return importlib.import_module(".agent.events", __name__)
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("jupyter-codeact")
    except PackageNotFoundError:
        return "0+source"  # a source tree that is not installed


def load_ipython_extension(ipython: Any) -> None:
    """Add ``%codeact`` to an IPython shell: ``%load_ext jupyter_codeact``."""
    from .shell.input import QuestionMarks
    from .shell.magic import CodeActMagics

    ipython.register_magics(CodeActMagics)
    cleanup = ipython.input_transformers_cleanup
    if not any(isinstance(transformer, QuestionMarks) for transformer in cleanup):
        cleanup.append(QuestionMarks(ipython))


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.extension import CodeActExtension

    return [{"module": "jupyter_codeact", "app": CodeActExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "../labextension/dist", "dest": "jupyter-codeact"}]
