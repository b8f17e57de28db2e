"""The MCP servers of one notebook: looked up anew for each run, and kept while nothing about them changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ...agent.tool_servers import ServerDefinitions, ToolServer
from .configuration import FILE, McpError, withdraw
from .servers import CALL_SECONDS, McpServers
from .sources import Confirmations, Sources, find, propose


class NotebookServers:
    """Implements the agent's `ToolServers` contract for a notebook.

    Parameters
    ----------
    configured
        The configuration's servers, in the form of ``.mcp.json``.
    folder
        Returns the notebook's folder, which may change.
    timeout
        Seconds that one call may take.
    settings
        Returns the folder of the user's settings for JupyterLab, if it is not the usual one.
    how_to_confirm
        What the user is told to do about servers that a file proposes, as a sentence.
    on_change
        Called when there is something new to show.
    keep_secrets
        Whether what servers are given of this process's secrets is taken out of its environment, which the
        kernels that it starts inherit.
    """

    def __init__(
        self,
        configured: Mapping[str, Any],
        folder: Callable[[], Path],
        *,
        timeout: float | None = None,
        settings: Callable[[], Path | None] = lambda: None,
        how_to_confirm: str = "",
        on_change: Callable[[], None] = lambda: None,
        keep_secrets: bool = False,
    ) -> None:
        self._folder, self._settings = folder, settings
        self.configure(configured, timeout)
        self._how_to_confirm, self._on_change = how_to_confirm, on_change
        self._keep_secrets = keep_secrets
        self._servers: McpServers | None = None
        self._place = Path()
        self.sources = Sources()
        self.connected: list[ToolServer] = []
        """The servers as they were when a run last began."""

    @property
    def changed(self) -> bool:
        """Whether a server that runs has other functions than `connect` has told last."""
        return self._servers is not None and self._servers.changed

    def configure(self, configured: Mapping[str, Any], timeout: float | None) -> None:
        """Take another configuration, from the next run on."""
        self._configured, self._timeout = configured, timeout or CALL_SECONDS

    async def look(self) -> Sources:
        """Read where servers are named; nothing is started."""
        self.sources = await asyncio.to_thread(find, self._configured, self._folder(), self._settings())
        if self._keep_secrets:
            withdraw(self.sources.servers)
        return self.sources

    async def confirm(self, digest: str) -> None:
        """Confirm what the file beside the notebook proposes, if it is still what the user has seen.

        Raises
        ------
        McpError
            If it is not.
        """
        proposal = await asyncio.to_thread(propose, self._folder())
        if proposal is None or proposal.problem or proposal.digest != digest:
            raise McpError(f"{FILE} was changed meanwhile. Look at it again.")
        await asyncio.to_thread(Confirmations().add, proposal)
        await self.look()

    async def connect(self) -> ServerDefinitions:
        """Start the servers that do not run, and tell what functions they have."""
        sources, folder = await self.look(), self._folder()
        if self._servers is not None and (self._servers.configs, self._place) != (sources.servers, folder):
            await self.close()
        kernel: dict[str, Any] = {"servers": []}
        servers: list[ToolServer] = []
        if sources.servers:
            if self._servers is None:
                self._servers, self._place = (
                    McpServers(sources.servers, folder, timeout=self._timeout),
                    folder,
                )
            try:
                found = await self._servers.connect()
                servers, kernel = found.servers, found.kernel
            except McpError as error:  # there is no SDK
                servers = [ToolServer(name=name, problem=str(error)) for name in sources.servers]
        servers = [*servers, *(ToolServer(name=FILE, problem=problem) for problem in sources.problems)]
        if sources.proposal is not None:
            names = ", ".join(sources.proposal.servers)
            problem = (
                f"{FILE} names MCP servers that you have not confirmed ({names}). {self._how_to_confirm}"
            )
            servers.append(ToolServer(name=FILE, problem=problem.strip()))
        return ServerDefinitions(servers=servers, kernel=kernel)

    def defined(self, servers: list[ToolServer]) -> None:
        """Learn the names that the servers have in the kernel."""
        self.connected = servers
        if self._servers is not None:
            self._servers.name_modules({one.name: one.module for one in servers if one.module})
        self._on_change()

    def cell(self, allowed: Collection[str] | None) -> AbstractContextManager[None]:
        """Know that a cell of the agent's runs, and which destructive functions it may call."""
        return nullcontext() if self._servers is None else self._servers.cell(allowed)

    async def close(self) -> None:
        """Stop the servers."""
        servers, self._servers = self._servers, None
        if servers is not None:
            await asyncio.to_thread(servers.close)
