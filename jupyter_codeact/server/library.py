"""The conversations about all notebooks of a server, to search and to export."""

from __future__ import annotations

import asyncio

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..agent.contracts import CodeActError
from ..agent.secrets import environment_secrets, hide
from ..agent.unicode import valid_text
from ..journal.search import FoundConversation
from .reports import conversation_page
from .setup import Setup

QUERY = 200
"""Most characters of a query that count."""


class LibraryHandler(APIHandler):
    """Answers a page; requires the right to execute code in kernels, whose outputs conversations have."""

    auth_resource = "kernels"

    def initialize(self, setup: Setup) -> None:
        """Take what the extension has set up."""
        self._setup = setup

    @web.authenticated
    async def get(self, conversation: str | None = None) -> None:
        """Return a conversation as a page to read, or those that have all words of ``q``.

        Raises
        ------
        web.HTTPError
            403 for a user who may not execute code, 404 for a conversation that is not one of this server's.
        """
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", "kernels")
        if not await ensure_async(allowed):
            raise web.HTTPError(403)
        try:
            if conversation is None:
                query = valid_text(self.get_query_argument("q", ""))[:QUERY]
                found = await asyncio.to_thread(self._search, query)
                self.finish({"conversations": [each.model_dump() for each in found]})
            else:
                self.finish(await asyncio.to_thread(self._export, conversation))
        except CodeActError as error:
            raise web.HTTPError(404, str(error)) from error

    def _search(self, query: str) -> list[FoundConversation]:
        secrets = environment_secrets()
        return [
            each.model_copy(
                update={"title": hide(each.title, secrets), "excerpt": hide(each.excerpt, secrets)}
            )
            for each in self._setup.journal.search(query, self._setup.root)
        ]

    def _export(self, conversation: str) -> dict[str, str]:
        journal, start = self._setup.journal, self._setup.key("")
        notebook = journal.notebook(conversation)
        if not notebook.startswith(start):
            raise CodeActError("This conversation is about no notebook of this server.")
        name, text = conversation_page(journal, notebook, conversation)
        return {"name": name, "text": text}
