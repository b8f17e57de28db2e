"""The WebSocket between a page and the server."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

if TYPE_CHECKING:
    from .connection import Connection
    from .services import Services

MAX_PAGE_NAME = 64
"""Characters of the name by which a page is recognised when it has lost its connection."""


class CodeActSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page's connection, for all notebooks it shows. Requires the right to execute code in kernels."""

    auth_resource = "kernels"

    def initialize(self, services: Callable[[], Services]) -> None:
        """Take what the extension has set up."""
        self._services = services
        self._connection: Connection | None = None

    def set_default_headers(self) -> None:
        """Set none: a WebSocket has no use for them."""

    @property
    def max_message_size(self) -> int:
        """Bytes of the largest message: as many as a saved notebook may have, for a page sends whole ones."""
        return self.serverapp.max_body_size if self.serverapp else super().max_message_size

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade the connection of a user who may execute code.

        Raises
        ------
        web.HTTPError
            403 for everyone else.
        """
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", "kernels")
        if not await ensure_async(allowed):
            raise web.HTTPError(403)
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Greet the page."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)  # or the system holds small messages back for some 40 ms
        name = self.get_query_argument("page", "")[:MAX_PAGE_NAME] or uuid.uuid4().hex
        self._connection = self._services().connect(name, self._write)

    def on_message(self, message: str | bytes) -> None:
        """Take a message from the page."""
        assert self._connection is not None
        self._connection.receive(message)

    def on_close(self) -> None:
        """Note that the page has gone."""
        super().on_close()
        if self._connection is not None:  # there is none if it was never let in
            self._connection.close()

    def _write(self, message: bytes) -> None:
        try:
            future = self.write_message(message)
        except WebSocketClosedError:
            return  # on_close follows
        future.add_done_callback(lambda done: done.exception())
