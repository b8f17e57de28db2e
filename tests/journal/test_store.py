"""The journal keeps what it has acknowledged, whatever happens to the process."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections import Counter
from pathlib import Path

import pytest

from jupyter_codeact.agent.events import Observation, Reply, RunEnded, RunStarted, RunUndone
from jupyter_codeact.journal import JournalError, SqliteJournal, open_journal


@pytest.fixture
def journal(tmp_path: Path):
    journal = SqliteJournal(tmp_path / "folder" / "journal.sqlite")
    yield journal
    journal.close()


def started(conversation: str = "c", task: str = "count", run: str = "r") -> RunStarted:
    return RunStarted(conversation=conversation, run=run, task=task, notebook="n", model="m", system="s")


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
    assert len(list(journal.path.parent.iterdir())) == 3
    for file in journal.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


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


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.touch(0o644)
    SqliteJournal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_file_there_is_a_journal_in_memory_and_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = open_journal(tmp_path / "file" / "journal.sqlite")
    assert "cannot be opened" in journal.problem
    assert "forgotten when this program ends" in journal.problem
    conversation = journal.begin("n")
    journal.append(started(conversation))
    assert [one.id for one in journal.conversations()] == [conversation]
    journal.close()
    fine = open_journal(tmp_path / "journal.sqlite")
    assert fine.problem == ""
    fine.close()


def test_a_list_has_titles_times_and_the_one_worked_in_last_first(journal: SqliteJournal) -> None:
    first, second, _empty = (journal.begin(f"/{name}.ipynb") for name in ("a", "b", "a"))
    journal.append(started(first, "Count\nthe   rows."))
    journal.append(started(second, "Plot."))
    journal.append(started(first, "And again.", "r2"))
    listed = journal.conversations()
    assert [(one.id, one.title, one.runs) for one in listed] == [
        (first, "Count the rows.", 2),
        (second, "Plot.", 1),
    ]
    assert listed[0].created < listed[1].created < listed[1].updated < listed[0].updated
    assert [one.id for one in journal.conversations("/a.ipynb")] == [first]
    assert journal.latest("/a.ipynb") == first
    assert journal.notebook(first) == "/a.ipynb"
    journal.rename(second, "  Mine ")
    assert journal.conversations("/b.ipynb")[0].title == "Mine"
    journal.rename(second, "")
    assert journal.conversations("/b.ipynb")[0].title == "Plot."
    with pytest.raises(JournalError, match="no conversation"):
        journal.rename("nobody", "x")
    assert journal.find("latest").id == first


def test_the_beginning_of_an_id_must_be_that_of_one_conversation(journal: SqliteJournal) -> None:
    ids = [journal.begin("/a.ipynb") for _ in range(17)]  # two of them begin alike
    for conversation in ids:
        journal.append(started(conversation, run=conversation))
    [(first, _), *_] = Counter(one[0] for one in ids).most_common()
    with pytest.raises(JournalError, match="Several conversations begin"):
        journal.find(first)
    assert journal.find(ids[3]).id == ids[3]
    for name in ("", "nobody"):
        with pytest.raises(JournalError, match="no conversation"):
            journal.find(name)


def test_a_mode_belongs_to_a_notebook_and_follows_it(journal: SqliteJournal) -> None:
    assert journal.approval("/w/a.ipynb") is None
    journal.set_approval("/w/a.ipynb", "always")
    journal.set_approval("/w/a.ipynb", "never")
    journal.set_approval("/v/a.ipynb", "always")
    journal.move("/w", "/v")
    assert journal.approval("/v/a.ipynb") == "never"
    assert journal.approval("/w/a.ipynb") is None
    journal.detach("/v/a.ipynb")
    assert journal.approval("/v/a.ipynb") is None


def test_what_is_deleted_is_nowhere_in_the_files(journal: SqliteJournal) -> None:
    gone, stays = journal.begin("/a.ipynb"), journal.begin("/a.ipynb")
    for conversation, word in ((gone, "unmentionable"), (stays, "harmless")):
        for number in range(200):
            journal.append(started(conversation, f"{word} {number} " * 20, f"{conversation}{number}"))
            journal.append(
                RunEnded(conversation=conversation, run=f"{conversation}{number}", ending="stopped")
            )
    size = journal.path.stat().st_size
    journal.delete(gone)
    content = b"".join(file.read_bytes() for file in journal.path.parent.iterdir())
    assert b"unmentionable" not in content
    assert b"harmless" in content
    assert journal.path.stat().st_size < size * 0.7
    assert [one.id for one in journal.conversations()] == [stays]
    with pytest.raises(JournalError, match="no conversation"):
        journal.delete(gone)


def test_a_conversation_with_a_run_under_way_is_neither_deleted_nor_pruned(journal: SqliteJournal) -> None:
    conversation = journal.begin("/a.ipynb")
    journal.append(started(conversation))
    with pytest.raises(JournalError, match="run is under way"):
        journal.delete(conversation)
    assert journal.prune(max_age_days=0, max_bytes=0) == 0
    journal.append(RunEnded(conversation=conversation, run="r", ending="stopped"))
    assert journal.prune(max_age_days=0, keep=[conversation]) == 0
    assert journal.prune(max_age_days=0) == 1
    assert journal.conversations() == []


def test_the_oldest_are_pruned_until_the_rest_fits(journal: SqliteJournal) -> None:
    ids = [journal.begin("/a.ipynb") for _ in range(5)]
    for conversation in ids:
        journal.append(started(conversation, "x" * 1000, conversation))
        journal.append(RunEnded(conversation=conversation, run=conversation, ending="stopped"))
    assert journal.prune(max_bytes=1_000_000, max_age_days=1) == 0
    assert journal.prune(max_bytes=4000) == 3
    assert [one.id for one in journal.conversations()] == ids[:2:-1]


def test_a_run_in_a_conversation_deleted_elsewhere_brings_it_back(journal: SqliteJournal) -> None:
    conversation = journal.begin("/a.ipynb")
    journal.delete(conversation)
    journal.append(started(conversation))
    assert [one.id for one in journal.conversations("n")] == [conversation]


def test_a_full_disk_loses_nothing_and_is_told(journal: SqliteJournal) -> None:
    kept = [journal.append(started(task=f"task {number}")) for number in range(3)]
    with journal._file.writing() as db:
        db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")

    def fill() -> None:
        while True:
            kept.append(journal.append(started(task="x" * 500)))

    with pytest.raises(JournalError, match="cannot be written: database or disk is full"):
        fill()
    assert len(list(journal.events("c"))) == len(kept)
    with journal._file.writing() as db:
        db.execute("PRAGMA max_page_count=1000000")
    journal.append(started())
    assert len(list(journal.events("c"))) == len(kept) + 1


def test_a_damaged_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(JournalError, match="The file is damaged"):
        SqliteJournal(path)


def test_an_event_that_cannot_be_read_is_told_with_what_to_do(journal: SqliteJournal) -> None:
    journal.append(started())
    with journal._file.writing() as db:
        db.execute("UPDATE event SET body = '{'")
    with pytest.raises(JournalError, match="an event cannot be read"):
        list(journal.events("c"))


def test_a_journal_that_another_program_writes_can_be_opened_and_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    first = SqliteJournal(path)
    conversation = first.begin("n")
    with first._file.writing():
        second = SqliteJournal(path)
        assert second.latest("n") == conversation
        second.close_unfinished(conversation)
        assert first.latest("n") == conversation
    second.close()
    first.close()


def test_the_latest_conversation_is_the_one_begun_or_worked_in_last_whatever_the_clock_says(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = journal.begin("n")
    journal.append(started(first))
    monkeypatch.setattr("time.time", lambda: 1000.0)
    second = journal.begin("n")
    assert journal.latest("n") == second
    journal.append(started(first))
    assert journal.latest("n") == first
