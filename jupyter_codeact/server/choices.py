"""The models that a user can choose from, each with the id that the page knows it by."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from ..agent.contracts import ModelError
from ..models.catalog import auto, store
from ..models.catalog.catalog import CATALOG
from ..models.catalog.machine import Machine, look
from ..models.endpoints.registry import Endpoint, Endpoints
from ..models.open import AUTO
from ..protocol import ModelChoice

CATALOG_KIND, FILE_KIND, ENDPOINT_KIND = "catalog", "file", "endpoint"


def id_of(kind: str, name: str) -> str:
    """Return the id of a choice."""
    return f"{kind}:{name}"


class Choices:
    """What there is to choose from.

    Parameters
    ----------
    endpoints
        The endpoints that have a name.
    configured
        A choice that the configuration adds to the others.
    """

    def __init__(self, endpoints: Endpoints, configured: str | None = None) -> None:
        self._endpoints = endpoints
        kind, _, path = (configured or "").partition(":")
        self._file = path if kind == FILE_KIND else None
        self._seen: Machine | None = None
        # Asking the driver of a GPU takes a while, in which the server can start.
        self._looking = threading.Thread(target=self._look, name="codeact looks at the machine", daemon=True)
        self._looking.start()

    @property
    def seen(self) -> Machine | None:
        """What this machine has for a model."""
        self._looking.join()
        return self._seen

    def all(self) -> list[ModelChoice]:
        """Return every choice. Blocks."""
        self._look()  # what is free changes
        assert self._seen is not None
        picked = auto.choose(self._seen, store.is_here)
        choices = [
            ModelChoice(
                id=AUTO,
                name="auto",
                kind="auto",
                detail=picked.why,
                present=store.is_here(picked.model),
                fits=auto.fits(picked.model, self._seen)[1],
            )
        ]
        for entry in CATALOG:
            detail = f"{entry.size / 1e9:.1f} GB, {entry.licence}, {entry.context:,} tokens"
            choices.append(
                ModelChoice(
                    id=id_of(CATALOG_KIND, entry.name),
                    name=entry.name,
                    kind="catalog",
                    detail=detail + (", sees pictures" if entry.supports_images else ""),
                    present=store.is_here(entry),
                    fits=auto.fits(entry, self._seen)[1],
                )
            )
        if self._file:
            file = Path(self._file)
            choices.append(
                ModelChoice(
                    id=id_of(FILE_KIND, self._file),
                    name=file.stem,
                    kind="file",
                    detail=str(file),
                    present=file.exists(),
                )
            )
        return [*choices, *map(_choice, self._endpoints.all())]

    def id(self, wish: str) -> str:
        """Return the id that a wish means: an id, or the name of a model or an endpoint, or a path.

        Raises
        ------
        ModelError
            If there is nothing like that.
        """
        endpoints = [endpoint.name for endpoint in self._endpoints.all()]
        known = {AUTO: AUTO}
        known |= {name: id_of(ENDPOINT_KIND, name) for name in endpoints}
        known |= {entry.name: id_of(CATALOG_KIND, entry.name) for entry in CATALOG}
        if self._file:
            known |= {name: id_of(FILE_KIND, self._file) for name in (self._file, Path(self._file).stem)}
        if wish in known.values():
            return wish
        if wish in known:
            return known[wish]
        names = ", ".join([AUTO, *(entry.name for entry in CATALOG), *endpoints])
        raise ModelError(f"There is no model called {wish!r}; there are {names}.")

    def _look(self) -> None:
        self._seen = look()


def configured(model: str, endpoints: Endpoints) -> str:
    """Return the id of the choice that the configuration means by ``model``, whether there is one or not."""
    if model == AUTO:
        return AUTO
    if endpoints.find(model):
        return id_of(ENDPOINT_KIND, model)
    is_path = os.sep in model or model.endswith(".gguf")
    return id_of(FILE_KIND if is_path else CATALOG_KIND, model)


def _choice(endpoint: Endpoint) -> ModelChoice:
    return ModelChoice(
        id=id_of(ENDPOINT_KIND, endpoint.name),
        name=endpoint.name,
        kind="endpoint",
        where=endpoint.shown,
        detail=endpoint.model,
        has_key=endpoint.has_key,
    )
