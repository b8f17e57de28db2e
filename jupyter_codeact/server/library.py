"""The conversations about all notebooks of a server, to search and to export."""

from __future__ import annotations

from typing import Any

from ..agent.contracts import CodeActError
from ..agent.secrets import environment_secrets, hide
from ..agent.unicode import valid_text
from .reports import conversation_page
from .setup import Setup

QUERY = 200
"""Most characters of a query that count."""


class Library:
    """Searches and exports conversations; both block."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def search(self, query: str) -> list[dict[str, Any]]:
        """Return the conversations that have all words of a query, as a page gets them."""
        secrets = environment_secrets()
        found = self._setup.journal.search(valid_text(query)[:QUERY], self._setup.root)
        return [
            each.model_copy(
                update={"title": hide(each.title, secrets), "excerpt": hide(each.excerpt, secrets)}
            ).model_dump()
            for each in found
        ]

    def export(self, conversation: str) -> dict[str, str]:
        """Return a conversation as a page to read.

        Raises
        ------
        LookupError
            If it is about no notebook of this server, or is gone; the message is for the user.
        """
        journal, start = self._setup.journal, self._setup.key("")
        try:
            notebook = journal.notebook(conversation)
            if not notebook.startswith(start):
                raise CodeActError("This conversation is about no notebook of this server.")
            name, text = conversation_page(journal, notebook, conversation)
        except CodeActError as error:
            raise LookupError(str(error)) from error
        return {"name": name, "text": text}
