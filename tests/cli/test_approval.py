"""Approval on the command line: the person at the terminal is asked, if there is one."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from jupyter_codeact.cli import main
from tests.scripted import ScriptedModel

TIMEOUT = 60.0
RISKY = "```python\nimport os\nos.system('echo ran')\n```"
ROOT = Path(__file__).parents[2]


class Terminal:
    """A process on a terminal: what it writes can be waited for, and keys can be pressed."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process, self._end, self.seen = process, end, ""

    def close(self) -> None:
        if self._end >= 0:
            os.close(self._end)
        self._end = -1

    def wait(self, words: str) -> None:
        while words not in self.seen:
            ready, _, _ = select.select([self._end], [], [], TIMEOUT)
            assert ready, self.seen
            self.seen += os.read(self._end, 4096).decode(errors="replace")
        self.seen = self.seen.partition(words)[2]

    def press(self, keys: str) -> None:
        os.write(self._end, f"{keys}\n".encode())

    def ended(self) -> int:
        try:
            while select.select([self._end], [], [], TIMEOUT)[0]:
                if not os.read(self._end, 4096):
                    break
        except OSError:  # the other end is closed
            pass
        return self.process.wait(TIMEOUT)


@contextmanager
def on_a_terminal(
    folder: Path, replies: list[str], *arguments: str, **environment: str
) -> Iterator[Terminal]:
    with ScriptedModel(replies) as model:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "jupyter_codeact.cli", "run", "Do it.", "--endpoint", model.url]
        mine = {"JUPYTER_CODEACT_API_KEY": model.api_key, "JUPYTER_DATA_DIR": str(folder / "data")}
        mine["PYTHONPATH"] = str(ROOT)
        with subprocess.Popen(
            [*command, "--output", "out.ipynb", *arguments],
            env=os.environ
            | mine
            | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
            | environment,
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            terminal = Terminal(process, ours)
            try:
                yield terminal
            finally:
                process.kill()
                terminal.close()


def cells(folder: Path) -> list[tuple[str, str]]:
    node = nbformat.read(folder / "out.ipynb", as_version=4)
    return [(cell.source, "".join(output.get("text", "") for output in cell.outputs)) for cell in node.cells]


def test_on_a_terminal_a_risky_cell_waits_to_be_edited_and_run(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'w').write('print(\"mine\")\\n')\n")
    editor.chmod(0o755)
    replies = ["```python\nprint('harmless')\n```", RISKY, "Done."]
    with on_a_terminal(tmp_path, replies, EDITOR=str(editor), VISUAL=str(editor)) as terminal:
        terminal.wait("This cell runs a program outside the kernel (os.system).")
        terminal.wait("run [a]ll from now on: ")
        terminal.press("what?")
        terminal.wait("run [a]ll from now on: ")
        terminal.press("e")
        terminal.wait('print("mine")')
        terminal.wait("run [a]ll from now on: ")
        terminal.press("r")
        terminal.wait("Done.")
        assert terminal.ended() == 0
    assert cells(tmp_path) == [("print('harmless')", "harmless\n"), ('print("mine")', "mine\n")]


def test_a_cell_can_be_skipped_and_then_all_be_run(tmp_path: Path) -> None:
    replies = ["```python\nprint(1)\n```", "```python\nprint(2)\n```", "```python\nprint(3)\n```", "Done."]
    with on_a_terminal(tmp_path, replies, "--approval", "always") as terminal:
        terminal.wait("from now on: ")
        terminal.press("s")
        terminal.wait("Not run: the user skipped it")
        terminal.wait("from now on: ")
        terminal.press("a")
        terminal.wait("Done.")
        assert terminal.ended() == 0
    assert cells(tmp_path) == [("print(2)", "2\n"), ("print(3)", "3\n")]


def test_ctrl_c_at_the_question_stops_the_run(tmp_path: Path) -> None:
    with on_a_terminal(tmp_path, [RISKY]) as terminal:
        terminal.wait("from now on: ")
        terminal.process.send_signal(2)
        terminal.wait("Stopped by Ctrl-C.")
        assert terminal.ended() == 1


@pytest.mark.parametrize(("arguments", "runs"), [([], True), (["--approval", "risky"], False)])
def test_where_nobody_is_at_a_terminal_a_cell_that_waits_does_not_run(
    tmp_path: Path, arguments: list[str], runs: bool
) -> None:
    with ScriptedModel([RISKY, "Done."]) as model:
        command = [sys.executable, "-m", "jupyter_codeact.cli", "run", "Do it.", "--endpoint", model.url]
        mine = {"JUPYTER_CODEACT_API_KEY": model.api_key, "JUPYTER_DATA_DIR": str(tmp_path / "data")}
        done = subprocess.run(
            [*command, "--output", "out.ipynb", *arguments],
            env=os.environ | mine | {"PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        told = model.requests[1]["messages"][-1]["content"]
    assert done.returncode == 0
    assert ("did not let this cell run" in told) != runs
    assert ("nobody is there to approve it" in done.stdout) != runs


@pytest.mark.parametrize(
    ("arguments", "notes"),
    [
        (
            ["--approve", "ask"],
            ["approval “ask” is now called “always”.", "--approve is now called --approval."],
        ),
        (["--approval", "auto"], ["approval “auto” is now called “never”."]),
        (["--approval", "never"], []),
    ],
)
def test_names_of_the_first_release_are_understood_with_a_remark_on_the_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], notes: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with ScriptedModel(["```python\n1\n```", "Done."]) as model:
        monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
        done = CliRunner().invoke(main, ["run", "Do it.", "--endpoint", model.url, *arguments])
        told = model.requests[1]["messages"][-1]["content"]
    assert done.exit_code == 0
    assert done.stderr.splitlines() == notes
    assert ("did not let this cell run" in told) == ("ask" in arguments)


def test_an_approval_that_is_none_is_wrong_usage() -> None:
    done = CliRunner().invoke(main, ["run", "Do it.", "--approval", "sometimes"])
    assert done.exit_code == 2
    assert "'sometimes' is not one of 'always', 'risky', 'never'" in done.stderr
    assert "--approve " not in CliRunner().invoke(main, ["run", "--help"]).stdout


def test_tools_of_a_module_beside_the_notebook_are_there_in_the_chosen_format(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text('def price(article):\n    "Look up a price."\n    return 7.5\n')
    replies = ["<execute>print(price('tea'))", "<solution>7.5</solution>"]
    with on_a_terminal(tmp_path, replies, "--tools", "shop:price", "--format", "execute") as terminal:
        terminal.wait("7.5")
        assert terminal.ended() == 0
    assert cells(tmp_path) == [("print(price('tea'))", "7.5\n")]
