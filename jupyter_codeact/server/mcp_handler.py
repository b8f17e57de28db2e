"""The requests of MCP clients, behind Jupyter's authentication. Importing this is cheap."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

if TYPE_CHECKING:
    from .services import Services

NOT_INSTALLED = (
    "The MCP server needs the package mcp, which is not installed here: pip install 'jupyter-codeact[mcp]', "
    "and restart Jupyter."
)
STRANGER = (
    "The token is missing or wrong. Send the one that `jupyter server list` shows, in the header "
    "“Authorization: token …”."
)
OTHER_ORIGIN = "Pages of another origin may not do this, unless ServerApp.allow_origin allows their origin."
PRIVATE = {"authorization", "cookie", "x-xsrftoken"}
"""Headers that nobody needs behind the door."""


class McpHandler(APIHandler):
    """Passes requests of MCP clients on; requires the right to execute code in kernels."""

    auth_resource = "kernels"

    def initialize(self, services: Callable[[], Services]) -> None:
        """Take what the extension has set up."""
        self._services = services
        self._gone = asyncio.Event()
        self._body: bytes | None = self.request.body

    async def prepare(self) -> None:  # type: ignore[override]  # as in Jupyter
        """Say why a client is turned away, where Jupyter speaks of cookies or of nothing."""
        try:
            await super().prepare()
        except web.HTTPError as error:
            if self.check_host() and not self.current_user:
                raise web.HTTPError(403, STRANGER) from error
            if self.check_host() and not self.check_origin():
                raise web.HTTPError(404, OTHER_ORIGIN) from error
            raise

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:
        """Refuse pages of other origins even if they have a token, unless the server allows their origin."""
        origin, host = self.request.headers.get("Origin"), self.request.headers.get("Host")
        if self.request.method == "OPTIONS" or not origin or self.allow_origin == "*":
            return True
        is_own = urlsplit(origin.lower()).netloc == host
        allowed = is_own or origin == self.allow_origin or self._fits_pattern(origin)
        if not allowed:
            self.log.warning("Blocking an MCP client from the origin %s.", origin)
        return bool(allowed)

    @web.authenticated
    async def get(self) -> None:
        """Open a client's stream of notifications."""
        await self._pass_on()

    @web.authenticated
    async def post(self) -> None:
        """Take a client's message."""
        await self._pass_on()

    @web.authenticated
    async def delete(self) -> None:
        """End a client's session."""
        await self._pass_on()

    def on_connection_close(self) -> None:
        """Note that the client is gone."""
        super().on_connection_close()
        self._gone.set()

    def _fits_pattern(self, origin: str) -> bool:
        pattern = self.allow_origin_pat
        return bool(pattern and re.fullmatch(pattern, origin))

    async def _pass_on(self) -> None:
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", "kernels")
        if not await ensure_async(allowed):
            raise web.HTTPError(403, "You may not execute code in kernels here.")
        try:
            manager = await self._services().mcp.manager()
        except ImportError as error:
            raise web.HTTPError(501, NOT_INSTALLED) from error
        await manager.handle_request(self._scope(), self._receive, self._send)

    def _scope(self) -> dict[str, Any]:
        request = self.request
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.protocol,
            "path": request.path,
            "raw_path": request.path.encode(),
            "query_string": request.query.encode(),
            "root_path": "",
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers.get_all()
                if name.lower() not in PRIVATE
            ],
            "client": None,
            "server": None,
        }

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.set_status(message["status"])
            for name, value in message.get("headers", ()):
                if name.lower() != b"content-length":  # Tornado counts by itself
                    self.set_header(name.decode("latin-1"), value.decode("latin-1"))
            return
        if body := message.get("body"):
            self.write(body)
        with suppress(StreamClosedError):  # the client is gone, as `_receive` says
            if message.get("more_body"):
                await self.flush()
            else:
                kind = self._headers.get("Content-Type", "application/json")
                await self.finish(set_content_type=kind)
