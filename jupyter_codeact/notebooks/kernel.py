"""A kernel process of this program's own, which nobody else runs, interrupts or ends.

`jupyter_client` starts the kernel and talks to it; `outputs` collects what it shows. Waiting is done here,
because a person may interrupt a cell at any moment, and the outputs until then are kept.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL
from typing import IO, Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode

from ..agent.contracts import ExecutionStatus, NotebookError, Variable
from ..agent.source import runs_shell_commands
from . import environment, pipes, servers, tools, user_expressions, variables
from .outputs import NO_EXIT, OutputCollector

if sys.platform == "win32":
    # The event loop of Windows lacks what ZeroMQ needs; Tornado lends it, and pyzmq says so each time.
    warnings.filterwarnings("ignore", "Proactor event loop does not implement", RuntimeWarning)

STARTUP_SECONDS = 60
STARTS = 3
"""Attempts to start a kernel that finds a port taken: its ports are chosen before it opens them."""
_TAKEN = re.compile(r"address (already )?in use", re.IGNORECASE)
SETTLE_SECONDS = 0.1
"""Seconds from a kernel's message that a cell begins to its real beginning.

Interrupted in between, a kernel may drop the cell silently."""
WATCH_SECONDS = 0.2
"""Seconds between two looks at a running kernel: is it alive, is the cell's time up?"""
SILENCE_SECONDS = 5.0
"""Seconds to wait for outputs once the kernel has said that the cell is done."""
LOST = "[Some outputs were lost: the cell showed them faster than this program could take them in.]"
DRAIN_SECONDS = 0.2
"""Seconds to wait for what a dead kernel had still sent."""
EXIT_CODE, SECRETS = "exit_code", "secrets"


@dataclass
class _Run:
    """A cell being run."""

    message: str
    grace: float
    begun: float | None = None
    interrupted: float | None = None
    signals: int = 0
    heard: float = field(default_factory=time.monotonic)

    @property
    def settled(self) -> bool:
        """Whether the kernel is at the cell by now, so that an interrupt reaches it."""
        return self.begun is not None and time.monotonic() - self.begun >= SETTLE_SECONDS


