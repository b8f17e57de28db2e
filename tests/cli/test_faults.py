"""``jupyter codeact run`` when something goes wrong around it: its end, its words, its record, its file."""

from __future__ import annotations

import os
import select
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result

from jupyter_codeact import headless
from jupyter_codeact.agent.events import Event, RunEnded
from jupyter_codeact.cli import main
from jupyter_codeact.journal import SqliteJournal, database, open_journal
from tests.cli.test_approval import on_a_terminal
from tests.cli.test_signals import TIMEOUT, running
from tests.faults import ENDPOINT_FAULTS, HUGE_IMAGE, block, obey_permissions
from tests.scripted import Held, ScriptedModel, ScriptedReply
from tests.waiting import wait_until

OUTPUT = "out.ipynb"
FIRST = block("import os\nopen('pid', 'w').write(str(os.getpid()))\nprint('kept')")
"""A first cell: it tells the kernel's process, and prints what must not be lost."""


@dataclass
class Fault:
    """What goes wrong after the first cell, and what the user reads then.

    ``meanwhile`` is done with the folder before the first of the ``replies``.
    """

    replies: list[ScriptedReply]
    words: str
    ending: str = "failed"
    meanwhile: Callable[[Path], Any] | None = None


FAULTS = {
    "kernel killed": Fault([block("os.kill(os.getpid(), 9)")], "The kernel died while it ran the cell"),
    **{name: Fault(fault.replies, fault.words, fault.ending) for name, fault in ENDPOINT_FAULTS.items()},
    "endpoint hangs": Fault([Held("")], "No answer within 2 seconds", "out_of_time"),
    "endless output": Fault(
        [block("while True: print('x' * 100)")], "No answer within 2 seconds", "out_of_time"
    ),
    "huge image": Fault([block(HUGE_IMAGE), "A picture."], "A picture.", "answered"),
    "input()": Fault([block("input('Name? ')"), "Nobody."], "StdinNotImplementedError", "answered"),
    "notebook deleted": Fault(
        [block("1"), "Done."], "Done.", "answered", lambda folder: (folder / OUTPUT).unlink()
    ),
    "notebook renamed": Fault(
        [block("1"), "Done."], "Done.", "answered", lambda folder: (folder / OUTPUT).rename("renamed.ipynb")
    ),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


def run(model: ScriptedModel, *arguments: str) -> Result:
    command = ["run", "Count.", "--output", OUTPUT, "--endpoint", model.url, *arguments]
    return CliRunner().invoke(main, command, env={"JUPYTER_CODEACT_API_KEY": model.api_key})


def recorded(folder: Path) -> list[Event]:
    """Return the events of the one conversation."""
    with closing(SqliteJournal(folder / "data" / "codeact" / "journal.sqlite")) as journal:
        [conversation] = journal.conversations()
        return list(journal.events(conversation.id))


def ended(folder: Path) -> RunEnded:
    """Return the last event, which must be the end of a run."""
    end = recorded(folder)[-1]
    assert isinstance(end, RunEnded)
    return end


def outputs(folder: Path, name: str = OUTPUT) -> list[str]:
    """Return what the cells of a notebook printed, if that is a valid one."""
    node = nbformat.read(folder / name, as_version=4)
    nbformat.validate(node)
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in node.cells]


def kernel_is_gone(folder: Path) -> bool:
    """Wait for the end of the kernel that the first cell ran in."""
    try:
        kernel = os.pidfd_open(int((folder / "pid").read_text()))
    except ProcessLookupError:
        return True
    gone, _, _ = select.select([kernel], [], [], TIMEOUT)
    os.close(kernel)
    return bool(gone)


@pytest.mark.parametrize("name", FAULTS)
def test_a_run_ends_with_a_sentence_a_record_and_a_valid_notebook(
    name: str, folder: Path, model: ScriptedModel
) -> None:
    fault = FAULTS[name]

    def begin(_messages: object) -> Any:
        if fault.meanwhile is not None:
            fault.meanwhile(folder)
        return fault.replies[0]

    model.script([FIRST, begin, *fault.replies[1:]])
    result = run(model, *(["--timeout", "2"] if fault.ending == "out_of_time" else []))

    assert fault.words in result.output
    assert "Traceback" not in result.output
    assert result.exit_code == (0 if fault.ending == "answered" else 1)
    events = recorded(folder)
    assert events[-1].type == "run_ended"
    assert ended(folder).ending == fault.ending
    assert [event.type for event in events].count("executed") == outputs(folder).__len__()
    assert outputs(folder)[0] == "kept\n"
    assert kernel_is_gone(folder)
    if name == "endpoint hangs":
        assert model.disconnected.wait(TIMEOUT)
    if name == "notebook renamed":
        assert len(outputs(folder, "renamed.ipynb")) == 1


