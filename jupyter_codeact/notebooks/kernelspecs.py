"""Which of the installed kernels runs a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from ..agent.contracts import NotebookError

DEFAULT = "python3"
"""The kernel that ipykernel installs; the first one for Python stands in where it is missing."""
_PYTHON = re.compile(r"i?python[\d.]*", re.IGNORECASE)


@dataclass(frozen=True)
class ChosenKernel:
    """A kernel that is installed.

    ``metadata`` is what a notebook says of it; ``note`` is a sentence for the user if it stands in for the
    one that the notebook asks for.
    """

    name: str
    metadata: dict[str, str]
    note: str = ""


def is_python(language: str) -> bool:
    """Tell whether a language, as kernels and notebooks name it, is Python."""
    return _PYTHON.fullmatch(language.strip()) is not None


def kernelspec(name: str, *, only_python: bool = False) -> dict[str, str]:
    """Return what a notebook's metadata says of the kernel ``name``.

    Raises
    ------
    NotebookError
        If it is not installed, or has to be for Python and is not; with the names of those that are.
    """
    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec(name)
    except NoSuchKernel:
        raise _error(manager, f"There is no kernel “{name}”.", only_python) from None
    if only_python and not is_python(spec.language):
        raise _error(manager, f"The kernel “{name}” speaks {spec.language}; CodeAct works with Python.")
    return {"name": name, "display_name": spec.display_name, "language": spec.language}


def choose_kernel(
    metadata: Mapping[str, Any], name: str | None = None, *, only_python: bool = True
) -> ChosenKernel:
    """Return the kernel for a notebook: the one that is named, else its own, else the one for Python.

    Parameters
    ----------
    metadata
        The notebook's.
    name
        The kernel to use, whatever the notebook says.
    only_python
        Whether it has to be a kernel for Python.

    Raises
    ------
    NotebookError
        If there is no such kernel, or the notebook is in another language and its kernel cannot be used.
    """
    if name is not None:
        return ChosenKernel(name, kernelspec(name, only_python=only_python))
    asked = metadata.get("kernelspec", {})
    own = asked.get("name")
    manager = KernelSpecManager()
    if own and _is_installed(manager, own):
        return ChosenKernel(own, kernelspec(own, only_python=only_python))
    language = metadata.get("language_info", {}).get("name") or asked.get("language") or "python"
    if not is_python(language):
        asks = f" and asks for the kernel “{own}”, which is not installed" if own else ""
        raise _error(manager, f"The notebook is written in {language}{asks}; CodeAct works with Python.")
    default = _default(manager)
    note = ""
    if own:
        note = (
            f"The notebook's kernel “{own}” is not installed here: “{default}” runs it instead. "
            "Choose another one with --kernel."
        )
    return ChosenKernel(default, kernelspec(default), note)


def _default(manager: KernelSpecManager) -> str:
    """Return the name of the kernel for Python notebooks that ask for none, or for one that is missing."""
    if _is_installed(manager, DEFAULT):
        return DEFAULT
    if names := _names(manager, only_python=True):
        return names[0]
    raise _error(manager, "There is no kernel for Python.", only_python=False)


def _is_installed(manager: KernelSpecManager, name: str) -> bool:
    try:
        manager.get_kernel_spec(name)
    except (NoSuchKernel, ValueError):  # a kernel.json that is not JSON
        return False
    return True


def _names(manager: KernelSpecManager, *, only_python: bool) -> list[str]:
    """Return the names of the kernels that are installed."""
    return [
        name
        for name in sorted(manager.find_kernel_specs())
        if not only_python
        or (_is_installed(manager, name) and is_python(manager.get_kernel_spec(name).language))
    ]


def _error(manager: KernelSpecManager, problem: str, only_python: bool = True) -> NotebookError:
    names = ", ".join(_names(manager, only_python=only_python)) or "none"
    what = "Installed kernels for Python" if only_python else "Installed kernels"
    return NotebookError(
        f"{problem} {what}: {names}. Choose one of them with --kernel or in JupyterLab, or "
        "install one: `python -m ipykernel install --sys-prefix` in its environment."
    )
