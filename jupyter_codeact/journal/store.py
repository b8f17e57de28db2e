"""The journal: every event of every conversation, in one SQLite file that only grows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from ..agent.contracts import ConversationInfo
from ..agent.events import Event, RunEnded, RunStarted, dump, new_id
from ..agent.gate.setting import Approval, read_approval
from ..agent.unicode import valid_text
from . import process
from .database import DAMAGED, Database, JournalError
from .search import FoundConversation, search
from .upgrade import EventReader

DAY = 24 * 3600
A_MOMENT = 0.001
_LIST = "SELECT id, title, task, created, updated, runs FROM conversation "


def default_path() -> Path:
    """Return where the journal lies: ``codeact/journal.sqlite`` in Jupyter's data directory."""
    return Path(jupyter_data_dir()) / "codeact" / "journal.sqlite"


def open_journal(path: Path) -> SqliteJournal:
    """Open the journal, or one in memory where that cannot be done; its ``problem`` then says why."""
    try:
        return SqliteJournal(path)
    except JournalError as error:
        journal = SqliteJournal(None)
        journal.problem = f"{error} Conversations are not kept: they are forgotten when this program ends."
        return journal


class SqliteJournal:
    """Implements the agent's `Journal` contract on one SQLite file.

    An event survives the process, however that ends, once `append` has returned (write-ahead log). Several
    processes may use one file. Only its owner can read it, for it has what people asked and what their
    notebooks showed. Events that an earlier release stored are read as today's; they stay in the file as
    they are.

    Parameters
    ----------
    path
        The file; made with its folder when it is not there. ``None`` keeps everything in memory.

    Attributes
    ----------
    problem
        A sentence for the user when conversations are not kept as they should be.

    Raises
    ------
    JournalError
        When the file cannot be opened, or was written by a newer release.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem = ""
        self._id = new_id()
        self._file = Database(path)

    def append(self, event: Event) -> int:
        """Store an event durably and return its sequence number.

        Raises
        ------
        JournalError
            When it cannot be written, for example on a full disk.
        """
        body = dump(event)
        with self._file.writing() as db:
            return _append(db, event, body, (*process.current(), self._id))

    def events(self, conversation: str, since: int = 0) -> Iterator[Event]:
        """Yield a conversation's events with a sequence number above ``since``, oldest first."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT seq, body FROM event WHERE conversation = ? ORDER BY seq", (conversation,)
            ).fetchall()
        reader = EventReader()
        for seq, body in rows:
            try:
                event = reader.read(body)
            except (ValueError, TypeError, KeyError) as error:
                raise JournalError(f"The journal {self.path}: an event cannot be read. {DAMAGED}") from error
            if seq > since:
                yield event

    def begin(self, notebook: str) -> str:
        """Begin a conversation for a notebook (its path) and return its id."""
        notebook = valid_text(notebook)
        conversation, now = new_id(), time.time()
        with self._file.writing() as db:
            db.execute(
                "INSERT INTO conversation (id, notebook, created, updated) VALUES (?, ?, ?, max(?, "
                "(SELECT coalesce(max(updated), 0) FROM conversation WHERE notebook = ?)))",
                (conversation, notebook, now, now, notebook),  # the clock may have been set back
            )
        return conversation

    def latest(self, notebook: str) -> str | None:
        """Return the conversation of a notebook that was begun or worked in last, or ``None``."""
        with self._file.reading() as db:
            row = db.execute(
                "SELECT id FROM conversation WHERE notebook = ? ORDER BY updated DESC, rowid DESC LIMIT 1",
                (valid_text(notebook),),
            ).fetchone()
        return row[0] if row else None

    def conversations(self, notebook: str | None = None) -> list[ConversationInfo]:
        """Return the conversations in which something was asked, the one worked in last first."""
        where = "" if notebook is None else "AND notebook = ? "
        with self._file.reading() as db:
            rows = db.execute(
                f"{_LIST}WHERE (runs > 0 OR title IS NOT NULL) {where}ORDER BY updated DESC, rowid DESC",
                () if notebook is None else (notebook,),
            ).fetchall()
        return [_info(row) for row in rows]

    def search(self, query: str, root: str) -> list[FoundConversation]:
        """Return the conversations about notebooks below ``root`` that have all words of ``query``."""
        with self._file.reading() as db:
            return search(db, query, root)

    def find(self, name: str) -> ConversationInfo:
        """Return the conversation that ``name`` stands for: its id or the beginning of one, or ``latest``.

        Raises
        ------
        JournalError
            If there is none, or more than one.
        """
        known = self.conversations()
        found = known[:1] if name == "latest" else [one for one in known if name and one.id.startswith(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise JournalError(f"Several conversations begin with “{name}”. Give more of its id.")
        raise JournalError(
            f"There is no conversation “{name}”. `jupyter codeact conversations` lists them."
            if known
            else "There are no conversations yet."
        )

    def notebook(self, conversation: str) -> str:
        """Return the path of a conversation's notebook; empty if the notebook was deleted."""
        with self._file.reading() as db:
            row = db.execute("SELECT notebook FROM conversation WHERE id = ?", (conversation,)).fetchone()
        return _found(row, conversation)[0]

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation a title; an empty one gives it its first task again."""
        with self._file.writing() as db:
            row = db.execute(
                "UPDATE conversation SET title = ? WHERE id = ? RETURNING id",
                (" ".join(title.split()) or None, conversation),
            ).fetchone()
            _found(row, conversation)

    def delete(self, conversation: str) -> None:
        """Delete a conversation for good: what it held is overwritten in the file, too.

        Raises
        ------
        JournalError
            If there is none, or a run is under way in it.
        """
        self.notebook(conversation)
        if not self._forget(conversation):
            raise JournalError("A run is under way in this conversation. Stop it first.")
        self._file.release_space()

    def stale(
        self,
        *,
        max_age_days: float | None = None,
        max_bytes: int | None = None,
        keep: Collection[str] = (),
    ) -> list[ConversationInfo]:
        """Return what `prune` would delete, the oldest first."""
        with self._file.reading() as db:
            used = _in_use(db) | set(keep)
            rows = db.execute(f"{_LIST}ORDER BY updated, rowid").fetchall()
            sizes = dict(db.execute("SELECT id, bytes FROM conversation").fetchall())
        total, now, found = sum(sizes.values()), time.time(), []
        for one in map(_info, rows):
            if one.id in used:
                continue
            old = max_age_days is not None and one.updated < now - max_age_days * DAY
            empty = not one.runs and one.updated < now - DAY  # a notebook was opened, and nothing asked
            if old or empty or (max_bytes is not None and total > max_bytes and one.runs):
                total -= sizes[one.id]
                found.append(one)
        return found

    def prune(
        self,
        *,
        max_age_days: float | None = None,
        max_bytes: int | None = None,
        keep: Collection[str] = (),
    ) -> int:
        """Delete old conversations for good, and return how many.

        Parameters
        ----------
        max_age_days
            Those nobody has worked in for so long.
        max_bytes
            Those worked in longest ago, until the others take up no more.
        keep
            Conversations that stay; those with a run under way do anyway.
        """
        stale = self.stale(max_age_days=max_age_days, max_bytes=max_bytes, keep=keep)
        gone = [one for one in stale if self._forget(one.id)]
        if gone:
            self._file.release_space()
        return len([one for one in gone if one.runs])

    def _forget(self, conversation: str) -> bool:
        """Delete a conversation unless a run has begun in it; one at a time, so that others can write."""
        with self._file.writing() as db:
            used = conversation in _in_use(db)
            if not used:
                _delete(db, conversation)
        return not used

    def approval(self, notebook: str) -> Approval | None:
        """Return which of the agent's cells wait for approval in a notebook, if the user has chosen."""
        with self._file.reading() as db:
            row = db.execute("SELECT mode FROM mode WHERE notebook = ?", (notebook,)).fetchone()
        return read_approval(row[0]) if row else None

    def set_approval(self, notebook: str, approval: Approval) -> None:
        """Keep the user's choice of which of the agent's cells wait for approval in a notebook."""
        with self._file.writing() as db:
            db.execute("INSERT OR REPLACE INTO mode (notebook, mode) VALUES (?, ?)", (notebook, approval))

    def move(self, old: str, new: str) -> None:
        """Move conversations and choices along with a renamed notebook or folder of notebooks."""
        within = (new, len(old) + 1, old, len(old) + 1, f"{old}/")
        with self._file.writing() as db:
            db.execute(
                "UPDATE conversation SET notebook = ? || substr(notebook, ?) "
                "WHERE notebook = ? OR substr(notebook, 1, ?) = ?",
                within,
            )
            db.execute(
                "UPDATE OR REPLACE mode SET notebook = ? || substr(notebook, ?) "
                "WHERE notebook = ? OR substr(notebook, 1, ?) = ?",
                within,
            )

    def detach(self, notebook: str) -> None:
        """Keep the conversations of a deleted notebook, or folder of notebooks, without its name."""
        within = (notebook, len(notebook) + 1, f"{notebook}/")
        with self._file.writing() as db:
            db.execute(
                "UPDATE conversation SET notebook = '' WHERE notebook = ? OR substr(notebook, 1, ?) = ?",
                within,
            )
            db.execute("DELETE FROM mode WHERE notebook = ? OR substr(notebook, 1, ?) = ?", within)

    def close_unfinished(self, conversation: str) -> None:
        """Record the end of runs whose process ended in the middle of them."""
        message = "The program ended in the middle of this run. What was done until then is kept."
        with self._file.reading() as db:  # mostly there are none, and who only looks need not wait for others
            if not db.execute("SELECT 1 FROM run WHERE conversation = ?", (conversation,)).fetchone():
                return
        with self._file.writing() as db:
            for run, pid, began in db.execute(
                "SELECT id, pid, started FROM run WHERE conversation = ?", (conversation,)
            ).fetchall():
                if not process.is_alive(pid, began):
                    turn = _last_turn(db, conversation, run)
                    place = {"conversation": conversation, "run": run, "turn": turn}
                    event = RunEnded(**place, ending="failed", message=message)
                    _append(db, event, dump(event), (*process.current(), self._id))

    def close(self) -> None:
        """Close the file; runs that were begun through it are no longer under way."""
        with contextlib.suppress(JournalError), self._file.writing() as db:
            db.execute("UPDATE run SET pid = 0, started = 0 WHERE journal = ?", (self._id,))
        self._file.close()


def _append(db: sqlite3.Connection, event: Event, body: str, worker: tuple[int, float, str]) -> int:
    cursor = db.execute("INSERT INTO event (conversation, body) VALUES (?, ?)", (event.conversation, body))
    began = isinstance(event, RunStarted)
    if isinstance(event, RunStarted):
        db.execute(
            "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?)", (event.run, event.conversation, *worker)
        )
        # it may have been deleted by another process, in a list that was older than this run
        db.execute(
            "INSERT OR IGNORE INTO conversation (id, notebook, created) VALUES (?, ?, ?)",
            (event.conversation, event.notebook, event.time),
        )
        # later than the notebook's other conversations, although the clock may have been set back
        db.execute(
            "UPDATE conversation SET task = coalesce(task, ?), updated = max(updated, ? + (SELECT "
            "coalesce(max(other.updated), 0) FROM conversation AS other WHERE other.id != conversation.id "
            "AND other.notebook = conversation.notebook)) WHERE id = ?",
            (event.task, A_MOMENT, event.conversation),
        )
    elif isinstance(event, RunEnded):
        db.execute("DELETE FROM run WHERE id = ?", (event.run,))
    db.execute(
        "UPDATE conversation SET updated = max(updated, ?), bytes = bytes + ?, runs = runs + ? WHERE id = ?",
        (event.time, len(body.encode()), began, event.conversation),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


_BLANK_EVENTS = "UPDATE event SET body = zeroblob(length(CAST(body AS BLOB))) WHERE conversation = ?"
_BLANK_CONVERSATION = """
UPDATE conversation SET
    title = zeroblob(length(CAST(title AS BLOB))), task = zeroblob(length(CAST(task AS BLOB)))
WHERE id = ?
"""


def _delete(db: sqlite3.Connection, conversation: str) -> None:
    # overwritten in place first: when SQLite merges pages, copies of rows that it moves stay behind
    db.execute(_BLANK_EVENTS, (conversation,))
    db.execute(_BLANK_CONVERSATION, (conversation,))
    db.execute("DELETE FROM event WHERE conversation = ?", (conversation,))
    db.execute("DELETE FROM run WHERE conversation = ?", (conversation,))
    db.execute("DELETE FROM conversation WHERE id = ?", (conversation,))


def _in_use(db: sqlite3.Connection) -> set[str]:
    """Return the conversations in which a run is under way."""
    rows = db.execute("SELECT conversation, pid, started FROM run").fetchall()
    return {conversation for conversation, pid, began in rows if process.is_alive(pid, began)}


def _last_turn(db: sqlite3.Connection, conversation: str, run: str) -> int:
    rows = db.execute("SELECT body FROM event WHERE conversation = ?", (conversation,)).fetchall()
    return max((event["turn"] for (body,) in rows if (event := json.loads(body))["run"] == run), default=0)


def _info(row: tuple[str, str | None, str | None, float, float, int]) -> ConversationInfo:
    identity, title, task, created, updated, runs = row
    named = title or " ".join((task or "").split())
    return ConversationInfo(id=identity, title=named, created=created, updated=updated, runs=runs)


def _found(row: tuple[str] | None, conversation: str) -> tuple[str]:
    if row is None:
        raise JournalError(f"There is no conversation “{conversation}”; it may have been deleted.")
    return row
