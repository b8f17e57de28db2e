"""Which kernel a headless notebook takes, and what it says when there is none."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_notebook

from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.notebooks import kernelspecs
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from jupyter_codeact.notebooks.kernel import STARTS
from jupyter_codeact.notebooks.kernelspecs import choose_kernel


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that installs a kernelspec; those of this machine are not seen."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_JUPYTER_PATH", [])

    def install(name: str, language: str, *argv: str) -> None:
        folder = tmp_path / "jupyter" / "kernels" / name
        folder.mkdir(parents=True)
        spec = {"argv": list(argv), "display_name": name.title(), "language": language}
        (folder / "kernel.json").write_text(json.dumps(spec))

    return install


def notebook(folder: Path, **metadata: Any) -> Path:
    path = folder / "in.ipynb"
    nbformat.write(new_notebook(metadata=metadata), path)
    return path


def kernelspec(name: str) -> dict[str, str]:
    return {"name": name, "display_name": name}


R = {"name": "ir", "display_name": "R", "language": "R"}


@pytest.mark.parametrize(
    ("metadata", "kernel", "sentence"),
    [
        ({}, "lost-env", r"There is no kernel “lost-env”. Installed kernels for Python: mine, python3\."),
        ({}, "julia", "“julia” speaks julia; CodeAct works with Python"),
        ({"kernelspec": kernelspec("julia")}, None, "“julia” speaks julia; CodeAct works with Python"),
        ({"language_info": {"name": "R"}}, None, "written in R; CodeAct works with Python"),
        ({"kernelspec": R}, None, "written in R and asks for the kernel “ir”, which is not installed"),
    ],
)
def test_a_kernel_that_is_not_there_or_not_for_python_is_refused(
    tmp_path: Path, installed: Any, metadata: Any, kernel: str | None, sentence: str
) -> None:
    installed("mine", "python", sys.executable)
    installed("julia", "julia", "julia")
    with pytest.raises(NotebookError, match=sentence):
        HeadlessNotebook(notebook(tmp_path, **metadata), kernel=kernel)


@pytest.mark.parametrize("language", [None, "python", "Python", "ipython"])
def test_a_python_notebook_whose_kernel_is_missing_runs_with_pythons_and_keeps_its_own(
    tmp_path: Path, installed: Any, language: str | None
) -> None:
    more = {"language_info": {"name": language}} if language else {}
    path = notebook(tmp_path, kernelspec=kernelspec("conda-env-lab-py"), **more)
    headless = HeadlessNotebook(path)
    [note] = headless.notes
    assert "“conda-env-lab-py” is not installed here: “python3” runs it instead" in note
    assert headless._document.node.metadata.kernelspec.name == "conda-env-lab-py"
    assert HeadlessNotebook(notebook(tmp_path, **more)).notes == []


def test_any_kernel_for_python_stands_in_where_the_usual_one_is_missing(
    installed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed("a", "R", "r")
    installed("b", "Python", "x")
    monkeypatch.setattr(kernelspecs, "DEFAULT", "not here")
    assert choose_kernel({}).name == "b"


async def test_a_kernel_of_any_name_that_speaks_python_will_do(tmp_path: Path, installed: Any) -> None:
    installed("mine", "Python", sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}")
    path = notebook(tmp_path, kernelspec=kernelspec("python3"), language_info={"name": "python"})
    async with HeadlessNotebook(path, kernel="mine") as headless:
        cell = await headless.write_cell("1")
        assert (await headless.run_cell(cell, source="1")).status == "ok"
    node = nbformat.read(headless.path, as_version=4)
    assert node.metadata.kernelspec == {"name": "mine", "display_name": "Mine", "language": "Python"}


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (
            [sys.executable, "-c", "import sys; sys.exit('No module named ipykernel')"],
            "No module named ipykernel",
        ),
        (["/no/such/python", "-f", "{connection_file}"], "No such file or directory"),
    ],
)
async def test_a_kernel_that_cannot_start_says_why_and_nothing_is_written(
    tmp_path: Path, installed: Any, argv: list[str], reason: str
) -> None:
    installed("broken", "python", *argv)
    headless = HeadlessNotebook(notebook(tmp_path, kernelspec=kernelspec("broken")))
    with pytest.raises(NotebookError, match=rf"“broken” could not be started: .*{reason}"):
        await headless.__aenter__()
    assert not headless.written
    assert sorted(os.listdir(tmp_path)) == ["in.ipynb", "jupyter"]


TAKING = """
import json, pathlib, runpy, socket, sys

