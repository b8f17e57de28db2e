"""The MCP server on Jupyter's own port, behind Jupyter's authentication.

The official SDK speaks ASGI. `mcp_handler` passes Tornado's requests on to it, and its answers back.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from .served_notebooks import ServedNotebooks


class McpServer:
    """The MCP server of a Jupyter server. It begins with the first request; only then is the SDK imported.

    Parameters
    ----------
    notebooks
        The notebooks that clients work in.
    """

    def __init__(self, notebooks: ServedNotebooks) -> None:
        self._notebooks = notebooks
        self._serving: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._end = asyncio.Event()

    async def manager(self) -> StreamableHTTPSessionManager:
        """Return the SDK's session manager, begun if need be.

        Raises
        ------
        ImportError
            If the SDK is not installed.
        """
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._serving = asyncio.ensure_future(self._serve(self._ready))
        try:
            return await asyncio.shield(self._ready)
        except ImportError:
            self._ready = None  # it may be installed meanwhile
            raise

    async def close(self) -> None:
        """End all sessions of clients, and their runs."""
        self._end.set()
        if self._serving is not None:
            await asyncio.wait({self._serving})
        await self._notebooks.close()

    async def _serve(self, ready: asyncio.Future[StreamableHTTPSessionManager]) -> None:
        try:
            # a second of work, in which the event loop can do other things
            tools: Any = await asyncio.to_thread(importlib.import_module, "jupyter_codeact.mcp.server.tools")
            from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

            manager = StreamableHTTPSessionManager(tools.build_server(self._notebooks)._lowlevel_server)
            async with manager.run():
                ready.set_result(manager)
                await self._end.wait()
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
