"""Addresses of endpoints, in full and as people may see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from ...agent.contracts import ModelError


@dataclass(frozen=True)
class Address:
    """Where, and with which key, a client of the protocol reaches a model."""

    url: str
    api_key: str = field(repr=False)


class EndpointAddress(NamedTuple):
    """An endpoint's address: ``url`` in full, ``shown`` without what may be secret in it."""

    url: str
    shown: str
    host: str
    origin: str


def address_of(endpoint: str) -> EndpointAddress:
    """Parse an endpoint's address; ``/v1`` is meant where there is no path.

    Raises
    ------
    ModelError
        If it is not an address.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host:
        raise ModelError("The endpoint must be an address like http://localhost:8000/v1.")
    whole = parts._replace(path=parts.path.rstrip("/") or "/v1", query="", fragment="")
    shown = urlunsplit(whole._replace(netloc=whole.netloc.rpartition("@")[2]))
    default_port = 443 if parts.scheme == "https" else 80
    return EndpointAddress(urlunsplit(whole), shown, host, f"{parts.scheme}://{host}:{port or default_port}")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
