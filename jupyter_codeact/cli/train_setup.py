"""What commands that train need: their packages, and libraries that keep to themselves."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from ..agent.contracts import CodeActError
from ..models.extras import install

_NEEDED = ("torch", "transformers", "peft", "accelerate", "gguf")


def require_packages() -> None:
    """Check that what trains is installed.

    Raises
    ------
    CodeActError
        If something of it is not.
    """
    absent = [package for package in _NEEDED if find_spec(package) is None]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        raise CodeActError(f"{', '.join(absent)} {verb} not installed: `{install('train')}`.")


def keep_quiet(source: str | None) -> None:
    """Keep the libraries from telling other machines anything, or asking, and from drawing bars of their own.

    Only a repository that --from names is asked for; all else is read with ``local_files_only``.
    """
    if source is None or Path(source).expanduser().is_dir():
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ |= {"HF_HUB_DISABLE_TELEMETRY": "1", "TQDM_DISABLE": "1"}
    os.environ |= {"TRANSFORMERS_VERBOSITY": "error", "ACCELERATE_LOG_LEVEL": "error"}
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
