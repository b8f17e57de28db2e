"""Options of an engine as users write them: in a configuration file, on a command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from ...agent.contracts import Frozen, ModelError

_Options = TypeVar("_Options", bound=Frozen)


def read(kind: type[_Options], engine: str, given: Mapping[str, Any]) -> _Options:
    """Return an engine's options.

    Raises
    ------
    ModelError
        If there is no such option, or its value is wrong.
    """
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if not name:  # options that do not go together
            reason = first["msg"].removeprefix("Value error, ")
            raise ModelError(f"The options for {engine} do not go together: {reason}.") from error
        if name not in kind.model_fields:
            known = ", ".join(kind.model_fields)
            raise ModelError(f"There is no option {name!r} for {engine}; there are {known}.") from error
        raise ModelError(f"The option {name} for {engine} is wrong: {first['msg']}.") from error
