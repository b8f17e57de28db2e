"""How much help a model needs, judged by its size."""

from __future__ import annotations

import re

from ..agent.run_limits import Guidance

SMALL_PARAMETERS = 9.5e9
"""Most parameters of a small model; models "of 9B" have a few more than nine billion."""

# "8x7b" and "a3b" name experts, "4bit" and "bf16" number formats, and "1m" at the end a context window.
_SIZE = re.compile(r"(?<![a-z0-9.])e?(\d+(?:\.\d+)?b|\d{2,}m)(?![a-z0-9])", re.IGNORECASE)
_UNIT = {"b": 1e9, "m": 1e6}


def guidance_for(name: str, *, parameters: float | None = None, default: Guidance = "capable") -> Guidance:
    """Return the guidance for a model.

    Parameters
    ----------
    name : str
        The model's name, which often has its size in it: ``qwen2.5-coder:7b``.
    parameters : float, optional
        Number of parameters, where somebody counted them.
    default : str
        The guidance where nothing tells the size.
    """
    size = parameters or max(
        (float(found[:-1]) * _UNIT[found[-1].lower()] for found in _SIZE.findall(name)), default=None
    )
    if size is None:
        return default
    return "small" if size <= SMALL_PARAMETERS else "capable"
