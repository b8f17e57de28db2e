"""Endpoints that have a name: from the server's configuration, or saved by the user."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from ...agent.contracts import CodeActError, Frozen, ModelSettings, Prices
from ...agent.gate.setting import Approval
from ...agent.run_limits import Guidance
from ..preferences import ModelPreferences
from ..private import PrivateFile, SettingsError, data_folder
from .addresses import address_of
from .keys import Keys

LONGEST_NAME = 60
_STORED = {"url", "model", "has_key", "supports_images", "guidance", "approval", "settings", "prices"}
_STORED |= {"models"}
_CONFIGURED = _STORED - {"has_key"}
_CONFIGURED_KEY = {"api_key", "api_key_env"}
_log = logging.getLogger(__name__)


class Endpoint(Frozen):
    """An OpenAI-compatible endpoint.

    Attributes
    ----------
    name, url : str
        Its name, and its address.
    model : str
        The model's name there; the first of the endpoint's list if empty.
    configured : bool
        Whether it is from the server's configuration.
    has_key : bool
        Whether it has a key.
    supports_images : bool, optional
        Whether the model takes images; what the endpoint tells if ``None``.
    guidance : str, optional
        How much help the model needs, ``small`` or ``capable``; judged by its size if ``None``.
    approval : str, optional
        Which of its models' cells wait for approval.
    settings : ModelSettings
        How its models are asked.
    prices : Prices
        What their tokens cost.
    models : dict
        What is set for single models of it, by their names.
    """

    name: str
    url: str
    model: str = ""
    configured: bool = False
    has_key: bool = False
    supports_images: bool | None = None
    guidance: Guidance | None = None
    approval: Approval | None = None
    settings: ModelSettings = ModelSettings()
    prices: Prices = Prices()
    models: dict[str, ModelPreferences] = Field(default_factory=dict)

    def preferences(self, model: str = "") -> ModelPreferences:
        """Return what is set for one of its models, by default for the one that it is used for."""
        return self.models.get(model or self.model, ModelPreferences()).over(self.own)

    @property
    def own(self) -> ModelPreferences:
        """What is set for all of its models."""
        return ModelPreferences(
            settings=self.settings,
            supports_images=self.supports_images,
            guidance=self.guidance,
            approval=self.approval,
            prices=self.prices,
        )

    @property
    def shown(self) -> str:
        """The address, without what may be secret in it."""
        return address_of(self.url).shown


def user_endpoints() -> Endpoints:
    """Return the endpoints that this user has saved, on the page or with ``models endpoint add``."""
    return Endpoints(data_folder())


class Endpoints:
    """All endpoints that have a name, and their keys.

    Parameters
    ----------
    folder : pathlib.Path
        The folder for saved endpoints, and for their keys where the system has no keyring.
    configured : mapping
        Endpoints of the configuration by name, each a mapping with a ``url`` and optionally ``model``,
        ``supports_images``, ``guidance``, ``approval``, ``settings``, ``prices``, ``models``, and ``api_key``
        or ``api_key_env``, the environment variable that has the key.
    """

    def __init__(self, folder: Path, configured: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._file = PrivateFile(folder / "endpoints.json")
        self._keys = Keys(PrivateFile(folder / "keys.json"))
        self._configured: dict[str, Endpoint] = {}
        self._configured_keys: dict[str, str] = {}
        for name, fields in (configured or {}).items():
            try:
                self._configure(name, fields)
            except CodeActError as error:
                _log.error("The endpoint %s of the configuration is wrong: %s", name, error)

    def all(self) -> list[Endpoint]:
        """Return every endpoint, the configured ones first."""
        saved = (
            _read(name, fields) for name, fields in self._file.read().items() if name not in self._configured
        )
        return [*self._configured.values(), *(endpoint for endpoint in saved if endpoint)]

    def find(self, name: str) -> Endpoint | None:
        """Return the endpoint of a name."""
        return next((endpoint for endpoint in self.all() if endpoint.name == name), None)

    def key(self, name: str) -> str | None:
        """Return an endpoint's key. May block."""
        if name in self._configured:
            return self._configured_keys.get(name)
        return self._keys.get(name)

    def key_to_try(self, name: str, url: str) -> str | None:
        """Return an endpoint's key for a request to ``url``, before that is saved. May block.

        Raises
        ------
        CodeActError
            If the address is none, or another server's: the key is not for that one.
        """
        _require_same_server(self.find(name), url)
        return self.key(name)

    def save(
        self,
        name: str,
        url: str,
        *,
        model: str = "",
        api_key: str | None = None,
        supports_images: bool | Literal["auto"] | None = None,
        guidance: Guidance | Literal["auto"] | None = None,
        approval: Approval | Literal["auto"] | None = None,
        settings: ModelSettings | None = None,
        prices: Prices | None = None,
    ) -> Endpoint:
        """Add an endpoint, or change the one of that name. May block.

        Parameters
        ----------
        name, url : str
            Its name, and its address.
        model : str
            The model's name there; the first of the endpoint's list if empty.
        api_key : str, optional
            Its key; an empty one removes it, and ``None`` changes nothing.
        supports_images : bool or "auto", optional
            Whether the model takes images; ``"auto"`` believes the endpoint, and ``None`` changes nothing.
        guidance : str, optional
            How much help the model needs; ``"auto"`` judges by its size, and ``None`` changes nothing.
        approval : str, optional
            Which of its models' cells wait for approval; ``"auto"`` leaves it to the server's setting, and
            ``None`` changes nothing.
        settings : ModelSettings, optional
            How its models are asked; ``None`` changes nothing.
        prices : Prices, optional
            What their tokens cost; ``None`` changes nothing.

        Raises
        ------
        CodeActError
            If it is not valid, or cannot be stored.
        """
        name, url, model = name.strip(), url.strip(), model.strip()
        self._check(name)
        if api_key is not None:
            api_key = api_key.strip()
        if urlsplit(url).username or urlsplit(url).password:
            raise SettingsError("Give the key in its own field, not in the address.")
        before = self.find(name)
        if api_key is None:
            _require_same_server(before, url)
        if supports_images is None:
            supports_images = before.supports_images if before else None
        if guidance is None:
            guidance = before.guidance if before else None
        if approval is None:
            approval = before.approval if before else None
        endpoint = Endpoint(
            name=name,
            url=url,
            model=model,
            has_key=bool(api_key) if api_key is not None else bool(before and before.has_key),
            supports_images=None if supports_images == "auto" else supports_images,
            guidance=None if guidance == "auto" else guidance,
            approval=None if approval == "auto" else approval,
            settings=settings or (before.settings if before else ModelSettings()),
            prices=prices or (before.prices if before else Prices()),
            models=before.models if before else {},
        )
        if api_key:
            self._keys.set(name, api_key)
        elif api_key == "" and before:
            self._keys.remove(name)
        self._store(endpoint)
        return endpoint

    def change(self, name: str, changes: Mapping[str, Any], *, model: str = "") -> Endpoint:
        """Set something for an endpoint, or for one ``model`` of it. May block.

        ``changes`` are fields of `ModelPreferences`, `ModelSettings` and `Prices`; ``None`` unsets one.

        Raises
        ------
        SettingsError
            If there is no such endpoint, it is from the configuration, or a value is wrong.
        """
        self._check(name)
        found = self.find(name)
        if found is None:
            raise SettingsError(f"There is no endpoint called {name}.")
        if model:
            changed = found.models.get(model, ModelPreferences()).changed(changes)
            models = {**found.models, model: changed}
            endpoint = found.model_copy(update={"models": {k: v for k, v in models.items() if v.stored()}})
        else:
            endpoint = found.model_copy(update=dict(found.own.changed(changes)))
        self._store(endpoint)
        return endpoint

    def _store(self, endpoint: Endpoint) -> None:
        fields = endpoint.model_dump(include=_STORED, exclude_none=True)
        # The first release reads an endpoint without settings.
        stored = {name: value for name, value in fields.items() if value != {}}
        with self._file.change() as saved:
            saved[endpoint.name] = stored

    def remove(self, name: str) -> None:
        """Remove an endpoint and its key. May block.

        Raises
        ------
        SettingsError
            If there is none, or it is from the configuration.
        """
        self._check(name)
        if self.find(name) is None:
            raise SettingsError(f"There is no endpoint called {name}.")
        self._keys.remove(name)
        with self._file.change() as saved:
            saved.pop(name, None)

    def _check(self, name: str) -> None:
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise SettingsError(f"Give the endpoint a name of at most {LONGEST_NAME} characters.")
        if name in self._configured:
            raise SettingsError(f"{name} is set in the server's configuration; change it there.")

    def _configure(self, name: str, fields: Mapping[str, Any]) -> None:
        unknown = ", ".join(sorted(set(fields) - _CONFIGURED - _CONFIGURED_KEY))
        if unknown or not isinstance(fields.get("url"), str):
            raise SettingsError(f"It cannot have {unknown}." if unknown else "It has no url.")
        address_of(fields["url"])
        variable = fields.get("api_key_env")
        key = fields.get("api_key") or (os.environ.get(variable) if variable else None)
        known = {
            field: value for field, value in fields.items() if field in _CONFIGURED and value is not None
        }
        try:
            endpoint = Endpoint(name=name, configured=True, has_key=bool(key), **known)
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsError(f"Its {'.'.join(map(str, first['loc']))} is wrong: {first['msg']}.") from None
        if key:
            self._configured_keys[name] = key
        self._configured[name] = endpoint


def _require_same_server(before: Endpoint | None, url: str) -> None:
    """Refuse a key for another server: who can change an address could have it sent wherever they like."""
    origin = address_of(url).origin
    if before and before.has_key and address_of(before.url).origin != origin:
        raise SettingsError(f"{before.name} gets another server's address, so give its key again.")


def _read(name: str, fields: Any) -> Endpoint | None:
    """Return a saved endpoint; ``None`` if the file has something else there."""
    if not isinstance(fields, dict) or not {"url"} <= fields.keys() <= _STORED:
        return None
    try:
        return Endpoint(name=name, **fields)
    except ValidationError:
        return None
