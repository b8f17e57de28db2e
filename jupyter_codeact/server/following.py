"""An execution followed by the server itself, so that its result is known whatever becomes of the page."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Any

from nbformat import NotebookNode

from ..agent.contracts import Execution, ExecutionStatus
from ..notebooks.outputs import OutputCollector

LOOK = 0.5
"""Seconds between two looks at whether the kernel is still the one that was asked."""
SHOWS = {"stream", "display_data", "execute_result", "error"}


class Followed:
    """One execution: which request it is, and what came of it so far.

    Parameters
    ----------
    source
        What is run; by it the request is known where the page does not name it.
    alive
        Tells whether the kernel is still the one that was asked.
    """

    def __init__(self, source: str, alive: Callable[[], Awaitable[bool]]) -> None:
        self.message: str | None = None
        self.header: dict[str, Any] = {}
        self.late = False
        self._source, self._alive = source, alive
        self._begun = time.monotonic()
        self._done = asyncio.Event()
        self._dead = False
        # what came before the page has said which request it is
        self._heard: deque[dict[str, Any]] | None = deque(maxlen=10_000)
        self._idle: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._stack = ExitStack()
        self._record = NotebookNode(outputs=[], execution_count=None)

    def began(self, message: str) -> None:
        """Note which request it is, as the page says."""
        heard, self._heard = self._heard, None
        if message == self.message or heard is None:
            return
        self._collect(message)
        for one in heard:
            self._take(one)

    def take(self, message: dict[str, Any]) -> None:
        """Take in what the kernel publishes."""
        if message["content"].get("execution_state") == "idle":
            self._idle[message["parent_header"].get("msg_id", "")].set()
        if self._heard is not None:
            self._heard.append(message)
        begins = message["msg_type"] == "execute_input" and message["content"]["code"] == self._source
        if self.message is None and begins:
            self._collect(message["parent_header"]["msg_id"])
        self._take(message)

    def so_far(self) -> Execution:
        """Return how it went until now."""
        cell = self._record
        outputs = [dict(output) for output in cell.outputs]
        errors = [output["ename"] for output in outputs if output["output_type"] == "error"]
        status: ExecutionStatus = "ok"
        if self._dead:
            status = "dead"
        elif errors:
            status = "interrupted" if "KeyboardInterrupt" in errors else "error"
        seconds = time.monotonic() - self._begun
        return Execution(
            status=status, outputs=outputs, execution_count=cell.execution_count, seconds=seconds
        )

    async def result(self) -> Execution:
        """Wait until the kernel is done with it, or is gone."""
        while not self._done.is_set() and not self._dead:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._done.wait()
            self._dead = not self._done.is_set() and not await self._alive()
        return self.so_far()

    async def until(self, message: str) -> None:
        """Wait until all has come that the kernel published before it was done with another request."""
        await self._idle[message].wait()

    def close(self) -> None:
        """Stop taking in anything."""
        self._stack.close()

    def _collect(self, message: str) -> None:
        self.message, self.late = message, False
        self._done.clear()
        self._outputs = OutputCollector()
        self._stack.enter_context(self._outputs.collect(message, NotebookNode()))
        [self._record] = self._outputs.nb.cells

    def _take(self, message: dict[str, Any]) -> None:
        if message["parent_header"].get("msg_id") != self.message or self.message is None:
            return
        self.header = {key: str(value) for key, value in message["parent_header"].items()}
        if self._outputs.process(message):
            self._done.set()
        elif self._done.is_set() and message["msg_type"] in SHOWS:
            self.late = True
