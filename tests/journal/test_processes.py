"""Several processes on one journal, processes that are killed, and journals of earlier releases."""

from __future__ import annotations

import json
import multiprocessing
import random
import sqlite3
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.agent.events import Observation, RunEnded, RunStarted
from jupyter_codeact.journal import SqliteJournal

KILLS = 20
V1 = """
CREATE TABLE conversation (id TEXT PRIMARY KEY, notebook TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX conversation_notebook ON conversation (notebook, created);
CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX event_conversation ON event (conversation, seq);
PRAGMA user_version=1;
PRAGMA journal_mode=WAL;
"""
"""How release 0.1 made its journal."""


@pytest.fixture(scope="module")
def processes() -> Any:
    """Makes processes that have imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jupyter_codeact.journal"])
    return context


def started(conversation: str, run: str, notebook: str = "/n.ipynb") -> RunStarted:
    return RunStarted(conversation=conversation, run=run, task="t", notebook=notebook, model="m", system="s")


def write_for_ever(path: Path, first: int, said: Connection) -> None:
    """Append numbers and say which are in, with runs, deletions and prunes between them."""
    journal = SqliteJournal(path)
    for number in range(first, 10**9):
        journal.append(Observation(conversation="c", run="r", text=str(number)))
        said.send(number)
        if number % 5 == 0:
            scratch = journal.begin("/scratch.ipynb")
            journal.append(started(scratch, scratch))
            journal.append(RunEnded(conversation=scratch, run=scratch, ending="stopped"))
            journal.set_approval("/scratch.ipynb", "always")
        if number % 10 == 0:
            journal.delete(scratch)


def write_some(path: Path, name: str, count: int, go: Any) -> None:
    """Open a journal that is perhaps not there yet, and append."""
    go.wait()
    journal = SqliteJournal(path)
    for number in range(count):
        journal.append(Observation(conversation=name, run="r", text=str(number)))
    journal.close()


def begin_a_run(path: Path, said: Connection) -> None:
    """Begin a run, and wait in the middle of it."""
    journal = SqliteJournal(path)
    conversation = journal.begin("/n.ipynb")
    journal.append(started(conversation, "theirs"))
    said.send(conversation)
    said.recv()


def killed(process: BaseProcess) -> None:
    process.kill()
    process.join()
    process.close()


def test_what_was_acknowledged_survives_kills_at_random_moments(tmp_path: Path, processes: Any) -> None:
    path, chance = tmp_path / "journal.sqlite", random.Random(7)
    acknowledged, first = set(), 0
    for _ in range(KILLS):
        heard, said = processes.Pipe(duplex=False)
        writer = processes.Process(target=write_for_ever, args=(path, first, said))
        writer.start()
        said.close()
        acknowledged |= {heard.recv() for _ in range(chance.randrange(1, 40))}
        moment = time.perf_counter() + chance.random() * 0.003
        while time.perf_counter() < moment:
            pass
        killed(writer)
        try:
            while True:
                acknowledged.add(heard.recv())
        except (EOFError, OSError):  # also a word cut off in the middle
            heard.close()
        journal = SqliteJournal(path)
        kept = [int(event.text) for event in journal.events("c") if isinstance(event, Observation)]
        with journal._file.reading() as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        journal.close()
        assert kept == list(range(len(kept)))
        assert acknowledged <= set(kept)
        first = len(kept)


def test_processes_that_begin_at_once_share_a_new_file(tmp_path: Path, processes: Any) -> None:
    path, names = tmp_path / "journal.sqlite", "abcd"
    go = processes.Event()
    writers = [processes.Process(target=write_some, args=(path, name, 50, go)) for name in names]
    for writer in writers:
        writer.start()
    go.set()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    journal = SqliteJournal(path)
    for name in names:
        assert [event.text for event in journal.events(name)] == [str(n) for n in range(50)]
    journal.close()


def test_only_runs_whose_process_is_gone_are_closed(tmp_path: Path, processes: Any) -> None:
    path = tmp_path / "journal.sqlite"
    mine, theirs = processes.Pipe()
    other = processes.Process(target=begin_a_run, args=(path, theirs))
    other.start()
    conversation = mine.recv()
    journal = SqliteJournal(path)
    journal.close_unfinished(conversation)
    assert [event.type for event in journal.events(conversation)] == ["run_started"]
    killed(other)
    for _ in range(2):
        journal.close_unfinished(conversation)
        began, ended = journal.events(conversation)
        assert (began.type, ended.type, ended.run) == ("run_started", "run_ended", "theirs")
    journal.close()


def test_a_journal_of_the_first_release_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    db = sqlite3.connect(path)
    db.executescript(V1)
    events = [
        started("done", "one").model_copy(update={"task": "Count."}),
        RunEnded(conversation="done", run="one", ending="answered", answer="3"),
        started("done", "two"),
        RunEnded(conversation="done", run="two", ending="stopped"),
        started("cut off", "three"),
    ]
    for name, created in (("done", 100.0), ("cut off", 200.0), ("empty", 300.0)):
        db.execute("INSERT INTO conversation VALUES (?, ?, ?)", (name, f"/{name}.ipynb", created))
    for time_, event in enumerate(events, 1000):
        fields = json.loads(event.model_dump_json()) | {"time": float(time_)}
        for new in ("attachments", "replaces"):  # as that release wrote it
            fields.pop(new, None)
        body = json.dumps(fields)
        db.execute("INSERT INTO event (conversation, body) VALUES (?, ?)", (event.conversation, body))
    db.commit()
    db.close()
    for _ in range(2):
        journal = SqliteJournal(path)
        listed = [(one.id, one.title, one.created, one.updated, one.runs) for one in journal.conversations()]
        assert listed == [("cut off", "t", 200.0, 1004.0, 1), ("done", "Count.", 100.0, 1003.0, 2)]
        assert [event.type for event in journal.events("done")] == ["run_started", "run_ended"] * 2
        assert journal.latest("/empty.ipynb") == "empty"
        journal.close()
    journal = SqliteJournal(path)
    journal.close_unfinished("cut off")
    assert [event.type for event in journal.events("cut off")] == ["run_started", "run_ended"]
    journal.delete("done")
    with journal._file.reading() as db:
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
    journal.close()
