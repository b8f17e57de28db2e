"""What a server says in an error, whatever its form: its own words, its codes, its status."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from http.client import responses
from typing import Any

from ...agent.secrets import environment_secrets, hide

LONGEST = 300
"""Most characters of a server's words in a sentence."""
LONGEST_KEPT = 4000
"""Most characters of them that are looked at."""

_DEEPEST = 8
_SAYS = (
    "error",
    "errors",
    "message",
    "detail",
    "details",
    "error_message",
    "error_description",
    "error_msg",
    "msg",
    "reason",
    "description",
    "faultstring",
    "fault",
    "title",
)
"""Fields that say what is wrong, the likeliest first."""
_CODES = ("code", "type", "status", "error_code", "param")
_KEY = re.compile(r"(?:\b(?:(?:sk|pk|gsk|xai|hf)[-_]|AIza)|\bBearer\s+)[-_.*A-Za-z0-9]{8,}")
_TAGS = re.compile(r"<(script|style)\b.*?(?:</\1\s{0,9}>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1)\b[^<>]{0,300}>(.{0,1000}?)</\1\s{0,9}>", re.DOTALL | re.IGNORECASE)


class ServerError(Exception):
    """An error that a server reports: with an HTTP status, in a body, or within a stream.

    Attributes
    ----------
    status : int, optional
        The HTTP status, or the one that the body names.
    body : object
        The body: a JSON value, or text.
    headers : mapping
        The headers of the response, their names in lower case.
    in_stream : bool
        Whether it was part of a successful response.
    """

    def __init__(
        self,
        status: int | None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        in_stream: bool = False,
    ) -> None:
        super().__init__(status)
        self.body, self.in_stream = body, in_stream
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self.status = status if status is not None else _status_in(body)
        self.words = words(body)
        self.codes = frozenset(_codes(body))

    @property
    def param(self) -> str | None:
        """The parameter that the server complains about, where it names one in a field."""
        inner = self.body.get("error", self.body) if isinstance(self.body, dict) else None
        name = inner.get("param") if isinstance(inner, dict) else None
        return name if isinstance(name, str) and name else None


class UnreadableReplyError(Exception):
    """An answer that is no reply: ``said`` is what the server sent.

    ``broken`` says that it began as one, so that another attempt may succeed.
    """

    def __init__(self, said: str, *, broken: bool = False) -> None:
        super().__init__(said)
        self.said, self.broken = said, broken


def words(body: object) -> str:
    """Return what an error's body says, in one line; empty if it says nothing."""
    return " ".join(_said(body, 0)[:LONGEST_KEPT].split())


def shortened(said: str, api_key: str | None = None) -> str:
    """Return a server's words as a person may see them: without keys, and not too long."""
    if api_key:
        said = said.replace(api_key, "…")
    said = _KEY.sub("…", hide(said, environment_secrets()))
    return said if len(said) <= LONGEST else said[:LONGEST] + "…"


def phrase(status: int) -> str:
    """Return HTTP's own phrase for a status, for servers that say nothing."""
    return responses.get(status, "")


def _said(value: object, depth: int) -> str:
    if depth > _DEEPEST:
        return ""
    if isinstance(value, str):
        return _text(value, depth)
    if isinstance(value, list):
        items = dict.fromkeys(filter(None, (_said(item, depth + 1) for item in value[:10])))
        return "; ".join(items)
    if not isinstance(value, dict):
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
    fields = {str(name).lower(): field for name, field in value.items()}
    if isinstance(fields.get("loc"), list) and "msg" in fields:  # FastAPI: where, and what is wrong there
        return f"{'.'.join(map(str, fields['loc']))}: {_said(fields['msg'], depth + 1)}"
    found: list[str] = []
    for name in _SAYS:
        said = _said(fields.get(name), depth + 1)
        if said and not any(said in earlier for earlier in found):
            found = [*(earlier for earlier in found if earlier not in said), said]
    if found:
        said = ": ".join(found[:3])
        return said + _origin(fields, said, depth)
    codes = [fields[name] for name in _CODES if isinstance(fields.get(name), str) and fields[name]]
    if codes and not any(fields[name] for name in fields if name not in _CODES):
        return ", ".join(codes)
    return json.dumps(value, ensure_ascii=False, default=str) if value else ""


def _origin(fields: dict[str, Any], said: str, depth: int) -> str:
    """Return what the provider behind a router said."""
    metadata = fields.get("metadata")
    raw = _said(metadata.get("raw"), depth + 1) if isinstance(metadata, dict) else ""
    return f": {raw}" if raw and raw not in said else ""


def _text(text: str, depth: int) -> str:
    text = text.strip()
    if text[:1] in ("{", "["):  # an error within an error, as text
        try:
            return _said(json.loads(text), depth + 1) or text
        except (ValueError, RecursionError):
            return text
    if text[:1] == "<" and (text[:5].lower() in ("<html", "<!doc", "<head", "<body") or "</" in text):
        page = text[:20_000]
        title = _TITLE.search(page)
        return html.unescape(_TAGS.sub(" ", title[2] if title else page)).strip()
    return text


def _status_in(body: object) -> int | None:
    for name, value in _fields(body):
        if name in ("code", "status", "status_code", "statuscode", "http_status"):
            number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
            if isinstance(number, int) and not isinstance(number, bool) and 400 <= number < 600:
                return number
    return None


def _codes(body: object) -> Iterator[str]:
    for name, value in _fields(body):
        if name in ("code", "type", "status") and isinstance(value, str):
            yield value


def _fields(body: object, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the fields of an error's body, the outermost first."""
    if isinstance(body, list):
        body = body[0] if body else None
    if not isinstance(body, dict) or depth > 3:
        return
    for name, value in body.items():
        yield str(name).lower(), value
    for name in ("error", "message", "detail"):
        yield from _fields(body.get(name), depth + 1)
