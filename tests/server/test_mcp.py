"""Other agents in this server's notebooks, by the official client over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import nbformat
import pytest
from jupyter_server.serverapp import ServerApp
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, Implementation

from jupyter_codeact.agent.events import Event, RunStarted
from jupyter_codeact.server.conversations import Conversations

Agent = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def address(jp_serverapp: ServerApp) -> str:
    return f"http://127.0.0.1:{jp_serverapp.port}{jp_serverapp.base_url}codeact/mcp"


@pytest.fixture
def agent(address: str, jp_serverapp: ServerApp) -> Agent:
    """Return what connects an agent of a name."""

    @asynccontextmanager
    async def connect(name: str = "Claude Code", mode: str = "legacy") -> AsyncIterator[Client]:
        headers = {"Authorization": f"token {jp_serverapp.identity_provider.token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=120) as http:
            transport = streamable_http_client(address, http_client=http)
            info = Implementation(name=name, version="1")
            async with Client(transport, client_info=info, mode=mode) as client:
                yield client

    return connect


@pytest.fixture
def notebook(jp_root_dir: Path) -> Path:
    path = jp_root_dir / "a.ipynb"
    cells = [
        nbformat.v4.new_markdown_cell("# Numbers", id="title"),
        nbformat.v4.new_code_cell("x = 6", id="six"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def text_of(result: Any) -> str:
    assert isinstance(result, CallToolResult)
    return "\n".join(part.text for part in result.content if part.type == "text")


def events_of(conversations: Conversations, path: str = "a.ipynb") -> list[Event]:
    journal = conversations.journal
    conversation = journal.latest(conversations.setup.key(path))
    return list(journal.events(conversation)) if conversation else []


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_an_agent_runs_a_cell_in_a_notebook_that_no_page_shows(
    agent: Agent, notebook: Path, conversations: Conversations, jp_fetch: Any, mode: str
) -> None:
    async with agent("Claude Code", mode) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert {"list_notebooks", "run_cell", "undo", "ask"} <= tools
        opened = text_of(await client.call_tool("open_notebook", {"notebook": "a.ipynb"}))
        assert "Numbers" in opened
        await client.call_tool("run_cell", {"notebook": "a.ipynb", "cell": "six"})
        ran = await client.call_tool("run_cell", {"notebook": "a.ipynb", "code": "print(x * 7)"})
    assert "42" in text_of(ran)
    assert not ran.is_error
    assert ran.structured_content
    assert ran.structured_content["status"] == "ok"
    written = nbformat.read(notebook, as_version=4)
    nbformat.validate(written)
    [_, six, new] = written.cells
    assert new.id == ran.structured_content["cell"]
    assert (six.execution_count, new.execution_count) == (1, 2)
    assert new.outputs[0].text == "42\n"
    sessions = json.loads((await jp_fetch("api", "sessions")).body)
    assert [session["path"] for session in sessions] == ["a.ipynb"]
    events = events_of(conversations)
    assert isinstance(events[0], RunStarted)
    assert events[0].agent == "Claude Code"
    types = [event.type for event in events]
    assert types.count("executed") == 2
