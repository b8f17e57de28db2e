"""The limits of runs, and how much help a model gets. Importing this is cheap."""

from __future__ import annotations

from typing import Literal

Guidance = Literal["small", "capable"]
"""How much help a model gets: *small* models get every hook, *capable* ones those that never change code."""
TURNS: dict[Guidance, int] = {"small": 12, "capable": 40}
TOKENS: dict[Guidance, int] = {"small": 300_000, "capable": 2_000_000}
"""Limits by guidance: a small model that needs more has lost its way."""
SECONDS = 1800.0
"""Seconds that a run may take."""
