"""Asks an endpoint for its models before it is saved."""

from __future__ import annotations

from ...agent.contracts import ModelError
from . import listed
from .addresses import address_of
from .connection import Connection
from .errors import explain
from .words import ServerError


async def list_models(url: str, *, model: str = "", api_key: str | None = None, timeout: float) -> list[str]:
    """Return the names of the models that an endpoint lists.

    None if it does not let everyone list, and a ``model`` is named.

    Raises
    ------
    ModelError
        If it is no address, does not answer within ``timeout`` seconds, or refuses the key.
    """
    address = address_of(url)
    connection = Connection(address, lambda: api_key, timeout=timeout)
    try:
        return [found.name for found in await listed.list_models(connection)]
    except ModelError:
        raise
    except Exception as error:
        if isinstance(error, ServerError) and error.status in (404, 405) and model:
            return []
        raise explain(error, where=address.shown, model=model or None, api_key=api_key) from error
    finally:
        await connection.close()
