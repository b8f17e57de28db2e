"""What the user has set for a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ..agent.contracts import Frozen, ModelInfo, ModelSettings, Prices
from ..agent.gate.setting import Approval
from ..agent.run_limits import Guidance
from .private import PrivateFile, SettingsError

T = TypeVar("T", bound=Frozen)


class ModelPreferences(Frozen):
    """What is set for a model; ``None`` is left to whoever is asked next.

    Attributes
    ----------
    settings : ModelSettings
        How it is asked.
    supports_images : bool, optional
        Whether it takes images.
    guidance : str, optional
        How much help it needs.
    approval : str, optional
        Which of its cells wait for approval.
    prices : Prices
        What its tokens cost.
    """

    settings: ModelSettings = ModelSettings()
    supports_images: bool | None = None
    guidance: Guidance | None = None
    approval: Approval | None = None
    prices: Prices = Prices()

    def over(self, other: ModelPreferences) -> ModelPreferences:
        """Return these preferences, completed with ``other`` ones."""
        return ModelPreferences(
            settings=self.settings.over(other.settings),
            supports_images=other.supports_images if self.supports_images is None else self.supports_images,
            guidance=self.guidance or other.guidance,
            approval=self.approval or other.approval,
            prices=self.prices.over(other.prices),
        )

    def applied_to(self, info: ModelInfo) -> ModelInfo:
        """Return what is known of a model of this machine, with what the user has set for it."""
        images = self.supports_images
        return info.model_copy(
            update={
                "settings": self.settings.over(info.settings),
                "supports_images": info.supports_images if images is None else images,
                "guidance": self.guidance or info.guidance,
            }
        )

    def changed(self, changes: Mapping[str, Any]) -> ModelPreferences:
        """Return the preferences with these fields of them, their settings or prices; ``None`` unsets one.

        Raises
        ------
        SettingsError
            With a sentence about a wrong value.
        """
        of_settings = {name: value for name, value in changes.items() if name in ModelSettings.model_fields}
        of_prices = {name: value for name, value in changes.items() if name in Prices.model_fields}
        own = {name: value for name, value in changes.items() if name not in {**of_settings, **of_prices}}
        nested = {
            "settings": read_settings({**self.settings.model_dump(), **of_settings}),
            "prices": read_prices({**self.prices.model_dump(), **of_prices}),
        }
        return ModelPreferences.model_validate({**self.model_dump(), **own, **nested})

    def stored(self) -> dict[str, Any]:
        """Return what is set, for a file of JSON."""
        fields = self.model_dump(exclude_none=True)
        return {name: value for name, value in fields.items() if value != {}}


class LocalPreferences:
    """What is set for the models of this machine, by their names.

    Parameters
    ----------
    folder : pathlib.Path
        The folder for the file.
    """

    def __init__(self, folder: Path) -> None:
        self._file = PrivateFile(folder / "models.json")

    def get(self, name: str) -> ModelPreferences:
        """Return what is set for a model."""
        return read_preferences(self._file.read().get(name))

    def have_approval(self) -> bool:
        """Tell whether an approval setting is stored for any model."""
        return any(read_preferences(fields).approval for fields in self._file.read().values())

    def change(self, name: str, changes: Mapping[str, Any]) -> ModelPreferences:
        """Set something for a model, and return all that is set; see `ModelPreferences.changed`.

        Raises
        ------
        SettingsError
            If a value is wrong, or it cannot be stored.
        """
        changed = self.get(name).changed(changes)
        with self._file.change() as saved:
            saved[name] = changed.stored()
        return changed


def read_preferences(fields: Any) -> ModelPreferences:
    """Return preferences from a file; none if it has something else there."""
    try:
        return ModelPreferences.model_validate(fields or {})
    except ValidationError:
        return ModelPreferences()


def read_settings(fields: Mapping[str, Any]) -> ModelSettings:
    """Return settings from a user's values; an extra body may be JSON as text, and ``None`` is not set.

    Raises
    ------
    SettingsError
        With a sentence about a wrong value.
    """
    given = dict(fields)
    if isinstance(text := given.get("extra_body"), str):
        given["extra_body"] = _json_object(text)
    return _read(ModelSettings, given)


def read_prices(fields: Mapping[str, Any]) -> Prices:
    """Return prices from a user's values; ``None`` is not set.

    Raises
    ------
    SettingsError
        With a sentence about a wrong value.
    """
    return _read(Prices, fields)


def _read(kind: type[T], fields: Mapping[str, Any]) -> T:
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "value"
        spelled = name.replace("_", " ")
        raise SettingsError(f"The {spelled} {given.get(name)!r} is not possible: {_reason(first)}.") from None


def _reason(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).replace("Input should", "it should")


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f'The extra body is not JSON: {error}. Write it like {{"top_k": 20}}.') from None
    if not isinstance(value, dict):
        raise SettingsError('The extra body must be a JSON object, like {"top_k": 20}.')
    return value
