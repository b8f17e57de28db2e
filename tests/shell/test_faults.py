"""``%codeact`` in a real kernel when something goes wrong around it: its end, its words, its record."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell, new_notebook, output_from_msg

from jupyter_codeact.agent.events import Event, RunEnded
from jupyter_codeact.journal import SqliteJournal
from tests.faults import ENDPOINT_FAULTS, HUGE_IMAGE, block, obey_permissions
from tests.scripted import Held, ScriptedModel, ScriptedReply
from tests.waiting import wait_until

TIMEOUT = 60.0
JOURNAL = "get_ipython()._codeact_session.journal._file"
FULL = (
    f"with {JOURNAL}.writing() as db:\n"
    "    _ = db.execute(f\"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}\")"
)
ROOM = f"with {JOURNAL}.writing() as db:\n    _ = db.execute('PRAGMA max_page_count=1000000')"


class Notebook:
    """A kernel whose user asks with ``%codeact``, one cell after the other."""

    def __init__(self, folder: Path, model: ScriptedModel, **options: Any) -> None:
        self.folder, self.model = folder, model
        own = {"JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
        environment = {name: str(folder / place) for name, place in own.items()}
        environment["JUPYTER_CODEACT_API_KEY"] = model.api_key
        self.manager = KernelManager()
        self.manager.start_kernel(env=os.environ | environment, cwd=str(folder), **options)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)
        self.run("%load_ext jupyter_codeact")

    def run(self, source: str, on_output: Callable[[str], object] = lambda _text: None) -> str:
        """Run a cell and return what it shows, as text, once that is a valid notebook's."""
        outputs: list[Any] = []

        def take(message: dict[str, Any]) -> None:
            if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
                outputs.append(output_from_msg(message))
                on_output(text_of(outputs[-1:]))

        self.client.execute_interactive(source, timeout=TIMEOUT, output_hook=take, allow_stdin=False)
        nbformat.validate(new_notebook(cells=[new_code_cell(source, outputs=outputs)]))
        return text_of(outputs)

    def ask(self, on_output: Callable[[str], object] = lambda _text: None) -> str:
        """Ask the agent, in a cell."""
        return self.run(f"%codeact --endpoint {self.model.url} Count.", on_output)

    def interrupt(self) -> None:
        """Interrupt the kernel as Jupyter does; in any thread, where the manager has no event loop."""
        os.kill(self.manager.provisioner.pid, signal.SIGINT)

    def recorded(self) -> list[Event]:
        """Return the events of the conversation that was worked in last."""
        with closing(SqliteJournal(self.folder / "data" / "codeact" / "journal.sqlite")) as journal:
            return list(journal.events(journal.find("latest").id))

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def text_of(outputs: list[Any]) -> str:
    return "\n".join(
        one.get("text") or one.get("evalue") or one.get("data", {}).get("text/plain", "") for one in outputs
    )


@pytest.fixture(scope="module")
def served() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, served: ScriptedModel) -> Iterator[Notebook]:
    notebook = Notebook(tmp_path_factory.mktemp("asks"), served)
    yield notebook
    notebook.close()


@dataclass
class Fault:
    """What goes wrong after the first cell, and what the user reads then.

    ``after`` is what the user runs at the end.
    """

    replies: list[ScriptedReply]
    words: str
    ending: str = "failed"
    interrupted_at: str | None = None
    after: str = "1 + 1"


