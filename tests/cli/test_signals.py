"""``jupyter codeact run`` as a process: what leaves it, and how it is stopped."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_codeact.agent import events
from tests.scripted import ScriptedModel, ScriptedReply

TIMEOUT = 60.0


@contextmanager
def running(
    folder: Path, replies: list[ScriptedReply], *arguments: str, stdout: int = subprocess.PIPE, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process of its own, on a scripted model."""
    with ScriptedModel(replies) as model:
        command = [sys.executable, "-m", "jupyter_codeact.cli", "run", "Count.", "--endpoint", model.url]
        environment = {"JUPYTER_CODEACT_API_KEY": model.api_key, "JUPYTER_DATA_DIR": str(folder / "data")}
        root = Path(__file__).parents[2]
        with subprocess.Popen(
            [*command, "--output", str(folder / "out.ipynb"), *arguments],
            env=os.environ | environment | {"PYTHONPATH": str(root)},
            cwd=folder,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


class CheckIn:
    """Where code in a cell reports the process it runs in."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(TIMEOUT)
        self.port = self._server.getsockname()[1]

    def code(self) -> str:
        """Return code that reports."""
        return (
            f"with socket.create_connection(('127.0.0.1', {self.port})) as there: "
            "there.sendall(str(os.getpid()).encode())"
        )

    def wait(self) -> int:
        """Wait for a report, and return a descriptor of the process that it is of."""
        connection, _ = self._server.accept()
        with connection:
            return os.pidfd_open(int(connection.recv(20)))

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def check_in() -> Iterator[CheckIn]:
    check_in = CheckIn()
    yield check_in
    check_in.close()


def has_ended(process: int) -> bool:
    ended, _, _ = select.select([process], [], [], TIMEOUT)
    os.close(process)
    return bool(ended)


def printed(folder: Path) -> str:
    node = nbformat.read(folder / "out.ipynb", as_version=4)
    nbformat.validate(node)
    return "".join(output.get("text", "") for output in node.cells[-1].outputs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_the_cell_and_keeps_what_it_printed(
    tmp_path: Path, check_in: CheckIn, number: signal.Signals
) -> None:
    endless = f"```python\nimport os, socket\nprint('begun')\n{check_in.code()}\nwhile True: pass\n```"
    with running(tmp_path, [endless]) as process:
        kernel = check_in.wait()
        process.send_signal(number)
        _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "Stopped by" in errors
    assert "Traceback" not in errors
    assert printed(tmp_path) == "begun\n"
    assert has_ended(kernel)


def test_ctrl_c_in_the_middle_of_a_reply_cancels_the_request(tmp_path: Path) -> None:
    held = ScriptedModel().held("This will take")
    with running(tmp_path, [held]) as process:
        assert held.reached.wait(TIMEOUT)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT)
        assert held.disconnected.wait(TIMEOUT)
    assert process.returncode == 1
    assert "Stopped by Ctrl-C." in errors
    assert not (tmp_path / "out.ipynb").exists()


def test_a_second_ctrl_c_aborts_what_does_not_stop(tmp_path: Path, check_in: CheckIn) -> None:
    deaf = (
        "```python\nimport os, socket, time\nprint('begun', flush=True)\nwhile True:\n    try:\n"
        f"        {check_in.code()}\n        time.sleep(60)\n    except KeyboardInterrupt: pass\n```"
    )
    with running(tmp_path, [deaf]) as process:
        os.close(check_in.wait())
        process.send_signal(signal.SIGINT)
        kernel = check_in.wait()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "Aborted." in errors
    assert "Traceback" not in errors
    assert printed(tmp_path) == "begun\n"
    assert has_ended(kernel)


def test_json_is_one_event_per_line_and_nothing_else(tmp_path: Path) -> None:
    noisy = "```python\nimport os, sys\nos.system('echo noise; echo noise >&2')\nprint('out')\n```"
    with running(tmp_path, [noisy, "Zwölf ☃."], "--json") as process:
        output, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    kinds = [events.load(line).type for line in output.splitlines()]
    assert kinds[0] == "run_started"
    assert kinds[-1] == "run_ended"
    assert "executed" in kinds
    assert "reply_delta" not in kinds
    assert events.load(output.splitlines()[-1]).answer == "Zwölf ☃."
    assert errors == f"Notebook: {tmp_path / 'out.ipynb'}\n"


def test_a_reader_that_goes_away_stops_the_run_quietly(tmp_path: Path) -> None:
    replies: list[ScriptedReply] = [f"```python\n{number}\n```" for number in range(50)]
    with running(tmp_path, replies, "--json", "--max-turns", "50") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(TIMEOUT)
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 1
