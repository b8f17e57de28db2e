"""A kernel of this server, reached without the page."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_core.utils import ensure_async
from jupyter_server.gateway.managers import GatewayKernelManager

from ..agent.contracts import Kernel, NotebookError, Variable
from ..notebooks import environment, servers, tools, user_expressions, variables
from .following import FollowedExecution

LATE = 0.5
"""Seconds that threads left behind by a cell get to finish, so that their outputs are seen."""
SUBSCRIBED = 0.5
"""Seconds to wait for the first message of a kernel, which shows that its messages arrive."""

# Runs in the user's kernel: waits a moment for threads that were not there before, and returns all threads,
# and the exit code of the last shell command.
# A kernel ascribes outputs of threads to the latest request, which is this one, so it is given the cell's.
_THREADS = """
import json, sys, threading, time

def wait(namespace, known, seconds, header):
    shell = namespace["get_ipython"]() if "get_ipython" in namespace else None
    for channel in (sys.stdout, sys.stderr, getattr(shell, "display_pub", None)):
        if header and hasattr(channel, "set_parent"):
            channel.set_parent({"header": header})
    end = time.monotonic() + seconds
    new = [thread for thread in threading.enumerate() if thread.ident not in known]
    for thread in new if seconds else ():
        if thread is not threading.current_thread():
            thread.join(max(0, end - time.monotonic()))
    sys.stdout.flush()
    sys.stderr.flush()
    code = namespace.get("_exit_code")
    threads = [thread.ident for thread in threading.enumerate()]
    return json.dumps({"threads": threads, "exit_code": code if isinstance(code, int) else None})
