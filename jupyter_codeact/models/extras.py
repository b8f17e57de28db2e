"""Packages that only an extra brings, ``local`` or ``gpu``, and what to say where one is not installed."""

from __future__ import annotations

from importlib.util import find_spec


def install(extra: str) -> str:
    """Return the command that installs an extra."""
    return f'pip install "jupyter-codeact[{extra}]"'


def missing(package: str, extra: str = "local") -> str:
    """Return, as half a sentence, that a package is not installed, and what installs it; empty if it is."""
    if find_spec(package) is not None:
        return ""
    return f"{package} is not installed (`{install(extra)}`)"
