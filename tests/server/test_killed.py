"""A Jupyter server that is killed, in each phase of a run, and what the page finds when it is back."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_notebook
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.faults import block
from tests.ports import await_server, free_port
from tests.scripted import Held, ScriptedModel, ScriptedReply
from tests.server.page import ScriptedPage

TOKEN = "a-token-for-tests"


class Server:
    """A Jupyter server, a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path, model: ScriptedModel) -> None:
        self.root, self.log, port = folder / "work", folder / "log", free_port()
        self.root.mkdir()
        self.address = f"127.0.0.1:{port}"
        own = {f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("config", "data", "runtime")}
        more = {"JUPYTER_CODEACT_API_KEY": model.api_key, "JUPYTER_NO_CONFIG": "1"}  # no other extension
        self._environment = os.environ | own | more
        self._command = [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"),
            *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.root}"),
            *(f"--IdentityProvider.token={TOKEN}", f"--CodeActExtension.endpoint={model.url}"),
            "--ServerApp.jpserver_extensions=jupyter_codeact=True",
        ]
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        await_server(f"http://{self.address}/api/status?token={TOKEN}", self.process, self.log.read_text)

    def start_kernel(self) -> psutil.Process:
        """Start a kernel and return its process."""
        request = urllib.request.Request(
            f"http://{self.address}/api/kernels?token={TOKEN}", data=json.dumps({"name": "python3"}).encode()
        )
        urllib.request.urlopen(request, timeout=120).close()
        children = psutil.Process(self.process.pid).children()
        [kernel] = [child for child in children if "ipykernel_launcher" in child.cmdline()]
        return kernel

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)

    async def open(self, notebook: str) -> tuple[ScriptedPage, dict[str, Any]]:
        """Show a notebook on a page, and return the page with the history that it is sent."""
        url = f"ws://{self.address}/codeact/ws?page=&token={TOKEN}"
        page = ScriptedPage(await websocket_connect(HTTPRequest(url)), None)
        return page, await page.open(notebook)


@pytest.fixture(scope="module")
def served() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, served: ScriptedModel) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("killed"), served)
    yield server
    server.kill()


RISKY = block("import os\nos.system('true')")
PHASES: dict[str, tuple[ScriptedReply, str]] = {
    "asking": (Held(""), ""),
    "streaming": (Held("It will be "), "reply_delta"),
    "writing": (block("1 + 1"), "write_cell"),
    "approving": (RISKY, "approval_requested"),
    "running": (block("1 + 1"), "run_cell"),
}


@pytest.mark.parametrize("phase", PHASES)
async def test_what_the_page_was_told_is_there_after_a_kill_and_the_run_has_an_end(
    phase: str, server: Server, served: ScriptedModel
) -> None:
    reply, reached = PHASES[phase]
    file = server.root / f"{phase}.ipynb"
    nbformat.write(new_notebook(), file)
    before, kernel = file.read_bytes(), server.start_kernel()
    page, _ = await server.open(file.name)
    if reached in ("write_cell", "run_cell"):
        page.held[reached] = asyncio.Event()  # the command is carried out, and never answered
    served.script([reply])
    await page.ask("Count.", file.name)
    if isinstance(reply, Held):
        assert await asyncio.to_thread(reply.reached.wait, 60)
    if reached:
        await page.hears(reached)
    server.kill()
    await asyncio.wait_for(page.closed.wait(), 60)
    if isinstance(reply, Held):
        assert await asyncio.to_thread(reply.disconnected.wait, 60)
    await asyncio.to_thread(psutil.wait_procs, [kernel], 60)
    assert not kernel.is_running()
    told = [message["event"] for message in page.heard if message["type"] == "event"]
    acknowledged = [event for event in told if event["type"] != "reply_delta"]
    assert [event["type"] for event in acknowledged][:1] == ["run_started"]
    await page.leave()

    server.start()
    again, history = await server.open(file.name)
    *kept, end = history["events"]
    assert kept[: len(acknowledged)] == acknowledged
    assert (end["type"], end["ending"]) == ("run_ended", "failed")
    assert end["message"] == "The program ended in the middle of this run. What was done until then is kept."
    assert not history["running"]
    served.script(["Here again."])
    await again.ask("Go on.", file.name)
    assert (await again.end())["answer"] == "Here again."
    await again.leave()
    assert file.read_bytes() == before
