"""The WebSocket between a page and the agent."""

from __future__ import annotations

import uuid
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from pydantic import ValidationError
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..agent.contracts import CodeActError
from ..protocol import FROM_PAGE, FROM_SERVER, Refused
from .conversations import Conversations

LONGEST_NAME = 64
"""Characters of the name by which a page that has lost its connection is known again."""


class CodeActSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page's connection, for all notebooks it shows. Asks for the right to execute code in kernels."""

    auth_resource = "kernels"

    def initialize(self, conversations: Conversations) -> None:
        """Take what the extension has wired."""
        self.conversations = conversations

    def set_default_headers(self) -> None:
        """Set none: a WebSocket has no use for them."""

    @property
    def max_message_size(self) -> int:
        """Bytes a message may have: as many as a notebook that is saved, for a page tells of whole ones."""
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
        name = self.get_query_argument("page", "")[:LONGEST_NAME] or uuid.uuid4().hex
        self.page = self.conversations.join(name, self._send)

    def on_message(self, message: str | bytes) -> None:
        """Take a message from the page; one that makes no sense is answered and changes nothing."""
        try:
            parsed = FROM_PAGE.validate_json(message)
        except ValidationError as error:
            # without what was given, for that may be a key
            wrong = error.errors(include_input=False, include_url=False, include_context=False)
            self.log.warning("CodeAct cannot read a message from a page: %s", wrong)
            text = "This page and the server do not understand each other. Reload the page."
            self._send(Refused(notebook="", message=text))
            return
        try:
            self.conversations.receive(self.page, parsed)
        except CodeActError as error:
            self._send(Refused(notebook=getattr(parsed, "notebook", ""), message=str(error)))

    def on_close(self) -> None:
        """Say that the page has gone."""
        super().on_close()
        if page := getattr(self, "page", None):  # none if it was never let in
            self.conversations.leave(page, self._send)

    def _send(self, message: Any) -> None:
        try:
            future = self.write_message(FROM_SERVER.dump_json(message))
        except WebSocketClosedError:
            return  # on_close follows and tells whoever waits
        future.add_done_callback(lambda done: done.exception())