class KernelProcess:
    """A kernel process, and what is exchanged with it.

    Parameters
    ----------
    name : str
        Name of an installed kernelspec.
    folder : Path
        Where it runs.
    environment : Mapping[str, str]
        Its environment variables.
    grace : float
        Seconds a cell has to end after an interrupt, before the kernel is killed.
    keep_alive : bool
        Whether ``exit()`` in a cell does nothing, and says so.

    Attributes
    ----------
    failure : str
        Why the last cell failed, in the kernel's words; its outputs need not say it.
    exit_code : int or None
        The exit code of the last cell's last shell command, if that failed.
    secrets : dict of str to str
        The secrets in the kernel's environment after the last cell.
    """

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        environment: Mapping[str, str],
        grace: float,
        keep_alive: bool = False,
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._grace = grace
        self._keep_alive = keep_alive
        self._manager = AsyncKernelManager(kernel_name=name)
        # without a limit on what waits to be read, no output is dropped however busy this process is
        self._context = zmq.asyncio.Context()
        self._context.setsockopt(zmq.RCVHWM, 0)
        self._client: AsyncKernelClient | None = None
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `close`
        self._outputs = OutputCollector()
        self._current: _Run | None = None
        self._work: asyncio.Task[ExecutionStatus] | None = None
        self._used = False
        self.language_info: dict[str, Any] = {}
        self.session = ""
        self.failure = ""
        self.exit_code: int | None = None
        self.secrets: dict[str, str] = {}

    async def start(self) -> None:
        """Start the kernel and wait until it answers.

        Raises
        ------
        NotebookError
            If it does not; with the last line of the kernel's standard error.
        """
        try:
            for left in reversed(range(STARTS)):
                try:
                    await self._begin()
                    return
                except (OSError, RuntimeError, TimeoutError) as error:
                    reason = self._last_error_line() or str(error)
                    if not (left and _TAKEN.search(reason)):
                        raise NotebookError(
                            f"The kernel “{self._manager.kernel_name}” could not be started: {reason[:300]}"
                        ) from error
                await self._discard()
        except BaseException:
            await self.close(now=True)
            raise

    async def _begin(self) -> None:
        options = ["--HistoryManager.hist_file=:memory:"] if self._manager.ipykernel else []
        await self._manager.start_kernel(
            extra_arguments=options,
            cwd=str(self._folder),
            env=dict(self._environment),
            stdout=DEVNULL,
            stderr=self._stderr,
        )
        client = self._manager.client(context=self._context)
        # without the stdin channel `input()` raises in the cell, instead of waiting for nobody
        client.start_channels(stdin=False, hb=False)
        self._client = self._outputs.kc = client
        await client.wait_for_ready(timeout=STARTUP_SECONDS)
        info = await client.kernel_info(reply=True, timeout=STARTUP_SECONDS)
        self.language_info = info["content"]["language_info"]
        self.session = info["header"]["session"]  # the kernel's own: a new one for each start
        # a kernel other than IPython's may not understand it, and need not
        expression = user_expressions.call(pipes.PREPARE, "prepare", NO_EXIT if self._keep_alive else "")
        await user_expressions.evaluate(client, expression, timeout=STARTUP_SECONDS)

    def _last_error_line(self) -> str:
        """Return the last line that the kernel wrote to standard error."""
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    async def _discard(self) -> None:
        """Clean up after a kernel that did not start, so that another can."""
        await self._end(now=True)
        self._stderr.seek(0)
        self._stderr.truncate()
        self._manager = AsyncKernelManager(kernel_name=self._manager.kernel_name)

    async def status(self) -> str:
        """Return the kernel's state as Jupyter names it."""
        if self._client is None or not await self._manager.is_alive():
            return "dead"
        return "busy" if self._current else "idle"

    async def variables(self) -> list[Variable] | None:
        """Read what is defined in the kernel: nothing before the first cell, ``None`` while one runs."""
        if self._client is None or not self._used or await self.status() == "dead":
            return []
        return None if self._current else await variables.read(self._client)

    async def load_tools(self, names: Sequence[str]) -> None:
        """Define functions of modules as the agent's tools."""
        assert self._client is not None
        self._used = True
        await tools.load(self._client, names)

    async def define_servers(self, definition: Mapping[str, Any]) -> dict[str, str]:
        """Define the functions of MCP servers; return the names that the servers have."""
        assert self._client is not None
        self._used = True
        return await servers.define(self._client, definition)

    async def run(self, source: str, cell: NotebookNode, timeout: float | None = None) -> ExecutionStatus:
        """Run ``source``; its outputs appear in ``cell`` while it runs.

        It is interrupted by `interrupt`, after ``timeout`` seconds, or when the call is cancelled. If it does
        not end then, the kernel is killed.
        """
        assert self._client is not None
        self._used = True
        self.failure, self.exit_code = "", None
        asked = {SECRETS: environment.EXPRESSION}
        if runs_shell_commands(source):
            asked[EXIT_CODE] = "_exit_code"
        message = self._client.execute(source, stop_on_error=False, user_expressions=asked)
        run = self._current = _Run(message, self._grace)
        self._work = asyncio.create_task(self._follow(self._client, run, cell, timeout))
        try:
            status = await asyncio.shield(self._work)
            if self._client is not None and status in ("error", "interrupted"):  # it tells nothing itself
                self.secrets = await environment.read(self._client) or self.secrets
            return status
        except asyncio.CancelledError:
            await self.interrupt()
            raise

    async def idle(self) -> None:
        """Wait until no cell runs; one may still run whose caller was cancelled."""
        if self._work is not None:
            await asyncio.wait({self._work})

    async def interrupt(self, grace: float = float("inf")) -> None:
        """Interrupt the cell that runs, once it has begun; ``grace`` can shorten the seconds it then has."""
        run = self._current
        if run is None:
            return
        run.grace = min(run.grace, grace)
        run.interrupted = run.interrupted or time.monotonic()
        if run.settled:
            await self._signal(run)

    async def close(self, *, now: bool = False) -> None:
        """End the kernel: politely, or ``now``. It ends even if this is cancelled."""
        try:
            await self._end(now=now)
        finally:
            if self._work is not None:
                self._work.cancel()
            self._context.destroy(linger=0)
            self._stderr.close()

    async def _end(self, *, now: bool) -> None:
        try:
            try:
                if self._manager.has_kernel:
                    await self._manager.shutdown_kernel(now=now)
            finally:
                if self._manager.has_kernel:
                    await self._manager.shutdown_kernel(now=True)
                else:
                    await self._manager.cleanup_resources()
        finally:
            if self._client is not None:
                self._client.stop_channels()
                self._client = None

    @property
    def widgets(self) -> dict[str, Any]:
        """State of the widgets the kernel has made, as notebook metadata spells it."""
        return self._outputs.widgets

    async def _signal(self, run: _Run) -> None:
        run.signals += 1
        await self._manager.interrupt_kernel()
        if self._client is not None:
            # a kernel that awaits notices a signal only when something wakes it (ipykernel issue 881)
            self._client.kernel_info()

    async def _follow(
        self, client: AsyncKernelClient, run: _Run, cell: NotebookNode, timeout: float | None
    ) -> ExecutionStatus:
        """Follow a run to its end, and collect its outputs."""
        with self._outputs.collect(run.message, cell):
            listener = asyncio.create_task(self._listen(client, run))
            reply = asyncio.create_task(_reply(client, run.message))
            try:
                return await self._watch(run, listener, reply, timeout)
            finally:
                self._current = None
                listener.cancel()
                reply.cancel()
                await asyncio.gather(listener, reply, return_exceptions=True)

    async def _listen(self, client: AsyncKernelClient, run: _Run) -> None:
        """Process what the kernel shows until it is idle again."""
        while True:
            message = await client.get_iopub_msg(timeout=None)
            run.heard = time.monotonic()
            mine = message["parent_header"].get("msg_id") == run.message
            if mine and message["msg_type"] == "execute_input":
                run.begun = time.monotonic()
            if self._outputs.process(message) and mine:
                return

    async def _watch(
        self,
        run: _Run,
        listener: asyncio.Task[None],
        reply: asyncio.Task[dict[str, Any]],
        timeout: float | None,
    ) -> ExecutionStatus:
        """Wait for the end of a run, however it ends."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            pause = WATCH_SECONDS if run.interrupted is None or run.signals else SETTLE_SECONDS
            if deadline is not None and run.interrupted is None:
                pause = min(pause, max(0.0, deadline - time.monotonic()))
            done, _ = await asyncio.wait(
                {listener, reply}, timeout=pause, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in done:
                task.result()
            now = time.monotonic()
            if reply in done and listener not in done and now - run.heard > SILENCE_SECONDS:
                self._outputs.add_note(run.message, LOST)
                return await self._outcome(run, reply.result())
            if reply in done and listener in done:
                return await self._outcome(run, reply.result())
            if not await self._manager.is_alive():
                await _drain(run, listener)
                return "dead"
            if run.interrupted is not None and now - run.interrupted > run.grace:
                await self._manager.shutdown_kernel(now=True)
                await _drain(run, listener)
                return "dead"
            late = run.interrupted is not None and now - run.interrupted > run.grace / 2
            if run.interrupted is not None and run.settled and run.signals < (2 if late else 1):
                await self._signal(run)
            elif run.interrupted is None and deadline is not None and now >= deadline:
                await self.interrupt()

    async def _outcome(self, run: _Run, reply: dict[str, Any]) -> ExecutionStatus:
        """Return how a run ended that the kernel has replied to."""
        self._outputs.add_reply(run.message, reply)
        if reply["status"] != "ok":
            self.failure = f"{reply.get('ename', 'Error')}: {reply.get('evalue', '')}".rstrip(": ")
        shown = reply.get("user_expressions", {}).get(EXIT_CODE, {}).get("data", {}).get("text/plain", "")
        self.exit_code = int(shown) or None if shown.removeprefix("-").isdecimal() else None
        self.secrets = environment.parse({"content": reply}, SECRETS) or self.secrets
        leaving = [part for part in reply.get("payload", ()) if part.get("source") == "ask_exit"]
        if leaving and not leaving[-1].get("keepkernel"):  # exit() or quit(): the kernel ends by itself
            await self._manager.shutdown_kernel()
            return "dead"
        if run.signals:
            return "interrupted"
        return "ok" if reply["status"] == "ok" else "error"


async def _reply(client: AsyncKernelClient, message: str) -> dict[str, Any]:
    """Wait for the kernel's reply to an execute request."""
    while True:
        reply = await client.get_shell_msg(timeout=None)
        if reply["parent_header"].get("msg_id") == message:
            content: dict[str, Any] = reply["content"]
            return content


async def _drain(run: _Run, listener: asyncio.Task[None]) -> None:
    """Wait until nothing more comes from a dead kernel."""
    dead = time.monotonic()
    while not listener.done() and time.monotonic() - max(run.heard, dead) < DRAIN_SECONDS:
        await asyncio.wait({listener}, timeout=DRAIN_SECONDS / 4)
