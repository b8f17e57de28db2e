"""What answers a page's single requests. Importing this is cheap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web

if TYPE_CHECKING:
    from .completion import CompletionReply
    from .services import Services


class PageHandler(APIHandler):
    """Base class of handlers that require the right to execute code in kernels."""

    auth_resource = "kernels"

    def initialize(self, services: Callable[[], Services]) -> None:
        """Take what the extension has set up."""
        self._services = services

    async def _allowed(self) -> Services:
        """Return the services, for a user who may execute code.

        Raises
        ------
        web.HTTPError
            403 for everyone else.
        """
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", "kernels")
        if not await ensure_async(allowed):
            raise web.HTTPError(403)
        return self._services()


class LibraryHandler(PageHandler):
    """Answers with conversations, which have outputs of kernels."""

    @web.authenticated
    async def get(self, conversation: str | None = None) -> None:
        """Return a conversation as a page to read, or those that have all words of ``q``.

        Raises
        ------
        web.HTTPError
            403 for a user who may not execute code, 404 for a conversation that is not one of this server's.
        """
        library = (await self._allowed()).library
        if conversation is None:
            query = self.get_query_argument("q", "")
            self.finish({"conversations": await asyncio.to_thread(library.search, query)})
            return
        try:
            self.finish(await asyncio.to_thread(library.export, conversation))
        except LookupError as error:
            raise web.HTTPError(404, str(error)) from error


class CompletionHandler(PageHandler):
    """Completes code, for which variables of a kernel are read."""

    _work: asyncio.Task[CompletionReply] | None = None

    @web.authenticated
    async def post(self) -> None:
        """Complete code.

        Raises
        ------
        web.HTTPError
            403 for a user who may not execute code, 400 if the request cannot be read.
        """
        completer = (await self._allowed()).completer
        try:
            request = completer.read(self.request.body)
        except ValueError:
            raise web.HTTPError(400, "This is no request for a completion.") from None
        self._work = asyncio.ensure_future(completer.complete(request))
        with suppress(asyncio.CancelledError):  # nobody is there any more
            self.finish((await self._work).model_dump())

    def on_connection_close(self) -> None:
        """End the work: the user has typed on."""
        super().on_connection_close()
        if self._work is not None:
            self._work.cancel()
