"""One page's connection, apart from the WebSocket that carries it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..protocol import FROM_SERVER, Refused
from .conversations import Conversations
from .messages import UnreadableError, read_message

log = logging.getLogger(__name__)

UNREADABLE = "This page and the server do not understand each other. Reload the page."


class Connection:
    """A page that has joined the conversations of all notebooks it shows.

    Parameters
    ----------
    conversations
        The server's.
    name
        By which the page is recognised when it has lost its connection.
    write
        Writes a message to the page, as JSON.
    """

    def __init__(self, conversations: Conversations, name: str, write: Callable[[bytes], None]) -> None:
        self._conversations, self._write = conversations, write
        self._page = conversations.join(name, self._send)

    def receive(self, message: str | bytes) -> None:
        """Take a message from the page; one that cannot be read is refused and changes nothing."""
        try:
            parsed = read_message(message)
        except UnreadableError as error:
            log.warning("CodeAct cannot read a message from a page: %s", error)
            if error.answer:
                self._conversations.receive(self._page, error.answer)
            self._send(Refused(id=error.request, notebook="", message=UNREADABLE))
            return
        self._conversations.receive(self._page, parsed)

    def close(self) -> None:
        """Note that the page has gone."""
        self._conversations.leave(self._page, self._send)

    def _send(self, message: Any) -> None:
        self._write(FROM_SERVER.dump_json(message))
