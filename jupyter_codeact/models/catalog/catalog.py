"""The models that can be pulled by name."""

from __future__ import annotations

from ...agent.contracts import ModelError
from .gguf_models import GGUF_MODELS
from .model import Entry, Snapshot
from .transformers_models import TRANSFORMERS_MODELS

CATALOG: tuple[Entry | Snapshot, ...] = (*GGUF_MODELS, *TRANSFORMERS_MODELS)

DEFAULT_MODEL = "qwen2.5-coder-1.5b"
"""The model that is downloaded where the user has chosen none, from the Hub or from a package index."""


def find(name: str) -> Entry | Snapshot:
    """Return the model called ``name``.

    Raises
    ------
    ModelError
        If there is none; the message names the known ones.
    """
    for entry in CATALOG:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in CATALOG)
    raise ModelError(f"There is no model called {name!r}; there are {known}.")
