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
VACUUM_PAGES = 2_000
"""Pages of deleted rows that are given back in one step, between which others can write."""

DAMAGED = (
    "The file is damaged. End Jupyter and move the file away; a new one is begun then. "
    "`sqlite3 FILE .recover` may still read what was in the old one."
)


class JournalError(CodeActError):
    """The journal cannot be read or written, or has no such conversation; the message says why."""


class Database:
    """The journal's file, or one in memory if ``path`` is ``None``; threads may share it.

    Who reads does not wait for who writes: each has a connection of its own.

    Raises
    ------
    JournalError
        When the file cannot be opened, or was written by a newer release.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock, self._read_lock = threading.Lock(), threading.Lock()
        try:
            if path:
                _prepare(path)
            self._db = self._reader = self._connect()
            found = self._open()
            if path:
                self._reader = self._connect()
        except (OSError, sqlite3.Error) as error:
            raise JournalError(
                f"The journal {path} cannot be opened: {_reason(error)}{advice(error)}"
            ) from error
        if found > schema.VERSION:
            self.close()
            raise JournalError(
                f"The journal {path} was written by a newer jupyter-codeact. Update this one to read it."
            )

    def _open(self) -> int:
        try:
            (found,) = self._db.execute("PRAGMA user_version").fetchone()
            if found < schema.VERSION:  # or it would wait for who writes
                self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before the first table
                self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA secure_delete=ON")
            return schema.migrate(self._db)
        except sqlite3.Error:
            self._db.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        name = str(self.path) if self.path else ":memory:"
        return sqlite3.connect(name, check_same_thread=False, isolation_level=None, timeout=LOCK_TIMEOUT)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read from the file; what goes wrong is a `JournalError` with a sentence."""
        lock = self._lock if self._reader is self._db else self._read_lock
        with self._explained("read"), lock:
            yield self._reader

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Change the file in one step, or not at all."""
        with self._explained("written"), self._lock:
            db = self._db
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            place = self.path or "in memory"
            raise JournalError(
                f"The journal {place} cannot be {what}: {_reason(error)}{advice(error)}"
            ) from error

    def release_space(self) -> None:
        """Give the space of deleted rows back, in the file and in its log.

        While another process reads, deleted rows stay in the log until it has ended.
        """
        before = -1
        while True:
            with self._explained("written"), self._lock:
                (left,) = self._db.execute("PRAGMA freelist_count").fetchone()
                if left in (0, before):
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                    return
                # `execute` takes only the first of its steps
                self._db.executescript(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
            before = left

    def close(self) -> None:
        """Close the file, once no thread uses it."""
        with self._lock, self._read_lock:
            self._db.close()
            self._reader.close()


def advice(error: Exception) -> str:
    """Return the end of a sentence about an error: what the user can do."""
    words = str(error).lower()
    if "locked" in words or "busy" in words:
        return ". Another program is using the file: end it, or wait, and try again."
    if "readonly" in words or "read-only" in words or isinstance(error, PermissionError):
        return ". See that you may write to this file and to its folder, and try again."
    if "full" in words or "no space" in words:
        return ". Make room on the disk, and try again."
    if any(word in words for word in ("malformed", "not a database", "corrupt", "disk i/o", "no such table")):
        return f". {DAMAGED}"
    return "."


def _prepare(path: Path) -> None:
    """Make the file if it is not there, readable by its owner only; SQLite gives its log the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _reason(error: Exception) -> str:
    return str(error).rstrip(".")
