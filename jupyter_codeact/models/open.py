"""Opens the model that the user names: one on this machine, or one behind an endpoint."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..agent.contracts import ModelError
from ..agent.gate.setting import Approval
from .catalog import catalog, hub, store
from .catalog.auto import choose
from .catalog.machine import Machine, look
from .catalog.model import Entry, Snapshot
from .catalog.tuned import Tuned, find_tuned, is_tuned
from .endpoints.access import KEY_VARIABLE, Timeouts
from .endpoints.addresses import address_of
from .endpoints.client import EndpointModel
from .endpoints.registry import Endpoints
from .engines.launch import EngineOptions, launch
from .engines.local import LocalModel
from .engines.policy import SupervisionPolicy
from .engines.supervisor import Engine
from .preferences import LocalPreferences
from .private import data_folder
from .status import EngineStatus

AUTO = "auto"
"""Name that stands for the model that suits the machine."""

__all__ = ["KEY_VARIABLE", "EndpointModel", "LocalModel", "open_model"]


def open_model(
    model: str | None = None,
    *,
    endpoint: str | None = None,
    endpoints: Endpoints | None = None,
    api_key: str | None = None,
    on_status: Callable[[EngineStatus], None] | None = None,
    supervision: SupervisionPolicy | None = None,
    timeouts: Timeouts | None = None,
    engine_options: EngineOptions | None = None,
) -> EndpointModel | LocalModel:
    """Return a chat model, without starting or reaching anything yet.

    Parameters
    ----------
    model : str, optional
        A model of the catalogue, a tuned one (``base+name``), ``auto``, any GGUF model on the Hub
        (``hf:owner/name/file``), or the path of a GGUF file or of a model's folder; with an endpoint,
        a name known there.
    endpoint : str, optional
        An OpenAI-compatible endpoint to use instead of an engine on this machine: its address, or its name
        among ``endpoints``.
    endpoints : Endpoints, optional
        The endpoints that have a name.
    api_key : str, optional
        The endpoint's key; by default JUPYTER_CODEACT_API_KEY of the environment, and for OpenAI's own
        endpoint also OPENAI_API_KEY.
    on_status : callable, optional
        Called with an `EngineStatus` on every change of the model's status; see `Watched.watch`.
    supervision : SupervisionPolicy, optional
        How an engine on this machine is supervised.
    timeouts : Timeouts, optional
        How long to wait for replies.
    engine_options : EngineOptions, optional
        How a model on this machine runs.

    Raises
    ------
    ModelError
        If there is no such model or file, or the endpoint is not an address.
    """
    opened: EndpointModel | LocalModel
    if endpoint is not None and endpoints is not None and endpoints.find(endpoint):
        opened = open_endpoint(endpoints, endpoint, model=model, timeouts=timeouts)
    elif endpoint is not None:
        opened = EndpointModel(endpoint, model=model, api_key=api_key or key_for(endpoint), timeouts=timeouts)
    else:
        opened = open_local(model, supervision=supervision, timeouts=timeouts, engine_options=engine_options)
    if on_status is not None:
        opened.watch(on_status)
    return opened


def open_endpoint(
    endpoints: Endpoints, name: str, *, model: str | None = None, timeouts: Timeouts | None = None
) -> EndpointModel:
    """Return the model behind the endpoint of a name; its key is read when it is first needed.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    found = endpoints.find(name)
    if found is None:
        raise ModelError(
            f"{name!r} is neither the name of an endpoint nor an address like http://localhost:8000/v1."
        )
    set_for_it = found.preferences(model or "")
    return EndpointModel(
        found.url,
        model=model or found.model or None,
        api_key=(lambda: endpoints.key(name)) if found.has_key else None,
        timeouts=timeouts,
        supports_images=set_for_it.supports_images,
        guidance=set_for_it.guidance,
        settings=set_for_it.settings,
        prices=set_for_it.prices,
    )


def open_local(
    model: str | None = None,
    *,
    machine: Machine | None = None,
    supervision: SupervisionPolicy | None = None,
    timeouts: Timeouts | None = None,
    engine_options: EngineOptions | None = None,
) -> LocalModel:
    """Return a model on this machine: one of the catalogue, a file or folder, or what suits it (``auto``).

    Blocks while it looks at the machine, unless a ``machine`` is given.

    Raises
    ------
    ModelError
        If there is no such model or file.
    """
    found: Entry | Snapshot | hub.Reference | Path | Tuned
    machine = machine or look()
    if model in (None, AUTO):
        found = choose(machine, store.is_here).model
    elif hub.is_reference(model):
        found = hub.parse(model)
    elif is_tuned(model):
        found = find_tuned(model)
    elif not is_path(model):
        found = catalog.find(model)
    else:
        found = Path(model).expanduser()
        if not found.exists():
            raise ModelError(
                f"There is no file {found}; give the path of a .gguf file or of a model's folder."
            )
    launched = launch(found, engine_options=engine_options, machine=machine)
    preferences = LocalPreferences(data_folder()).get(launched.name)
    return LocalModel(Engine(launched, supervision=supervision), preferences=preferences, timeouts=timeouts)


def is_path(model: str) -> bool:
    """Tell whether a model's name is the path of a file or a folder."""
    return model.endswith(".gguf") or any(mark in model for mark in (os.sep, os.altsep) if mark)


def preferred_approval(
    model: str | None, endpoint: str | None, endpoints: Endpoints, *, machine: Machine | None = None
) -> Approval | None:
    """Return the approval setting of a model or its endpoint, both named as in `open_model`."""
    if endpoint is not None:
        found = endpoints.find(endpoint)
        return found.preferences(model or "").approval if found else None
    local = LocalPreferences(data_folder())
    if not local.have_approval():
        return None  # and the machine, which takes a moment, need not be looked at
    if model in (None, AUTO):
        model = choose(machine or look(), store.is_here).model.name
    return local.get(model).approval


_withdrawn: dict[str, str] = {}


def withdraw_key() -> None:
    """Take the key out of the environment, where cells of this process could read it; `key_for` knows it."""
    if key := os.environ.pop(KEY_VARIABLE, None):
        _withdrawn[KEY_VARIABLE] = key


def key_for(endpoint: str) -> str | None:
    """Return the key for an endpoint that the environment has, or had before `withdraw_key`."""
    key = os.environ.get(KEY_VARIABLE) or _withdrawn.get(KEY_VARIABLE)
    if not key and address_of(endpoint).host == "api.openai.com":
        key = os.environ.get("OPENAI_API_KEY")  # that key is for OpenAI alone
    return key or None
