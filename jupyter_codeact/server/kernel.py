"""A kernel of this server, reached without the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_core.utils import ensure_async
from jupyter_server.gateway.managers import GatewayKernelManager

from ..agent.contracts import NotebookError, Variable
from ..notebooks import tools, variables

WAKING = 1.0
"""Seconds an interrupted kernel has to take in a message; one that is deep in a library takes longer."""


class ServerKernel:
    """A kernel of this server, as `notebooks.live.KernelAccess` wants it; the page is not needed for it."""

    def __init__(self, manager: Any, identity: Callable[[], str | None]) -> None:
        self._manager, self._identity = manager, identity

    async def interrupt(self) -> None:
        """Interrupt whatever the kernel is doing."""
        kernel = self._identity()
        if kernel is None or kernel not in self._manager:
            return
        try:
            interrupting: Any = self._manager.interrupt_kernel(kernel)
            await ensure_async(interrupting)
        except RuntimeError:
            return  # it is dead, and the page says so
        with self._client(kernel) as client, suppress(TimeoutError):
            if client:  # a cell that awaits notices the signal only when a message has come in
                waking: Any = client.kernel_info(reply=True, timeout=WAKING)
                await waking

    async def variables(self) -> list[Variable]:
        """Read what the user has defined; nothing while the kernel is busy, or lies behind a gateway."""
        kernel = self._identity()
        if kernel is None or kernel not in self._manager:
            return []
        with self._client(kernel) as client:
            return await variables.read(client) if client else []

    async def load_tools(self, names: Sequence[str]) -> None:
        """Define functions of modules as the agent's tools."""
        kernel = self._identity()
        if kernel is None or kernel not in self._manager:
            return
        with self._client(kernel) as client:
            if client is None:
                raise NotebookError("The agent's tools cannot be loaded into a kernel behind a gateway.")
            await tools.load(client, names)

    @contextmanager
    def _client(self, kernel: str) -> Iterator[AsyncKernelClient | None]:
        """Speak with a kernel on a channel of our own; not with one behind a gateway."""
        manager = self._manager.get_kernel(kernel)
        if isinstance(manager, GatewayKernelManager):
            yield None  # its ports are the gateway's, not ours to reach
            return
        client = manager.client()
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        try:
            yield client
        finally:
            client.stop_channels()
