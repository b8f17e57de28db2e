"""Finding conversations by what was asked and answered in them."""

from __future__ import annotations

import re
import sqlite3

from ..agent.contracts import ConversationInfo

MOST = 50
"""Most conversations that are found."""
AROUND = 60
"""Characters of an excerpt on each side of the first word that was looked for."""

_TEXTS = """
SELECT json_extract(body, '$.task'), json_extract(body, '$.answer') FROM event
WHERE conversation = ? AND length(body) < 1000000
    AND json_extract(body, '$.type') IN ('run_started', 'run_ended') ORDER BY seq
"""


class FoundConversation(ConversationInfo):
    """A conversation that was found: the path of its notebook, and an ``excerpt`` with the first word."""

    notebook: str
    excerpt: str = ""


def search(db: sqlite3.Connection, query: str, root: str) -> list[FoundConversation]:
    """Return the conversations with all words of ``query``, the one worked in last first.

    Parameters
    ----------
    db : sqlite3.Connection
        The journal's file.
    query : str
        Words, or parts of words, in any order and case; without one, the latest conversations are found.
    root : str
        The folder whose notebooks count; their paths are relative to it.
    """
    words = query.casefold().split()
    start = root.rstrip("/") + "/"
    rows = db.execute(
        "SELECT id, title, task, created, updated, runs, notebook FROM conversation "
        "WHERE (runs > 0 OR title IS NOT NULL) AND substr(notebook, 1, ?) = ? "
        "ORDER BY updated DESC, rowid DESC",
        (len(start), start),
    )
    found: list[FoundConversation] = []
    for identity, title, task, created, updated, runs, notebook in rows.fetchall():
        named = title or " ".join((task or "").split())
        excerpt = ""
        if words:
            path = notebook[len(start) :]
            asked = db.execute(_TEXTS, (identity,)).fetchall()
            text = " ".join(
                str(part) for part in (named, path, *(each for row in asked for each in row)) if part
            )
            if not all(word in text.casefold() for word in words):
                continue
            excerpt = _excerpt(text, named, words)
        found.append(
            FoundConversation(
                id=identity,
                title=named,
                created=created,
                updated=updated,
                runs=runs,
                notebook=notebook[len(start) :],
                excerpt=excerpt,
            )
        )
        if len(found) == MOST:
            break
    return found


def _excerpt(text: str, title: str, words: list[str]) -> str:
    """Return what stands around the first word that the title does not show; nothing if it shows all."""
    hidden = [word for word in words if word not in title.casefold()]
    if not hidden or (match := re.search(re.escape(hidden[0]), text, re.IGNORECASE)) is None:
        return ""
    start, end = max(0, match.start() - AROUND), match.end() + AROUND
    around = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{around}{'…' if end < len(text) else ''}"
