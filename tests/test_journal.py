"""The journal keeps what it has acknowledged, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_codeact.agent.events import Observation, Reply, RunEnded, RunStarted, RunUndone
from jupyter_codeact.journal import JournalError, SqliteJournal

ENDLESS_WRITER = """
import sys
from pathlib import Path
from jupyter_codeact.agent.events import Observation
from jupyter_codeact.journal import SqliteJournal

journal = SqliteJournal(Path(sys.argv[1]))
number = 0
while True:
    journal.append(Observation(conversation="c", run="r", text=str(number)))
    print(number, flush=True)
    number += 1
"""


@pytest.fixture
def journal(tmp_path: Path):
    journal = SqliteJournal(tmp_path / "folder" / "journal.sqlite")
    yield journal
    journal.close()


def started(conversation: str = "c", task: str = "count") -> RunStarted:
    return RunStarted(conversation=conversation, run="r", task=task, notebook="n", model="m", system="s")


def test_events_come_back_as_they_were_and_in_order(journal: SqliteJournal) -> None:
    events = [
        started(),
        Reply(conversation="c", run="r", turn=1, text="café\n```python\n1\n```"),
        RunEnded(conversation="c", run="r", turn=1, ending="answered", answer="1"),
    ]
    numbers = [journal.append(event) for event in events]
    journal.append(started("another"))
    assert list(journal.events("c")) == events
    assert list(journal.events("c", since=numbers[1])) == events[2:]


def test_only_the_owner_can_read_the_file(journal: SqliteJournal) -> None:
    journal.append(started())
    for file in journal.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    for round_ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", ENDLESS_WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(40 + round_ * 17)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        writer.stdout.close()
        journal = SqliteJournal(path)
        kept = [int(event.text) for event in journal.events("c")]
        journal.close()
        assert set(acknowledged) <= set(kept)
        assert kept == list(range(len(kept)))
        for file in tmp_path.iterdir():
            file.unlink()


def test_a_notebook_keeps_its_newest_conversation_through_a_rename_and_loses_it_when_deleted(
    journal: SqliteJournal,
) -> None:
    first = journal.begin("/home/a.ipynb")
    second = journal.begin("/home/a.ipynb")
    assert first != second
    assert journal.latest("/home/a.ipynb") == second
    journal.move("/home/a.ipynb", "/home/b.ipynb")
    assert journal.latest("/home/a.ipynb") is None
    assert journal.latest("/home/b.ipynb") == second
    journal.move("/home", "/work")
    assert journal.latest("/work/b.ipynb") == second
    journal.move("/wor", "/nowhere")
    assert journal.latest("/work/b.ipynb") == second
    journal.append(started(second))
    journal.detach("/work/b.ipynb")
    assert journal.latest("/work/b.ipynb") is None
    assert len(list(journal.events(second))) == 1


def test_a_run_that_was_cut_off_is_ended_in_the_record_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    journal.append(started())
    journal.append(Observation(conversation="c", run="r", turn=1, text="1"))
    journal.close_unfinished("c")
    assert next(reversed(list(journal.events("c")))).type == "observation"  # it is under way
    journal.close()
    journal = SqliteJournal(path)
    journal.close_unfinished("c")
    journal.append(RunUndone(conversation="c", run="r"))
    journal.close_unfinished("c")
    *events, undone = journal.events("c")
    assert undone.type == "run_undone"
    journal.close()
    *_, before, last = events
    assert (before.type, last.turn) == ("observation", 1)
    assert last.type == "run_ended"
    assert last.ending == "failed"
    assert "in the middle" in last.message


def test_threads_can_share_it(journal: SqliteJournal) -> None:
    def write(name: str) -> None:
        for number in range(50):
            journal.append(Observation(conversation=name, run="r", text=str(number)))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in "abcd":
        assert [event.text for event in journal.events(name)] == [str(n) for n in range(50)]


def test_a_journal_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    SqliteJournal(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(JournalError, match="newer jupyter-codeact"):
        SqliteJournal(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (99,)
    db.close()


def test_a_file_that_is_no_journal_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text("not a database, but some text that is long enough to look like a header" * 4)
    with pytest.raises(JournalError, match="cannot be opened"):
        SqliteJournal(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="file/journal"):
        SqliteJournal(tmp_path / "file" / "journal.sqlite")
