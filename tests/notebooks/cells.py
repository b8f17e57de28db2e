"""Writing, running and reading cells, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import start_new_async_kernel

from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.notebooks.headless import HeadlessNotebook


class Knock:
    """Lets a cell tell the test how far it is: ``source`` is code that knocks."""

    def __init__(self, port: int, heard: asyncio.Event) -> None:
        self.source = f"__import__('socket').create_connection(('127.0.0.1', {port})).close()"
        self.heard = heard


@asynccontextmanager
async def knocking() -> AsyncIterator[Knock]:
    """Listen for a cell that knocks."""
    heard = asyncio.Event()

    def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield Knock(server.sockets[0].getsockname()[1], heard)


def until(file: Path) -> str:
    """Return a line of Python that goes on when there is such a file."""
    return f"while not __import__('os').path.exists({str(file)!r}): __import__('time').sleep(0.01)"


async def run(notebook: HeadlessNotebook, source: str, timeout: float | None = None) -> Execution:
    cell = await notebook.write_cell(source)
    return await notebook.run_cell(cell, source=source, timeout=timeout)


def printed(execution: Execution) -> str:
    return "".join(output["text"] for output in execution.outputs if output["output_type"] == "stream")


def read(path: Path) -> nbformat.NotebookNode:
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    return node


@asynccontextmanager
async def bare_kernel() -> AsyncIterator[AsyncKernelClient]:
    """A kernel that only the test talks to."""
    manager, client = await start_new_async_kernel()
    try:
        yield client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def execute(client: AsyncKernelClient, code: str, **options: Any) -> dict[str, Any]:
    """Run code in a bare kernel, and return the content of its reply: others may still be on their way."""
    request = client.execute(code, **options)
    while True:
        reply = await client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == request:
            return reply["content"]
