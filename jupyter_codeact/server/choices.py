"""The models that a user can choose from, each with the id that the page knows it by."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ..agent.contracts import ModelError
from ..models.catalog import auto, hub, store
from ..models.catalog.catalog import CATALOG
from ..models.catalog.fit import fit
from ..models.catalog.machine import Machine, look
from ..models.catalog.model import Entry, Snapshot
from ..models.catalog.tuned import Tuned, all_tuned, is_tuned
from ..models.endpoints.registry import Endpoint, Endpoints
from ..models.open import AUTO, is_path
from ..models.preferences import LocalPreferences, ModelPreferences
from ..models.private import data_folder
from ..protocol import ModelChoice, Preferences

CATALOG_KIND, FILE_KIND, TUNED_KIND, ENDPOINT_KIND = "catalog", "file", "tuned", "endpoint"


def choice_id(kind: str, name: str) -> str:
    """Return the id of a choice."""
    return f"{kind}:{name}"


class Choices:
    """What there is to choose from.

    Parameters
    ----------
    endpoints
        The endpoints that have a name.
    configured
        Id of the choice that the server's configuration makes; a file is a choice only there.
    """

    def __init__(self, endpoints: Endpoints, configured: str | None = None) -> None:
        self._endpoints = endpoints
        kind, _, path = (configured or "").partition(":")
        self._file = path if kind == FILE_KIND else None
        self._machine: Machine | None = None
        # Asking the driver of a GPU takes a while; the server starts meanwhile.
        self._inspection = threading.Thread(target=self._inspect, name="codeact machine", daemon=True)
        self._inspection.start()

    @property
    def machine(self) -> Machine | None:
        """What this machine has for a model. Blocks until that is known."""
        self._inspection.join()
        return self._machine

    def all(self) -> list[ModelChoice]:
        """Return every choice. Blocks."""
        machine = self._inspect()  # free memory changes
        best = auto.choose(machine, store.is_here)
        local = LocalPreferences(data_folder())
        choices = [
            ModelChoice(
                id=AUTO,
                name="auto",
                kind="auto",
                detail=best.why,
                present=store.is_here(best.model),
                fits=best.bigger,
            ),
            *(_catalog_choice(model, machine, best.offer, local.get(model.name)) for model in CATALOG),
        ]
        files = [reference.name for reference in hub.here()]
        if self._file:
            files = list(dict.fromkeys([self._file, *files]))
        return [
            *choices,
            *(_file_choice(file, local) for file in files),
            *(_tuned_choice(tuned, local) for tuned in all_tuned()),
            *map(_endpoint_choice, self._endpoints.all()),
        ]

    def resolve(self, name: str) -> str:
        """Return the id of a choice that is named by its id, a model's or an endpoint's name, or a path.

        Any model on the Hub is a choice, by its name (``hf:owner/name/file``).

        Raises
        ------
        ModelError
            If there is none.
        """
        endpoints = [endpoint.name for endpoint in self._endpoints.all()]
        ids = {AUTO: AUTO}
        ids |= {name: choice_id(ENDPOINT_KIND, name) for name in endpoints}
        ids |= {model.name: choice_id(CATALOG_KIND, model.name) for model in CATALOG}
        ids |= {tuned.name: choice_id(TUNED_KIND, tuned.name) for tuned in all_tuned()}
        if self._file:
            ids |= {name: choice_id(FILE_KIND, self._file) for name in (self._file, Path(self._file).stem)}
        on_hub = name.removeprefix(f"{FILE_KIND}:")
        if hub.is_reference(on_hub):
            return choice_id(FILE_KIND, hub.parse(on_hub).name)
        if name in ids.values():
            return name
        if name in ids:
            return ids[name]
        names = ", ".join([AUTO, *(model.name for model in CATALOG), *endpoints])
        raise ModelError(f"There is no model called {name!r}; there are {names}.")

    def _inspect(self) -> Machine:
        self._machine = look()
        return self._machine


def configured_choice(model: str, endpoints: Endpoints) -> str:
    """Return the id of the choice that ``model`` names in the configuration, whether it exists or not."""
    if model == AUTO:
        return AUTO
    if endpoints.find(model):
        return choice_id(ENDPOINT_KIND, model)
    if is_path(model):
        return choice_id(FILE_KIND, model)
    return choice_id(TUNED_KIND if is_tuned(model) else CATALOG_KIND, model)


def _set_for(preferences: ModelPreferences) -> dict[str, Any]:
    """Return the fields of a choice that say what is set for it."""
    return {name: getattr(preferences, name) for name in Preferences.model_fields}


def _catalog_choice(
    model: Entry | Snapshot, machine: Machine, offer: Entry | Snapshot | None, preferences: ModelPreferences
) -> ModelChoice:
    found = fit(model, machine)
    facts = [f"{model.context:,} tokens"]
    facts += ["accepts images"] if model.supports_images else []
    facts += ["thinks"] if model.thinks else []
    return ModelChoice(
        id=choice_id(CATALOG_KIND, model.name),
        name=model.name,
        kind="catalog",
        detail=", ".join(facts),
        present=store.is_here(model),
        runs=found.runs,
        fits=found.words,
        size=auto.size_of(model),
        licence=model.licence,
        suggested=model == offer,
        **_set_for(preferences),
    )


def _file_choice(name: str, local: LocalPreferences) -> ModelChoice:
    """Return a file as a choice: one of the configuration, or one that was downloaded from the Hub."""
    if hub.is_reference(name):
        here = hub.local_model(hub.parse(name))
        return ModelChoice(
            id=choice_id(FILE_KIND, name),
            name=name,
            kind="file",
            present=here is not None,
            size=auto.size_of(here) if here else "",
            **_set_for(local.get(name)),
        )
    file = Path(name)
    return ModelChoice(
        id=choice_id(FILE_KIND, name),
        name=file.stem,
        kind="file",
        detail=str(file),
        present=file.exists(),
        **_set_for(local.get(file.stem if file.suffix == ".gguf" else file.resolve().name)),
    )


def _tuned_choice(tuned: Tuned, local: LocalPreferences) -> ModelChoice:
    base = tuned.manifest.base.reference
    is_file = is_path(base) or hub.is_reference(base)
    return ModelChoice(
        id=choice_id(TUNED_KIND, tuned.name),
        name=tuned.name,
        kind="tuned",
        base=choice_id(FILE_KIND if is_file else CATALOG_KIND, base),
        detail=tuned.words,
        size=auto.size_of(tuned),
        **_set_for(local.get(tuned.name)),
    )


def _endpoint_choice(endpoint: Endpoint) -> ModelChoice:
    return ModelChoice(
        id=choice_id(ENDPOINT_KIND, endpoint.name),
        name=endpoint.name,
        kind="endpoint",
        where=endpoint.shown,
        detail=endpoint.model,
        has_key=endpoint.has_key,
        models={name: Preferences(**_set_for(each)) for name, each in endpoint.models.items()},
        **_set_for(endpoint.own),
    )
