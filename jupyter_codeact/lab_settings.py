"""What the user has set for CodeAct in JupyterLab, which keeps it in a file of theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from .agent.run_limits import Guidance

FILE = "jupyter-codeact/settings.jupyterlab-settings"
"""The settings of the JupyterLab extension, in the folder of the user's settings."""


@dataclass(frozen=True)
class LabSettings:
    """The settings that count without a page, too.

    Attributes
    ----------
    instructions : str
        What the model is to heed in every task.
    guidance : {"small", "capable"}, optional
        How much help the model gets, if the user has chosen.
    servers : Mapping
        MCP servers, by name; not checked.
    problem : str
        Why the file could not be understood, as a sentence; then all else is as if nothing were set.
    """

    instructions: str = ""
    guidance: Guidance | None = None
    servers: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def read_settings(folder: Path | None = None) -> LabSettings:
    """Return what is set in a folder of settings, by default the one where JupyterLab keeps them."""
    from .agent.run_limits import Guidance

    path = (folder or _usual_folder()) / FILE
    try:
        value = _json5(path.read_text(encoding="utf-8"))
    except OSError:
        return LabSettings()
    except ValueError as error:
        return LabSettings(problem=f"The settings in {path} are not valid: {error}.")
    if not isinstance(value, Mapping):
        return LabSettings()
    instructions, guidance = value.get("instructions"), value.get("guidance")
    return LabSettings(
        instructions=instructions if isinstance(instructions, str) else "",
        guidance=guidance if guidance in get_args(Guidance) else None,
        servers=value.get("mcpServers") or {},
    )


def _usual_folder() -> Path:
    from jupyter_core.paths import jupyter_config_dir

    return Path(
        os.environ.get("JUPYTERLAB_SETTINGS_DIR") or Path(jupyter_config_dir(), "lab", "user-settings")
    )


def _json5(text: str) -> Any:
    try:
        return json.loads(text)  # which JupyterLab writes most of the time, and json5 takes long to read
    except ValueError:
        try:
            import json5
        except ImportError:
            raise
        return json5.loads(text)
