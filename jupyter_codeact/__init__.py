"""A CodeAct agent that lives in a Jupyter notebook."""

from __future__ import annotations

from typing import Any

from .tools import tool

__all__ = ["tool"]


def load_ipython_extension(ipython: Any) -> None:
    """Add ``%codeact`` to an IPython shell: ``%load_ext jupyter_codeact``."""
    from .magics import CodeActMagics

    ipython.register_magics(CodeActMagics)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .extension import CodeActExtension

    return [{"module": "jupyter_codeact", "app": CodeActExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "../labextension/dist", "dest": "jupyter-codeact"}]
