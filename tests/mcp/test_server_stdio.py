"""``jupyter codeact mcp``, started by the official client as any client starts it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult, Implementation

from tests.scripted import ScriptedModel
from tests.waiting import until


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which no Jupyter server runs, and nothing is kept."""
    own = {"JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "XDG_DATA_HOME": str(tmp_path / "data")}
    return {**os.environ, **own}


@asynccontextmanager
async def started(folder: Path, environment: dict[str, str], *arguments: str) -> AsyncIterator[Client]:
    command = ["-m", "jupyter_codeact.cli", "mcp", *arguments]
    parameters = StdioServerParameters(command=sys.executable, args=command, env=environment, cwd=folder)
    async with Client(
        stdio_client(parameters), client_info=Implementation(name="Codex", version="1")
    ) as client:
        yield client


def text_of(result: Any) -> str:
    assert isinstance(result, CallToolResult)
    return "\n".join(part.text for part in result.content if part.type == "text")


async def test_without_a_server_an_agent_works_in_the_file(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    async with started(tmp_path, environment, "new.ipynb") as client:
        ran = await client.call_tool("run_cell", {"code": "x = 6\nprint(x * 7)"})
        assert "42" in text_of(ran)
        refused = await client.call_tool("run_cell", {"code": "import os\nos.system('touch harm')"})
        assert refused.is_error
        assert "--approval never" in text_of(refused)
        checked = await client.call_tool("check_notebook", {})
        assert checked.is_error
        other = await client.call_tool("read_notebook", {"notebook": "other.ipynb"})
        assert "Only 'new.ipynb' is open here" in text_of(other)
    [cell, _] = nbformat.read(tmp_path / "new.ipynb", as_version=4).cells
    assert cell.outputs[0].text == "42\n"
    assert "harm" not in os.listdir(tmp_path)


async def test_what_is_set_for_our_model_is_not_set_for_another_agent(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    name = "smollm2-135m"
    command = ["-m", "jupyter_codeact.cli", "models", "set", name, "--approval", "never"]
    await asyncio.to_thread(subprocess.run, [sys.executable, *command], env=environment, check=True)
    async with started(tmp_path, environment, "new.ipynb", "--model", name) as client:
        refused = await client.call_tool("run_cell", {"code": "import os\nos.system('touch harm')"})
    assert refused.is_error
    assert "harm" not in os.listdir(tmp_path)


async def test_the_user_says_on_the_command_line_that_nothing_waits(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    async with started(tmp_path, environment, "new.ipynb", "--approval", "never") as client:
        ran = await client.call_tool("run_cell", {"code": "import os\nos.system('true')"})
        assert not ran.is_error
        assert "The notebook reproduces" in text_of(await client.call_tool("check_notebook", {}))
        await client.call_tool("undo", {})
    assert nbformat.read(tmp_path / "new.ipynb", as_version=4).cells == []


async def test_without_a_server_a_cell_is_interrupted_and_our_own_agent_does_a_task(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    code = "import time\nopen('begun', 'w').close()\ntime.sleep(600)"
    with ScriptedModel(["```python\nprint(6 * 7)\n```", "It is 42."]) as model:
        own = {**environment, "JUPYTER_CODEACT_API_KEY": model.api_key}
        async with started(tmp_path, own, "new.ipynb", "--endpoint", model.url) as client:
            opened = await client.call_tool("open_notebook", {"notebook": "new.ipynb", "create": True})
            assert "new.ipynb is open." in text_of(opened)
            call = asyncio.ensure_future(client.call_tool("run_cell", {"code": code}))
            await until(lambda: (tmp_path / "begun").exists())
            assert not (await client.call_tool("interrupt_kernel", {})).is_error
            assert (await call).is_error
            assert text_of(await client.call_tool("ask", {"task": "Multiply."})) == "It is 42."
    assert nbformat.read(tmp_path / "new.ipynb", as_version=4).cells[-1].outputs[0].text == "42\n"


async def test_a_call_says_that_no_server_runs(tmp_path: Path, environment: dict[str, str]) -> None:
    async with started(tmp_path, environment) as client:
        assert len((await client.list_tools()).tools) == 15
        listed = await client.call_tool("list_notebooks", {})
    assert listed.is_error
    assert "No Jupyter server runs for the folder" in text_of(listed)
