"""A Jupyter server with the extension on a scripted model, a real kernel, and pages that speak with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jupyter_server.serverapp import ServerApp
from pytest_jupyter.jupyter_server import (  # noqa: F401 - fixtures, found by their names
    echo_kernel_spec,
    http_server,
    http_server_client,
    http_server_port,
    io_loop,
    jp_argv,
    jp_auth_header,
    jp_base_url,
    jp_config_dir,
    jp_configurable_serverapp,
    jp_create_notebook,
    jp_data_dir,
    jp_env_config_path,
    jp_env_jupyter_path,
    jp_environ,
    jp_extension_environ,
    jp_fetch,
    jp_home_dir,
    jp_http_port,
    jp_kernel_dir,
    jp_logging_stream,
    jp_nbconvert_templates,
    jp_root_dir,
    jp_runtime_dir,
    jp_server_cleanup,
    jp_serverapp,
    jp_system_config_path,
    jp_system_jupyter_path,
    jp_template_dir,
    jp_web_app,
    jp_ws_fetch,
)

from jupyter_codeact.server.conversations import Conversations
from tests.scripted import ScriptedModel
from tests.server.page import Connect, ScriptedPage


@pytest_asyncio.fixture
async def the_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


@pytest.fixture
def jp_asyncio_loop(the_loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    """Let the server live in the loop that the test itself runs in."""
    return the_loop


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "journal.sqlite"


@pytest.fixture
def codeact_config(model: ScriptedModel, journal_path: Path) -> dict[str, Any]:
    """Return the extension's configuration; a module may have its own."""
    return {"endpoint": model.url, "journal": str(journal_path)}


@pytest.fixture
def jp_server_config(
    codeact_config: dict[str, Any], model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    monkeypatch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_codeact": True}},
        "CodeActExtension": codeact_config,
        "FileContentsManager": {"delete_to_trash": False, "always_delete_dir": True},
    }


@pytest.fixture
def conversations(jp_serverapp: ServerApp) -> Conversations:
    [extension] = jp_serverapp.extension_manager.extension_apps["jupyter_codeact"]
    return extension.conversations


@pytest_asyncio.fixture
async def kernel(jp_fetch: Any, jp_serverapp: ServerApp) -> str:
    """Start a Python kernel and return its id, once it answers, as JupyterLab does.

    One that finds its port taken by another program dies at its start, and the server starts it anew.
    """
    answer = await jp_fetch("api", "kernels", method="POST", body=json.dumps({"name": "python3"}))
    kernel_id = str(json.loads(answer.body)["id"])
    client = jp_serverapp.kernel_manager.get_kernel(kernel_id).client()
    client.start_channels(stdin=False, hb=False, control=False)
    try:
        await client.wait_for_ready(timeout=60)
    finally:
        client.stop_channels()
    return kernel_id


@pytest_asyncio.fixture
async def connect(jp_serverapp: ServerApp, jp_ws_fetch: Any) -> AsyncIterator[Connect]:
    """Return what connects a page, which shows no notebook yet."""
    pages: list[ScriptedPage] = []

    async def one(name: str = "") -> ScriptedPage:
        socket = await jp_ws_fetch("codeact", "ws", params={"page": name}, max_message_size=2**30)
        pages.append(ScriptedPage(socket, jp_serverapp.kernel_manager))
        return pages[-1]

    yield one
    for page in pages:
        await page.leave()


@pytest_asyncio.fixture
async def page(connect: Connect, kernel: str) -> ScriptedPage:
    """Return a page that shows ``a.ipynb`` with a kernel."""
    page = await connect()
    await page.open("a.ipynb", kernel)
    return page
