"""The journal's tables, and the migration of files of earlier releases."""

from __future__ import annotations

import json
import sqlite3

VERSION = 3

_FIRST = """
CREATE TABLE conversation (
    id TEXT PRIMARY KEY, notebook TEXT NOT NULL, created REAL NOT NULL
);
CREATE INDEX conversation_notebook ON conversation (notebook, created);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX event_conversation ON event (conversation, seq)
"""

# The columns that a list of conversations shows are kept up to date as events come, so that listing reads no
# events. `run` has the runs under way and their processes; `journal` is one opening of the file.
# `mode` has the user's choice of approval, by notebook.
_SECOND = """
ALTER TABLE conversation ADD COLUMN updated REAL NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN title TEXT;
ALTER TABLE conversation ADD COLUMN task TEXT;
ALTER TABLE conversation ADD COLUMN runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversation_updated ON conversation (updated);
CREATE TABLE run (
    id TEXT PRIMARY KEY, conversation TEXT NOT NULL,
    pid INTEGER NOT NULL, started REAL NOT NULL, journal TEXT NOT NULL
);
CREATE INDEX run_conversation ON run (conversation);
CREATE TABLE mode (notebook TEXT PRIMARY KEY, mode TEXT NOT NULL)
"""

# The third has the same tables; events have other names and fields since. Those of before stay as they are,
# and `upgrade` reads them. The number lets an earlier release say that it is too old for the file, instead of
# failing at the first event that it does not know.


def migrate(db: sqlite3.Connection) -> int:
    """Bring a file up to `VERSION` in one step, and return the version it was found in.

    A newer file is left alone. One that needs nothing is only read, and need not be free for writing.
    """
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found >= VERSION:
        return int(found)
    db.execute("BEGIN IMMEDIATE")
    try:
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found < 1:
            _run(db, _FIRST)
        if found < 2:
            _run(db, _SECOND)
            _count(db)
        if found < VERSION:
            db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    if found == 1:
        db.execute("VACUUM")  # turns auto_vacuum on in an existing file
    return int(found)


def _run(db: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";"):
        db.execute(statement)


def _count(db: sqlite3.Connection) -> None:
    """Fill the new columns from the events; no process works on a run without an end."""
    db.execute("UPDATE conversation SET updated = created")
    for conversation, body in db.execute("SELECT conversation, body FROM event ORDER BY seq").fetchall():
        event = json.loads(body)
        began = event["type"] == "run_started"
        db.execute(
            "UPDATE conversation SET updated = max(updated, ?), bytes = bytes + ?, runs = runs + ?, "
            "task = coalesce(task, ?) WHERE id = ?",
            (event["time"], len(body.encode()), began, event.get("task") if began else None, conversation),
        )
        if began:
            db.execute("INSERT OR REPLACE INTO run VALUES (?, ?, 0, 0, '')", (event["run"], conversation))
        elif event["type"] == "run_ended":
            db.execute("DELETE FROM run WHERE id = ?", (event["run"],))
