"""The journal: every event of every conversation, in one SQLite file that only grows."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from ..agent.contracts import CodeActError
from ..agent.events import Event, RunEnded, dump, load, new_id

VERSION = 1
_SCHEMA = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY, notebook TEXT NOT NULL, created REAL NOT NULL
);
CREATE INDEX conversation_notebook ON conversation (notebook, created);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX event_conversation ON event (conversation, seq);
"""


def default_path() -> Path:
    """Return where the journal lies: ``codeact/journal.sqlite`` in Jupyter's data directory."""
    return Path(jupyter_data_dir()) / "codeact" / "journal.sqlite"


class JournalError(CodeActError):
    """The journal cannot be read or written; the message says why."""


class SqliteJournal:
    """Implements the agent's `Journal` contract on one SQLite file.

    An event that `append` has returned for survives the process, however it ends (write-ahead log).
    Readable by its owner only, because it holds what people asked and what their notebooks showed.

    Parameters
    ----------
    path
        The file; made with its folder when it is not there.

    Raises
    ------
    JournalError
        When the file cannot be opened, or was written by a newer release.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"The journal {path} cannot be opened: {error}.") from error

    def _migrate(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={VERSION}")
        self._db.execute("COMMIT")
        if version > VERSION:
            raise JournalError(
                f"The journal {self.path} was written by a newer jupyter-codeact. Update this one to read it."
            )

    def append(self, event: Event) -> int:
        """Store an event durably and return its sequence number.

        Raises
        ------
        JournalError
            When it cannot be written, for example on a full disk.
        """
        with self._access("written") as db:
            cursor = db.execute(
                "INSERT INTO event (conversation, body) VALUES (?, ?)", (event.conversation, dump(event))
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def events(self, conversation: str, since: int = 0) -> Iterator[Event]:
        """Yield a conversation's events with a sequence number above ``since``, oldest first."""
        with self._access("read") as db:
            rows = db.execute(
                "SELECT body FROM event WHERE conversation = ? AND seq > ? ORDER BY seq",
                (conversation, since),
            ).fetchall()
        for (body,) in rows:
            yield load(body)

    def begin(self, notebook: str) -> str:
        """Begin a conversation for a notebook (its path) and return its id."""
        conversation = new_id()
        with self._access("written") as db:
            db.execute(
                "INSERT INTO conversation (id, notebook, created) VALUES (?, ?, ?)",
                (conversation, notebook, time.time()),
            )
        return conversation

    def latest(self, notebook: str) -> str | None:
        """Return the newest conversation of a notebook, or ``None``."""
        with self._access("read") as db:
            row = db.execute(
                "SELECT id FROM conversation WHERE notebook = ? ORDER BY created DESC, rowid DESC LIMIT 1",
                (notebook,),
            ).fetchone()
        return row[0] if row else None

    def move(self, old: str, new: str) -> None:
        """Let the conversations of a renamed notebook, or of the notebooks in a renamed folder, follow it."""
        with self._access("written") as db:
            db.execute(
                "UPDATE conversation SET notebook = ? || substr(notebook, ?) "
                "WHERE notebook = ? OR substr(notebook, 1, ?) = ?",
                (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
            )

    def detach(self, notebook: str) -> None:
        """Keep the conversations of a deleted notebook, or folder of notebooks, but let go of the name."""
        with self._access("written") as db:
            db.execute(
                "UPDATE conversation SET notebook = '' WHERE notebook = ? OR substr(notebook, 1, ?) = ?",
                (notebook, len(notebook) + 1, f"{notebook}/"),
            )

    def close_unfinished(self, conversation: str) -> None:
        """End the last run in the record if whatever worked on it was cut off before it could say so."""
        last = next(reversed(list(self.events(conversation))), None)
        if last is not None and not isinstance(last, RunEnded):
            message = "Jupyter ended in the middle of this run. What was done until then is kept."
            end = {"run": last.run, "turn": last.turn, "ending": "failed", "message": message}
            self.append(RunEnded(conversation=conversation, **end))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _access(self, what: str) -> Iterator[sqlite3.Connection]:
        """Use the file alone, and say in a sentence what goes wrong."""
        try:
            with self._lock:
                yield self._db
        except sqlite3.Error as error:
            reason = str(error).rstrip(".")
            raise JournalError(f"The journal {self.path} cannot be {what}: {reason}.") from error
