"""One SQLite file that several processes may use at once."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..agent.contracts import CodeActError
from . import schema

LOCK_TIMEOUT = 10.0
"""Seconds to wait for another process that writes."""


class JournalError(CodeActError):
    """The journal cannot be read or written, or has no such conversation; the message says why."""


class Database:
    """The journal's file, or one in memory if ``path`` is ``None``; threads may share it.

    Raises
    ------
    JournalError
        When the file cannot be opened, or was written by a newer release.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        name = str(path) if path else ":memory:"
        try:
            if path:
                _prepare(path)
            self._db = sqlite3.connect(
                name, check_same_thread=False, isolation_level=None, timeout=LOCK_TIMEOUT
            )
            found = self._open()
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"The journal {path} cannot be opened: {_reason(error)}.") from error
        if found > schema.VERSION:
            self._db.close()
            raise JournalError(
                f"The journal {path} was written by a newer jupyter-codeact. Update this one to read it."
            )

    def _open(self) -> int:
        try:
            self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before the first table
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA secure_delete=ON")
            return schema.migrate(self._db)
        except sqlite3.Error:
            self._db.close()
            raise

    @contextmanager
    def reading(self, what: str = "read") -> Iterator[sqlite3.Connection]:
        """Use the file alone; what goes wrong is a `JournalError` with a sentence."""
        try:
            with self._lock:
                yield self._db
        except sqlite3.Error as error:
            place = self.path or "in memory"
            raise JournalError(f"The journal {place} cannot be {what}: {_reason(error)}.") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Change the file in one step, or not at all."""
        with self.reading("written") as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def release_space(self) -> None:
        """Give the space of deleted rows back, in the file and in its log.

        While another process reads, deleted rows stay in the log until it has ended.
        """
        with self.reading() as db:
            db.executescript("PRAGMA incremental_vacuum")  # `execute` takes only the first of its steps
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file, once no thread uses it."""
        with self._lock:
            self._db.close()


def _prepare(path: Path) -> None:
    """Make the file if it is not there, readable by its owner only; SQLite gives its log the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _reason(error: Exception) -> str:
    return str(error).rstrip(".")
