"""A CodeAct agent that lives in a Jupyter notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .tools import tool

if TYPE_CHECKING:
    from .api import arun, run
    from .result import Result
    from .shell.widget import CodeAct

__all__ = ["CodeAct", "Result", "arun", "run", "tool"]

_LATER = {"CodeAct": "shell.widget", "Result": "result", "arun": "api", "run": "api"}
"""What is imported when it is first used, and from where: a kernel should not wait for it."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)


def load_ipython_extension(ipython: Any) -> None:
    """Add ``%codeact`` to an IPython shell: ``%load_ext jupyter_codeact``."""
    from .shell.magic import CodeActMagics

    ipython.register_magics(CodeActMagics)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.extension import CodeActExtension

    return [{"module": "jupyter_codeact", "app": CodeActExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "../labextension/dist", "dest": "jupyter-codeact"}]
