"""Which generator writes a model's replies."""

from __future__ import annotations

import logging

from .batching import BatchingGenerator, can_batch
from .generation import Generator
from .loading import LoadedModel
from .plain import PlainGenerator
from .slots import UnsuitedError
from .static import StaticGenerator

_log = logging.getLogger(__name__)


def open_generator(loaded: LoadedModel) -> Generator:
    """Return the generator that the options name, or the fastest that suits the model. Blocks."""
    wanted = loaded.options.batching
    if wanted in ("auto", "static"):
        try:
            return StaticGenerator(loaded)
        except Exception as error:  # a model of any kind, on a GPU of any kind: another generator may do
            reason = str(error) if isinstance(error, UnsuitedError) else f"{type(error).__name__}: {error}"
            _log.warning("No slots of fixed size for this model: %s.", " ".join(reason.split())[:500])
    if wanted != "single" and can_batch(loaded):
        return BatchingGenerator(loaded)
    return PlainGenerator(loaded)
