"""Passes calls on to a running Jupyter server, for clients that speak over standard input and output."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from ...agent.contracts import CodeActError
from .notebooks import CONNECTION
from .run import UNNAMED

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_OWN = uuid.uuid4().hex
"""What tells this process from another one that passes on calls of a client of the same name."""


@dataclass(frozen=True)
class Address:
    """A Jupyter server: its URL, its token, and the path there of the notebook that is meant by default."""

    url: str
    token: str = ""
    notebook: str = ""


def build_proxy(tools: MCPServer, find: Callable[[], Address]) -> Server[Any]:
    """Return a server that shows the tools of ``tools``, and lets a Jupyter server carry them out.

    Parameters
    ----------
    tools
        Whose tools are shown; it is asked for nothing else.
    find
        Returns the Jupyter server, at each call: the user may start it later. It raises `CodeActError`.
    """

    async def list_tools(_context: Any, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=await tools.list_tools())

    async def call_tool(context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        async def tell(progress: float, total: float | None, message: str | None) -> None:
            await context.session.report_progress(progress, total, message)

        try:
            address = find()
        except CodeActError as error:
            return _error(str(error))
        arguments = dict(params.arguments or {})
        if address.notebook and params.name != "list_notebooks":
            arguments.setdefault("notebook", address.notebook)
        given = context.session.client_params
        info = given.client_info if given else Implementation(name=UNNAMED, version="")
        try:
            async with _connected(address) as http, _client(address, http, info) as client:
                result = await client.call_tool(params.name, arguments, progress_callback=tell)
                assert isinstance(result, CallToolResult)
                return result
        except BaseExceptionGroup as group:
            return _error(_sentence(address, group))
        except (httpx2.HTTPError, MCPError) as error:
            return _error(_sentence(address, error))

    return Server(
        "jupyter-codeact",
        version=version("jupyter-codeact"),
        title="Jupyter CodeAct",
        instructions=tools.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _connected(address: Address) -> httpx2.AsyncClient:
    """Return an HTTP client without a time limit for answers; on this machine no proxy comes between."""
    headers = {"Authorization": f"token {address.token}"} if address.token else {}
    return httpx2.AsyncClient(
        headers={CONNECTION: _OWN, **headers},
        timeout=httpx2.Timeout(30.0, read=None),
        trust_env=urlsplit(address.url).hostname not in LOOPBACK,
    )


def _client(address: Address, http: httpx2.AsyncClient, info: Implementation) -> Client:
    transport = streamable_http_client(f"{address.url.rstrip('/')}/codeact/mcp", http_client=http)
    return Client(transport, client_info=info, mode=MODERN_PROTOCOL_VERSIONS[-1])


def _sentence(address: Address, error: BaseException) -> str:
    """Say what went wrong between here and the Jupyter server."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (
        f"The Jupyter server at {address.url} did not take the call: {error or type(error).__name__}. It "
        "must be running, with jupyter-codeact[mcp] installed, and the token must be its own."
    )


def _error(message: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=message)], is_error=True)
