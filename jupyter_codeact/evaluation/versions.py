"""Which agent played an episode: its version and, from a checkout, its commit."""

from __future__ import annotations

import functools
import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_NAME = "jupyter-codeact"


@functools.cache
def versions() -> Mapping[str, str]:
    """Return the versions that belong to a result.

    ``commit`` is that of the checkout that the package runs from, with ``+`` if its code has been changed
    since, or the one that pip installed it from; elsewhere it is missing.
    """
    found = {"python": platform.python_version(), "platform": f"{sys.platform} {platform.machine()}"}
    try:
        found[_NAME] = distribution(_NAME).version
    except PackageNotFoundError:
        found[_NAME] = "unknown"
    if commit := _of_checkout() or _of_installation():
        found["commit"] = commit
    return found


def _of_checkout() -> str:
    root = _git("rev-parse", "--show-toplevel")
    if not root or Path(root) != _PACKAGE.parent:
        return ""
    commit = _git("rev-parse", "HEAD")
    return commit + "+" if commit and _git("status", "--porcelain", "--", ".") else commit


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607 - the user's own
            cwd=_PACKAGE,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _of_installation() -> str:
    """Return the commit that pip recorded (PEP 610)."""
    try:
        recorded = distribution(_NAME).read_text("direct_url.json")
        commit = json.loads(recorded or "{}").get("vcs_info", {}).get("commit_id", "")
    except (PackageNotFoundError, ValueError, AttributeError):
        return ""
    return str(commit)
