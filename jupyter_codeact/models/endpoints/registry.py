"""The endpoints that the user has given a name: in the server's configuration, or on the page."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...agent.contracts import CodeActError, Frozen
from ..private import PrivateFile, SettingsError
from .addresses import address_of
from .keys import Keys

LONGEST_NAME = 60
_FIELDS = {"url", "model", "api_key", "api_key_env"}
_SAVED = {"url", "model", "has_key"}
_log = logging.getLogger(__name__)


class Endpoint(Frozen):
    """An OpenAI-compatible endpoint. ``configured``: it is from the server's configuration."""

    name: str
    url: str
    model: str = ""
    configured: bool = False
    has_key: bool = False

    @property
    def shown(self) -> str:
        """The address, without what may be secret in it."""
        return address_of(self.url).shown


class Endpoints:
    """All endpoints with a name, and their keys.

    Parameters
    ----------
    folder : pathlib.Path
        Where those that the page saves are kept, and their keys if the system has no keyring.
    configured : mapping
        By name, each with a ``url`` and, if need be, a ``model`` and an ``api_key`` or ``api_key_env``, the
        environment variable that has it.
    """

    def __init__(self, folder: Path, configured: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._file = PrivateFile(folder / "endpoints.json")
        self._keys = Keys(PrivateFile(folder / "keys.json"))
        self._configured: dict[str, Endpoint] = {}
        self._configured_keys: dict[str, str] = {}
        for name, fields in (configured or {}).items():
            try:
                self._configure(name, fields)
            except CodeActError as error:
                _log.error("The endpoint %s of the configuration is not right: %s", name, error)

    def all(self) -> list[Endpoint]:
        """Return every endpoint, the configured ones first."""
        saved = [
            Endpoint(name=name, **fields)
            for name, fields in self._file.read().items()
            if name not in self._configured
            and isinstance(fields, dict)
            and {"url"} <= fields.keys() <= _SAVED
        ]
        return [*self._configured.values(), *saved]

    def find(self, name: str) -> Endpoint | None:
        """Return the endpoint of a name."""
        return next((endpoint for endpoint in self.all() if endpoint.name == name), None)

    def key(self, name: str) -> str | None:
        """Return an endpoint's key. May block."""
        if name in self._configured:
            return self._configured_keys.get(name)
        return self._keys.get(name)

    def save(self, name: str, url: str, *, model: str = "", api_key: str | None = None) -> Endpoint:
        """Add an endpoint, or change the one of that name. May block.

        Parameters
        ----------
        name : str
            What to call it.
        url : str
            Its address.
        model : str
            The model's name there; the first it lists if empty.
        api_key : str, optional
            Its key; ``None`` keeps the one there is, and an empty one removes it.

        Raises
        ------
        CodeActError
            If it does not make sense, or cannot be stored.
        """
        name, url, model = name.strip(), url.strip(), model.strip()
        self._check(name)
        if api_key is not None:
            api_key = api_key.strip()
        if urlsplit(url).username or urlsplit(url).password:
            raise SettingsError("Give the key in its own field, not in the address.")
        host = address_of(url)
        before = self.find(name)
        if api_key is None and before and before.has_key and address_of(before.url).origin != host.origin:
            # or whoever can change an address could have the key sent wherever they like
            raise SettingsError(f"{name} gets another server's address, so give its key again.")
        if api_key:
            self._keys.set(name, api_key)
        elif api_key == "" and before:
            self._keys.remove(name)
        has_key = bool(api_key) if api_key is not None else bool(before and before.has_key)
        endpoint = Endpoint(name=name, url=url, model=model, has_key=has_key)
        with self._file.change() as saved:
            saved[name] = endpoint.model_dump(include=_SAVED)
        return endpoint

    def remove(self, name: str) -> None:
        """Forget an endpoint and its key. May block.

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
        unknown = ", ".join(sorted(set(fields) - _FIELDS))
        if unknown or not isinstance(fields.get("url"), str):
            raise SettingsError(f"It cannot have {unknown}." if unknown else "It has no url.")
        address_of(fields["url"])
        variable = fields.get("api_key_env")
        key = fields.get("api_key") or (os.environ.get(variable) if variable else None)
        if key:
            self._configured_keys[name] = key
        self._configured[name] = Endpoint(
            name=name,
            url=fields["url"],
            model=fields.get("model") or "",
            configured=True,
            has_key=bool(key),
        )
