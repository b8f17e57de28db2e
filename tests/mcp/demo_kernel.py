"""A real kernel with the functions of real servers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.agent.tool_servers import ToolServer
from jupyter_codeact.mcp.client.configuration import read_servers
from jupyter_codeact.mcp.client.servers import McpServers
from jupyter_codeact.notebooks.headless import HeadlessNotebook

SERVER = str(Path(__file__).parent / "demo_server.py")


def demo(*arguments: str, **fields: Any) -> dict[str, Any]:
    """Return how the demo server is named in a configuration."""
    return {"command": sys.executable, "args": [SERVER, *arguments], **fields}


class Served:
    """A kernel and servers.

    Attributes
    ----------
    notebook : HeadlessNotebook
        The kernel.
    servers : McpServers
        The servers.
    told : dict of str to ToolServer
        What is known of each.
    """

    def __init__(self, notebook: HeadlessNotebook, servers: McpServers) -> None:
        self.notebook, self.servers = notebook, servers
        self.told: dict[str, ToolServer] = {}

    async def define(self) -> dict[str, str]:
        """Start the servers, and define their functions; return the names that they have."""
        found = await self.servers.connect()
        self.told = {server.name: server for server in found.servers}
        names = dict(await self.notebook.define_servers(found.kernel))
        self.servers.name_modules(names)
        return names

    async def run(self, source: str) -> Execution:
        """Run a cell."""
        cell = await self.notebook.write_cell(source)
        return await self.notebook.run_cell(cell, source=source)

    async def value(self, expression: str) -> str:
        """Return what the kernel shows of a value, or its error."""
        outputs = (await self.run(f"print(repr({expression}))")).outputs
        last = outputs[-1]
        return str(last.get("text") or last.get("evalue") or "").rstrip("\n")


@asynccontextmanager
async def served(folder: Path, configured: Mapping[str, Any], **options: Any) -> AsyncIterator[Served]:
    """Yield a kernel that has the functions of these servers."""
    servers = McpServers(read_servers(configured, "The test"), folder, **options)
    try:
        async with HeadlessNotebook(None, folder / "served.ipynb", folder=folder) as notebook:
            one = Served(notebook, servers)
            await one.define()
            yield one
    finally:
        await asyncio.to_thread(servers.close)
