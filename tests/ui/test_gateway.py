"""Behind a hub's base URL, with the kernel on a gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest
import websocket
from playwright.sync_api import expect

from tests.ports import await_server, free_port
from tests.scripted import ScriptedModel
from tests.ui.conftest import Open, scripted_lab
from tests.ui.lab import TOKEN, Lab

BASE = "/user/ada%20l/"
ENDLESS = "Counting.\n\n```python\nprint('begun', flush=True)\nwhile True:\n    pass\n```"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve kernels on a port of their own; return the address."""
    port, folder = free_port(), tmp_path_factory.mktemp("gateway")
    command = [sys.executable, "-m", "kernel_gateway", f"--KernelGatewayApp.port={port}"]
    command.append("--JupyterWebsocketPersonality.list_kernels=True")  # a Jupyter server asks for the list
    with (folder / "log").open("wb") as log:
        own = {"JUPYTER_RUNTIME_DIR": str(folder)}
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | own, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        url = f"http://127.0.0.1:{port}"
        try:
            await_server(f"{url}/api", process, (folder / "log").read_text)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(scope="module")
def hub_lab(tmp_path_factory: pytest.TempPathFactory, serving: ScriptedModel, gateway: str) -> Iterator[Lab]:
    lab = scripted_lab(
        tmp_path_factory.mktemp("hub"),
        serving,
        f"--GatewayClient.url={gateway}",
        f"--ServerApp.base_url={BASE}",
    )
    lab.origin += BASE.rstrip("/")
    with lab:
        yield lab


def start_kernel(lab: Lab, gateway: str, name: str) -> None:
    """Start the kernel of a notebook, and wait until it answers.

    JupyterLab opens a connection that the server refuses, as gateways know its older protocol only, and then
    another. If the kernel is still starting, the gateway takes up both at once, and the replies may go to the
    one that nobody listens to.
    """
    kernel = {"kernel": {"name": "python3"}, "name": name, "path": name, "type": "notebook"}
    request = urllib.request.Request(
        f"{lab.origin}/api/sessions",
        data=json.dumps(kernel).encode(),
        headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        identity = json.load(answer)["kernel"]["id"]
    # which the gateway takes up once the kernel has answered
    channels = f"{gateway.replace('http', 'ws', 1)}/api/kernels/{identity}/channels"
    websocket.create_connection(channels, timeout=60).close()


def test_the_agent_works_and_stops_behind_a_base_url_on_a_gateways_kernel(
    hub_lab: Lab, gateway: str, served: ScriptedModel, open_notebook: Open
) -> None:
    hub_lab.write("far.ipynb", "price = [2, 3, 37]")
    start_kernel(hub_lab, gateway, "far.ipynb")
    served.script(["Adding.\n\n```python\nprint('total', sum(price))\n```", "It is **42**.", ENDLESS])
    page = open_notebook("far.ipynb", on=hub_lab)
    page.run_cell(0)

    page.ask("Add up the prices.")

    expect(page.conversation).to_contain_text("It is 42.")
    expect(page.cells.nth(1)).to_contain_text("total 42")

    page.ask("Count.")
    expect(page.cells.nth(2)).to_contain_text("begun")
    page.stop.click()
    expect(page.cells.nth(2)).to_contain_text("KeyboardInterrupt")
    expect(page.notice).to_have_text("Stopped.")
