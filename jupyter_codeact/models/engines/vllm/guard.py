"""What stands before vLLM's server: the key on every route, and no routes but the protocol's.

By itself, vLLM asks for the key below ``/v1`` only; whoever reaches the port can use the rest, of which some
routes write replies, load adapters or let the server sleep.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

KEY_VARIABLE = "VLLM_API_KEY"
"""The environment variable with the key, which vLLM reads, too."""
_ROUTES = frozenset({"/health", "/v1/models", "/v1/chat/completions", "/v1/completions"})

_Message = MutableMapping[str, Any]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, Callable[[], Awaitable[_Message]], _Send], Awaitable[None]]


class Guard:
    """An ASGI application around another one, as vLLM's option ``--middleware`` takes it."""

    def __init__(self, app: _App) -> None:
        self._app = app
        self._expected = f"Bearer {os.environ[KEY_VARIABLE]}".encode()

    async def __call__(
        self, scope: _Message, receive: Callable[[], Awaitable[_Message]], send: _Send
    ) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif not hmac.compare_digest(dict(scope["headers"]).get(b"authorization", b""), self._expected):
            await _refuse(send, 401, "The API key is missing or wrong.", "invalid_api_key")
        elif scope["path"] not in _ROUTES:
            await _refuse(send, 404, "There is nothing at this address.", None)
        else:
            await self._app(scope, receive, send)


async def _refuse(send: _Send, status: int, message: str, code: str | None) -> None:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": error}).encode()})
