"""Which engine runs a model, and how it is supervised. Importing this is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FolderEngine = Literal["auto", "transformers", "vllm"]
"""What runs a model that is a folder."""


@dataclass(frozen=True)
class SupervisionPolicy:
    """How an engine is supervised.

    Attributes
    ----------
    idle_seconds : float
        Seconds without a request after which the model is unloaded; 0 for never.
    startup_seconds : float
        Longest time that the model may take to load.
    max_crashes : int
        Crashes within ``crash_window_seconds`` after which only the user can start the engine again.
    crash_window_seconds : float
        Seconds after which a crash is forgotten.
    backoff_seconds : float
        Wait before the start that follows a crash; it doubles with each further crash.
    """

    idle_seconds: float = 1800.0
    startup_seconds: float = 900.0
    max_crashes: int = 3
    crash_window_seconds: float = 600.0
    backoff_seconds: float = 1.0
