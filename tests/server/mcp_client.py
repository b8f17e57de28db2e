"""Another agent, by the official client, and the notebook that it works in."""

from __future__ import annotations

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

from jupyter_codeact.agent.events import Event
from jupyter_codeact.mcp.server.notebooks import CONNECTION
from jupyter_codeact.server.conversations import Conversations

Agent = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def address(jp_serverapp: ServerApp, jp_fetch: Any) -> str:
    return f"http://127.0.0.1:{jp_serverapp.port}{jp_serverapp.base_url}codeact/mcp"


@pytest.fixture
def agent(address: str, jp_serverapp: ServerApp) -> Agent:
    """Return what connects an agent of a name."""

    @asynccontextmanager
    async def connect(
        name: str = "Claude Code", mode: str = "legacy", connection: str = ""
    ) -> AsyncIterator[Client]:
        headers = {"Authorization": f"token {jp_serverapp.identity_provider.token}"}
        if connection:  # as `jupyter codeact mcp` sends it
            headers[CONNECTION] = connection
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


def facts_of(result: Any) -> dict[str, Any]:
    """Return what a program is told of a call; no structured content, which Codex would show alone."""
    assert result.structured_content is None
    return dict(result.meta["codeact/result"])


def events_of(conversations: Conversations, path: str = "a.ipynb") -> list[Event]:
    journal = conversations.journal
    conversation = journal.latest(conversations.setup.key(path))
    return list(journal.events(conversation)) if conversation else []