def test_a_run_goes_on_when_the_clock_is_set_back(
    folder: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time

    def set_back(_messages: object) -> str:
        monkeypatch.setattr(time, "time", lambda: now() - 24 * 3600)
        return block("print('then')")

    model.script([FIRST, set_back, "Done."])
    assert run(model).exit_code == 0
    assert outputs(folder) == ["kept\n", "then\n"]
    kinds = [event.type for event in recorded(folder)]
    assert (kinds[0], kinds[-1], kinds.count("executed")) == ("run_started", "run_ended", 2)
    end = ended(folder)
    assert end.time < recorded(folder)[0].time
    assert 0 < end.seconds < 3600
    resumed = ["run", "Again.", "--resume", OUTPUT, "--endpoint", model.url]
    model.script(["Still here."])
    result = CliRunner().invoke(main, resumed, env={"JUPYTER_CODEACT_API_KEY": model.api_key})
    assert result.exit_code == 0, result.output
    assert ended(folder).answer == "Still here."  # in the same conversation, and after what came before


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[SqliteJournal]:
    """Return the journals that runs open."""
    journals: list[SqliteJournal] = []

    def remembered(path: Path) -> SqliteJournal:
        journals.append(open_journal(path))
        return journals[-1]

    monkeypatch.setattr(headless, "open_journal", remembered)
    return journals


def test_a_journal_on_a_full_disk_ends_the_run_before_more_is_done(
    folder: Path, model: ScriptedModel, opened: list[SqliteJournal]
) -> None:
    def fill(_messages: object) -> str:
        with opened[0]._file.writing() as db:
            db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
        return " ".join(map(str, range(4000))) + block("open('ran', 'w')")

    model.script([FIRST, fill])
    result = run(model)
    assert result.exit_code == 1
    assert "database or disk is full. Make room on the disk, and try again." in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "ran").exists()
    assert outputs(folder) == ["kept\n"]
    kinds = [event.type for event in recorded(folder)]
    assert kinds[0] == "run_started"
    assert "executed" in kinds
    assert kernel_is_gone(folder)


def test_a_journal_that_another_program_locks_is_told_before_anything_is_done(
    folder: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", 0.1)
    path = folder / "data" / "codeact" / "journal.sqlite"
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = run(model)
    assert result.exit_code == 1
    assert "Another program is using the file: end it, or wait, and try again." in result.stderr
    assert model.requests == []
    assert not (folder / OUTPUT).exists()


def test_a_damaged_journal_is_told_and_the_run_goes_on_without_it(folder: Path, model: ScriptedModel) -> None:
    path = folder / "data" / "codeact" / "journal.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database " * 1000)
    model.script([FIRST, "Done."])
    result = run(model)
    assert result.exit_code == 0
    assert "The file is damaged" in result.stderr
    assert "Conversations are not kept" in result.stderr
    assert outputs(folder) == ["kept\n"]
    assert path.read_bytes() == b"no database " * 1000


def wait_until_written(folder: Path) -> None:
    """Wait for the first cell's output in the file, which is written a moment after it is recorded."""
    wait_until(lambda: outputs(folder)[0] == "kept\n")


@pytest.mark.parametrize("phase", ["asking", "streaming", "running", "approving"])
def test_a_command_that_is_killed_leaves_a_record_that_the_next_one_ends(phase: str, folder: Path) -> None:
    held = Held({"streaming": "This will take"}.get(phase, ""))
    sleep = block("import time\nopen('begun', 'w').close()\ntime.sleep(600)")
    last: ScriptedReply = {"running": sleep, "approving": block("os.system('true')")}.get(phase, held)
    if phase == "approving":
        with on_a_terminal(folder, [FIRST, last], "--approval", "risky") as terminal:  # type: ignore[list-item]
            terminal.wait("run [a]ll from now on: ")
            wait_until_written(folder)
            terminal.process.kill()
            terminal.process.wait()
    else:
        with running(folder, [FIRST, last]) as process:
            if phase == "running":
                wait_until((folder / "begun").exists)
            else:
                assert held.reached.wait(TIMEOUT)
            wait_until_written(folder)
            process.kill()
            process.wait()
    assert kernel_is_gone(folder)
    assert outputs(folder)[0] == "kept\n"
    before = recorded(folder)
    assert "executed" in [event.type for event in before]
    assert before[-1].type != "run_ended"

    with ScriptedModel(["Here again."]) as model:
        resumed = ["run", "Go on.", "--resume", OUTPUT, "--no-execute", "--endpoint", model.url]
        result = CliRunner().invoke(main, resumed, env={"JUPYTER_CODEACT_API_KEY": model.api_key})
    assert result.exit_code == 0, result.output
    events = recorded(folder)
    assert events[: len(before)] == before
    cut_off = events[len(before)]
    assert isinstance(cut_off, RunEnded)
    assert "ended in the middle of this run. What was done until then is kept." in cut_off.message
    assert ended(folder).answer == "Here again."


def test_output_on_a_full_disk_stops_the_run_which_is_recorded(folder: Path) -> None:
    replies: list[ScriptedReply] = [FIRST, *[block(str(number)) for number in range(50)]]
    with open("/dev/full", "wb") as full, running(folder, replies, stdout=full.fileno()) as process:
        _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert errors == "Stopped, because the output cannot be written: No space left on device.\n"
    assert ended(folder).ending == "stopped"


def test_a_terminal_that_is_closed_stops_the_run_which_is_recorded(folder: Path) -> None:
    endless = block("open('begun', 'w').close()\nwhile True: pass")
    with on_a_terminal(folder, [FIRST, endless]) as terminal:
        wait_until((folder / "begun").exists)
        terminal.close()
        terminal.process.send_signal(signal.SIGHUP)
        terminal.process.wait(TIMEOUT)
    end = ended(folder)
    assert (end.ending, end.message) == ("stopped", "Stopped by SIGHUP.")
    assert outputs(folder)[0] == "kept\n"
    assert kernel_is_gone(folder)


def test_with_a_read_only_folder_the_run_goes_on_without_a_journal(folder: Path) -> None:
    journals = folder / "data" / "codeact"
    journals.mkdir(parents=True)
    journals.chmod(0o500)
    try:
        with running(folder, [FIRST, "Done."], preexec_fn=obey_permissions) as process:
            output, errors = process.communicate(timeout=TIMEOUT)
    finally:
        journals.chmod(0o700)
    assert process.returncode == 0, errors
    assert "See that you may write to this file and to its folder" in errors
    assert "Conversations are not kept" in errors
    assert "Done." in output
    assert outputs(folder) == ["kept\n"]
    assert list(journals.iterdir()) == []
    assert kernel_is_gone(folder)