tries = pathlib.Path({tries!r})
with tries.open("a") as file:
    file.write("tried\\n")
if len(tries.read_text().splitlines()) <= {often}:
    taken = socket.create_server(("127.0.0.1", json.loads(open(sys.argv[2]).read())["shell_port"]))
runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("often", [1, 9])
async def test_a_kernel_whose_port_another_program_took_is_started_anew(
    tmp_path: Path, installed: Any, often: int
) -> None:
    tries = tmp_path / "tries"
    code = TAKING.format(tries=str(tries), often=often)
    installed("unlucky", "python", sys.executable, "-c", code, "-f", "{connection_file}")
    headless = HeadlessNotebook(notebook(tmp_path, kernelspec=kernelspec("unlucky")))
    if often == 1:
        async with headless:
            cell = await headless.write_cell("1")
            assert (await headless.run_cell(cell, source="1")).status == "ok"
    else:
        with pytest.raises(NotebookError, match=r"could not be started: .*[Aa]ddress already in use"):
            await headless.__aenter__()
    assert len(tries.read_text().splitlines()) == (2 if often == 1 else STARTS)


PARENT = """
import asyncio, sys
from pathlib import Path
from jupyter_codeact.notebooks import kernelspecs
from jupyter_codeact.notebooks.headless import HeadlessNotebook

async def main():
    async with HeadlessNotebook(output=Path(sys.argv[1])) as notebook:
        source = "import os, time\\nprint(os.getpid(), flush=True)\\nwhile True: time.sleep(0.1)"
        cell = await notebook.write_cell(source)
        working = asyncio.create_task(notebook.run_cell(cell, source=source))
        while not (shown := (await notebook.state()).cells[0].outputs):
            await asyncio.sleep(0.05)
        await notebook.save()
        print(shown[0]["text"], flush=True)
        await working

asyncio.run(main())
"""


@pytest.mark.parametrize("killer", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_kernel_outlives_a_program_that_is_killed(tmp_path: Path, killer: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "out.ipynb")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        kernel = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(killer)
        parent.wait(60)
    ended, _, _ = select.select([kernel], [], [], 60)
    os.close(kernel)
    assert ended == [kernel]
    nbformat.validate(nbformat.read(tmp_path / "out.ipynb", as_version=4))


STOPPED = """
import asyncio, sys
from pathlib import Path
from jupyter_codeact.notebooks import kernel
from jupyter_codeact.notebooks import kernelspecs
from jupyter_codeact.notebooks.headless import HeadlessNotebook

kernel.SILENCE_SECONDS = 1.0

async def main():
    async with HeadlessNotebook(output=Path(sys.argv[1])) as notebook:
        knock = f"socket.create_connection(('127.0.0.1', {sys.argv[2]}))"
        # the last knock is late, so that the word that the cell is done is lost as well; nothing tells when
        later = f"threading.Timer(1.0, lambda: {knock}).start()"
        source = f"import socket, threading\\n{knock}\\nfor _ in range(3000): display('x' * 20_000)\\n{later}"
        execution = await notebook.run_cell(await notebook.write_cell(source), source=source)
        print(execution.status, execution.outputs[-1].get("text"))
        print((await notebook.run_cell(await notebook.write_cell("1"), source="1")).status)

asyncio.run(main())
"""


def test_outputs_lost_while_the_program_was_stopped_are_told_and_nothing_hangs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        port = str(server.getsockname()[1])
        command = [sys.executable, "-c", STOPPED, str(tmp_path / "out.ipynb"), port]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            server.accept()[0].close()
            parent.send_signal(signal.SIGSTOP)
            server.accept()[0].close()
            parent.send_signal(signal.SIGCONT)
            said, _ = parent.communicate(timeout=60)
    assert said.splitlines()[0].startswith("ok [Some outputs were lost")
    assert said.splitlines()[-1] == "ok"