"""


class ServerKernel:
    """A kernel of this server, page or no page.

    A kernel behind a gateway can only be interrupted: its variables are unknown, and only the page knows how
    an execution went.

    Parameters
    ----------
    manager
        The server's kernel manager.
    kernel_id
        Returns the kernel's id, which changes when the user changes kernels.
    """

    def __init__(self, manager: Any, kernel_id: Callable[[], str | None]) -> None:
        self._manager, self._kernel_id = manager, kernel_id
        self._context: zmq.asyncio.Context | None = None
        self._client: AsyncKernelClient | None = None
        self._listener: asyncio.Task[None] | None = None
        self._session = ""
        self._subscribed = asyncio.Event()
        self._evaluating = asyncio.Lock()
        self._followed: FollowedExecution | None = None
        self._threads: set[int] = set()
        self._secrets: dict[str, str] = {}

    def session(self) -> str:
        """Return what tells a kernel from its successor: its process, if it is on this machine."""
        return self._session_of(self._kernel_id())

    def described(self) -> Kernel | None:
        """Return the kernel's language and state, as far as this server knows them; ``None`` without one."""
        kernel = self._kernel_id()
        if kernel is None or kernel not in self._manager:
            return None
        process = self._manager.get_kernel(kernel)
        spec = getattr(process, "kernel_spec", None)
        state = getattr(process, "execution_state", None) or "idle"
        return Kernel(language=getattr(spec, "language", None) or "python", status=state)

    def request(self, source: str) -> str:
        """Ask the kernel to run a cell, without input from a user, and return the request's id.

        Raises
        ------
        NotebookError
            If it is not to be reached.
        """
        client = self._connect()
        if client is None:
            raise NotebookError(
                "The server cannot run a cell in this kernel by itself. Open the notebook in JupyterLab and "
                "call again."
            )
        return str(client.execute(source, allow_stdin=False, stop_on_error=False))

    async def interrupt(self) -> None:
        """Interrupt whatever the kernel is doing."""
        kernel = self._kernel_id()
        if kernel is None or kernel not in self._manager:
            return
        try:
            interrupting: Any = self._manager.interrupt_kernel(kernel)
            await ensure_async(interrupting)
        except RuntimeError:
            return  # it is dead; the page says so
        if client := self._connect():  # a cell that awaits notices the signal only when a message has come in
            client.kernel_info()

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets in the kernel's environment, as they were when it was last asked."""
        return self._secrets

    async def variables(self, *, before_cells: bool = True) -> list[Variable] | None:
        """Return the user's variables; ``None`` while the kernel is busy, and behind a gateway.

        ``before_cells`` says that cells are to be followed afterwards.
        """
        client = self._connect()
        if client is None:
            return None
        async with self._evaluating:
            found = await variables.read(client)
            if found is not None:
                self._secrets = await environment.read(client) or self._secrets
        if before_cells and not self._threads:
            await self.settle()  # learns the threads that are the kernel's own
        return found

    async def load_tools(self, names: Sequence[str]) -> None:
        """Define functions (``"module:function"``) in the kernel as the agent's tools."""
        client = self._connect()
        if client is None:
            raise NotebookError("The agent's tools cannot be loaded into a kernel behind a gateway.")
        async with self._evaluating:
            await tools.load(client, names)

    async def define_servers(self, definition: Mapping[str, Any]) -> dict[str, str]:
        """Define the functions of MCP servers in the kernel; return the names that the servers have."""
        client = self._connect()
        if client is None:
            raise NotebookError("A kernel behind a gateway cannot reach MCP servers of this machine.")
        async with self._evaluating:
            return await servers.define(client, definition)

    @asynccontextmanager
    async def follow(self, source: str) -> AsyncIterator[FollowedExecution | None]:
        """Follow the execution of ``source`` that a page is about to request; ``None`` behind a gateway."""
        client, session, kernel = self._connect(), self._session, self._kernel_id()
        if client is None:
            yield None
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), SUBSCRIBED)

        async def is_alive() -> bool:
            if self._session_of(kernel) != session:
                return False
            alive: Any = self._manager.is_alive(kernel)
            return bool(await ensure_async(alive))

        followed = self._followed = FollowedExecution(source, is_alive)
        try:
            yield followed
        finally:
            followed.close()
            self._followed = None

    async def settle(self) -> int | None:
        """Give threads that the cell left behind a moment, and wait until their outputs have come.

        Returns the exit code of the last shell command, as far as it is known.
        """
        client, code = self._connect(), None
        if client is None:
            return None
        before, header = self._threads, self._followed.header if self._followed else {}
        request = user_expressions.call(_THREADS, "wait", before, LATE if before else 0, header)
        with suppress(TimeoutError):
            async with self._evaluating:
                reply = await user_expressions.evaluate(client, request, timeout=2 * LATE)
                self._secrets = await environment.read(client, timeout=LATE) or self._secrets
            found = user_expressions.parse(reply) or {"threads": before, "exit_code": None}
            self._threads, code = set(found["threads"]), found["exit_code"]
            if before and self._followed:
                await asyncio.wait_for(self._followed.wait_until_idle(reply["parent_header"]["msg_id"]), LATE)
        return code

    def close(self) -> None:
        """Close the connection to the kernel."""
        if self._listener:
            self._listener.cancel()
        if self._client:
            self._client.stop_channels()
        if self._context:
            self._context.destroy(linger=0)
        self._listener = self._client = self._context = None
        self._subscribed.clear()

    def _session_of(self, kernel: str | None) -> str:
        if kernel is None or kernel not in self._manager:
            return ""
        provisioner = getattr(self._manager.get_kernel(kernel), "provisioner", None)
        return f"{kernel}:{getattr(provisioner, 'pid', None) or ''}"

    def _connect(self) -> AsyncKernelClient | None:
        """Return a client for the present kernel on channels of its own; ``None`` behind a gateway."""
        session = self.session()
        if self._client and session == self._session:
            return self._client
        self.close()
        self._session, self._threads, self._secrets = session, set(), {}
        kernel = self._kernel_id()
        if kernel is None or kernel not in self._manager:
            return None
        manager = self._manager.get_kernel(kernel)
        if isinstance(manager, GatewayKernelManager):
            return None  # its ports are the gateway's, not ours to reach
        # no limit on unread messages: no output is dropped, however busy this process is
        self._context = zmq.asyncio.Context()
        self._context.setsockopt(zmq.RCVHWM, 0)
        client: AsyncKernelClient = manager.client(context=self._context)
        # a session of its own: a kernel drops the earlier connection of the same one
        client.session.session = uuid.uuid4().hex
        client.start_channels(stdin=False, hb=False, control=False)
        self._client = client
        self._listener = asyncio.ensure_future(self._listen(client))
        return client

    async def _listen(self, client: AsyncKernelClient) -> None:
        while True:
            message = await client.get_iopub_msg(timeout=None)
            self._subscribed.set()
            if self._followed:
                self._followed.receive(message)
