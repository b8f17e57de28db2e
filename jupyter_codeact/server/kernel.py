"""A kernel of this server, reached without the page."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_core.utils import ensure_async
from jupyter_server.gateway.managers import GatewayKernelManager

from ..agent.contracts import NotebookError, Variable
from ..notebooks import tools, user_expressions, variables
from .following import Followed

LATE = 0.5
"""Seconds that threads a cell has left behind get to finish, so that what they show is seen."""
HEARING = 0.5
"""Seconds to wait for a kernel to say that it is listened to."""

# Runs in the user's kernel: gives threads that were not there before a moment, and tells which there are. A
# kernel takes what threads show for the latest request's, which is this one, so it is told whose it is.
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
    return json.dumps([thread.ident for thread in threading.enumerate()])
"""


class ServerKernel:
    """A kernel of this server, as `notebooks.live.KernelAccess` wants it; the page is not needed for it.

    One behind a gateway can be interrupted and no more: nothing is known of its variables, and only the page
    knows how an execution went.

    Parameters
    ----------
    manager
        The server's kernel manager.
    identity
        Returns the kernel's id, which changes when the user changes kernels.
    """

    def __init__(self, manager: Any, identity: Callable[[], str | None]) -> None:
        self._manager, self._identity = manager, identity
        self._context: zmq.asyncio.Context | None = None
        self._client: AsyncKernelClient | None = None
        self._listener: asyncio.Task[None] | None = None
        self._session = ""
        self._heard = asyncio.Event()
        self._asking = asyncio.Lock()
        self._followed: Followed | None = None
        self._threads: set[int] = set()

    def session(self) -> str:
        """Return what differs once the kernel was started anew: its process, if it is on this machine."""
        return self._session_of(self._identity())

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
        if client := self._reach():  # a cell that awaits notices the signal only when a message has come in
            client.kernel_info()

    async def variables(self) -> list[Variable]:
        """Read what the user has defined; nothing while the kernel is busy, or lies behind a gateway."""
        client = self._reach()
        if client is None:
            return []
        async with self._asking:
            found = await variables.read(client)
        if not self._threads:
            await self.settle()  # learns which threads are the kernel's own
        return found

    async def load_tools(self, names: Sequence[str]) -> None:
        """Define functions of modules as the agent's tools."""
        client = self._reach()
        if client is None:
            raise NotebookError("The agent's tools cannot be loaded into a kernel behind a gateway.")
        async with self._asking:
            await tools.load(client, names)

    @asynccontextmanager
    async def follow(self, source: str) -> AsyncIterator[Followed | None]:
        """Follow the execution of ``source`` that somebody is about to ask for."""
        client, session, kernel = self._reach(), self._session, self._identity()
        if client is None:
            yield None
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), HEARING)

        async def alive() -> bool:
            if self._session_of(kernel) != session:
                return False
            looking: Any = self._manager.is_alive(kernel)
            return bool(await ensure_async(looking))

        followed = self._followed = Followed(source, alive)
        try:
            yield followed
        finally:
            followed.close()
            self._followed = None

    async def settle(self) -> None:
        """Give threads that the cell has left behind a moment, until what they show has come."""
        client = self._reach()
        if client is None:
            return
        before, header = self._threads, self._followed.header if self._followed else {}
        question = user_expressions.call(_THREADS, "wait", before, LATE if before else 0, header)
        with suppress(TimeoutError):
            async with self._asking:
                reply = await user_expressions.evaluate(client, question, timeout=2 * LATE)
            self._threads = set(user_expressions.parse(reply) or before)
            if before and self._followed:
                await asyncio.wait_for(self._followed.until(reply["parent_header"]["msg_id"]), LATE)

    def close(self) -> None:
        """Let go of the kernel."""
        if self._listener:
            self._listener.cancel()
        if self._client:
            self._client.stop_channels()
        if self._context:
            self._context.destroy(linger=0)
        self._listener = self._client = self._context = None
        self._heard.clear()

    def _session_of(self, kernel: str | None) -> str:
        if kernel is None or kernel not in self._manager:
            return ""
        provisioner = getattr(self._manager.get_kernel(kernel), "provisioner", None)
        return f"{kernel}:{getattr(provisioner, 'pid', None) or ''}"

    def _reach(self) -> AsyncKernelClient | None:
        """Speak with the kernel there is now on channels of our own; not with one behind a gateway."""
        session = self.session()
        if self._client and session == self._session:
            return self._client
        self.close()
        self._session, self._threads = session, set()
        kernel = self._identity()
        if kernel is None or kernel not in self._manager:
            return None
        manager = self._manager.get_kernel(kernel)
        if isinstance(manager, GatewayKernelManager):
            return None  # its ports are the gateway's, not ours to reach
        # without a limit on what waits to be read, no output is dropped however busy this process is
        self._context = zmq.asyncio.Context()
        self._context.setsockopt(zmq.RCVHWM, 0)
        client: AsyncKernelClient = manager.client(context=self._context)
        # of a name of its own: a kernel forgets the last who came with the same name
        client.session.session = uuid.uuid4().hex
        client.start_channels(stdin=False, hb=False, control=False)
        self._client = client
        self._listener = asyncio.ensure_future(self._listen(client))
        return client

    async def _listen(self, client: AsyncKernelClient) -> None:
        while True:
            message = await client.get_iopub_msg(timeout=None)
            self._heard.set()
            if self._followed:
                self._followed.take(message)