FAULTS = {
    **{name: Fault(fault.replies, fault.words, fault.ending) for name, fault in ENDPOINT_FAULTS.items()},
    "endless output": Fault(
        [block("while True: print('x' * 100)")], "Stopped", "stopped", interrupted_at="x" * 100
    ),
    "huge image": Fault([block(HUGE_IMAGE), "A picture."], "A picture.", "answered"),
    "input()": Fault([block("input('Name? ')"), "Nobody."], "StdinNotImplementedError", "answered"),
    "clock set back": Fault(
        [block("import time; before = time.time; time.time = lambda: before() - 86400"), "Done."],
        "Done.",
        "answered",
        after="time.time = before",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_run_ends_with_a_sentence_and_a_record_and_the_kernel_goes_on(
    name: str, shared: Notebook, served: ScriptedModel
) -> None:
    fault = FAULTS[name]
    served.script([block("print('kept')"), *fault.replies])
    pressed: list[str] = []

    def look(text: str) -> None:
        if fault.interrupted_at and fault.interrupted_at in text and not pressed:
            pressed.append(text)
            shared.interrupt()

    shown = shared.ask(look)
    shared.run(fault.after)
    assert "kept" in shown
    assert fault.words in shown
    assert "CodeAct itself failed" not in shown
    events = shared.recorded()
    [*_, last] = [event for event in events if event.type == "run_started"]
    own = [event for event in events if event.run == last.run]
    end = own[-1]
    assert isinstance(end, RunEnded)
    assert end.ending == fault.ending
    assert "executed" in [event.type for event in own]
    assert "kernel lives" in shared.run("print('kernel', 'lives')")


def test_an_endpoint_that_hangs_is_left_with_ctrl_c(shared: Notebook, served: ScriptedModel) -> None:
    held = Held("Let me")
    served.script([held])

    def press() -> None:
        assert held.reached.wait(TIMEOUT)
        shared.interrupt()

    with ThreadPoolExecutor() as user:
        pressing = user.submit(press)
        shown = shared.ask()
        pressing.result()
    assert held.disconnected.wait(TIMEOUT)
    assert "Stopped by Ctrl-C." in shown
    end = shared.recorded()[-1]
    assert isinstance(end, RunEnded)
    assert end.ending == "stopped"


def test_a_journal_that_cannot_be_written_ends_the_run_and_the_next_one_works(
    shared: Notebook, served: ScriptedModel
) -> None:
    served.script(["Begun."])
    assert "Begun." in shared.ask()
    before = shared.recorded()
    served.script(["Never asked for."])
    shared.run(FULL)
    assert "database or disk is full. Make room on the disk, and try again." in shared.ask()
    shared.run(f"{ROOM}\n{JOURNAL}._db.execute('PRAGMA busy_timeout=100')")
    path = shared.folder / "data" / "codeact" / "journal.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "Another program is using the file: end it, or wait, and try again." in shared.ask()
        other.execute("ROLLBACK")
    assert served.requests == []
    served.script(["Again."])
    assert "Again." in shared.ask()
    after = shared.recorded()
    assert after[: len(before)] == before
    assert [event.answer for event in after if isinstance(event, RunEnded)][-1] == "Again."


@pytest.mark.parametrize(
    ("wrong", "words"),
    [("damaged", "The file is damaged"), ("read-only", "See that you may write to this file")],
)
def test_without_a_journal_the_user_is_told_once_and_runs_go_on(
    wrong: str, words: str, tmp_path: Path, served: ScriptedModel
) -> None:
    path = tmp_path / "data" / "codeact" / "journal.sqlite"
    path.parent.mkdir(parents=True)
    if wrong == "damaged":
        path.write_bytes(b"no database " * 1000)
    else:
        path.parent.chmod(0o500)
    notebook = Notebook(tmp_path, served, preexec_fn=obey_permissions)
    try:
        served.script([block("print('kept')"), "Done.", "And again."])
        first, second = notebook.ask(), notebook.ask()
    finally:
        notebook.close()
        path.parent.chmod(0o700)
    assert words in first
    assert "Conversations are not kept: they are forgotten when this program ends." in first
    assert "kept" in first
    assert "And again." in second
    assert words not in second
    assert path.exists() == (wrong == "damaged")


@pytest.mark.parametrize("phase", ["asking", "streaming", "approving", "running"])
def test_a_kernel_that_is_killed_leaves_a_record_with_an_end(
    phase: str, tmp_path: Path, served: ScriptedModel
) -> None:
    notebook = Notebook(tmp_path, served)
    held = Held("This will" if phase == "streaming" else "")
    sleep = block("open('begun', 'w').close()\nimport time\ntime.sleep(600)")
    last = {"running": sleep, "approving": block("import os\nos.system('true')")}.get(phase, held)
    served.script([block("print('kept')"), last])
    try:
        notebook.client.execute(f"%codeact --endpoint {served.url} Count.", allow_stdin=True)
        if phase == "approving":
            assert "run" in notebook.client.get_stdin_msg(timeout=TIMEOUT)["content"]["prompt"]
        elif phase == "running":
            wait_until((tmp_path / "begun").exists)
        else:
            assert held.reached.wait(TIMEOUT)
            assert not held.disconnected.is_set()
        notebook.manager.signal_kernel(signal.SIGKILL)
        if last is held:
            assert held.disconnected.wait(TIMEOUT)
    finally:
        notebook.close()
    before = notebook.recorded()
    assert "executed" in [event.type for event in before]
    command = [sys.executable, "-m", "jupyter_codeact.cli", "conversations", "show", "latest"]
    environment = os.environ | {"JUPYTER_DATA_DIR": str(tmp_path / "data")}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "kept" in shown
    assert "The program ended in the middle of this run. What was done until then is kept." in shown
    after = notebook.recorded()
    assert after[: len(before)] == before
    assert after[-1].type == "run_ended"


def test_after_a_restart_the_next_task_works(tmp_path: Path, served: ScriptedModel) -> None:
    notebook = Notebook(tmp_path, served)
    held = Held("This will")
    served.script([block("print('kept')"), held])
    try:
        notebook.client.execute(f"%codeact --endpoint {served.url} Count.")
        assert held.reached.wait(TIMEOUT)
        notebook.manager.restart_kernel(now=True)
        assert held.disconnected.wait(TIMEOUT)
        before = notebook.recorded()
        notebook.client.wait_for_ready(timeout=TIMEOUT)
        notebook.run("%load_ext jupyter_codeact")
        served.script(["Here again."])
        assert "Here again." in notebook.ask()
        assert notebook.recorded()[-1].type == "run_ended"
        assert notebook.recorded()[0].conversation != before[0].conversation
        assert "kept" in str(before)
    finally:
        notebook.close()
