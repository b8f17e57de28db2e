"""A cell's execution followed by the server itself: its result is known even if the page goes away."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Any

import nbformat
from nbformat import NotebookNode

from ..agent.contracts import Execution, ExecutionStatus
from ..notebooks.document import plain_copy
from ..notebooks.outputs import OutputCollector
from ..notebooks.widgets import update_texts

ALIVE_INTERVAL = 0.5
"""Seconds between two checks that the kernel is still the one that was asked."""
OUTPUT_MESSAGES = {"stream", "display_data", "execute_result", "error"}


class FollowedExecution:
    """One execution: which request it is, and its outputs so far.

    Parameters
    ----------
    source
        The source that is run; it identifies the request where the page does not.
    is_alive
        Tells whether the kernel is still the one that was asked.
    """

    def __init__(self, source: str, is_alive: Callable[[], Awaitable[bool]]) -> None:
        self.request: str | None = None
        """Id of the kernel request, once the kernel was asked."""
        self.header: dict[str, Any] = {}
        self.has_late_outputs = False
        """Whether outputs came after the cell was done."""
        self._source, self._is_alive = source, is_alive
        self._started = time.monotonic()
        self._done = asyncio.Event()
        self._dead = False
        # messages from before the page said which request it is
        self._early: deque[dict[str, Any]] | None = deque(maxlen=10_000)
        self._idle: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._stack = ExitStack()
        self._outputs = OutputCollector()
        self._record = NotebookNode(outputs=[], execution_count=None)

    def identify(self, request: str) -> None:
        """Note the kernel request's id, as the page gives it."""
        early, self._early = self._early, None
        if request == self.request or early is None:
            return
        self._collect(request)
        for message in early:
            self._add(message)

    def receive(self, message: dict[str, Any]) -> None:
        """Take a message that the kernel published."""
        if message["content"].get("execution_state") == "idle":
            self._idle[message["parent_header"].get("msg_id", "")].set()
        if self._early is not None:
            self._early.append(message)
        begins = message["msg_type"] == "execute_input" and message["content"]["code"] == self._source
        if self.request is None and begins:
            self._collect(message["parent_header"]["msg_id"])
        self._add(message)

    def so_far(self) -> Execution:
        """Return the status and the outputs until now."""
        cell = self._record
        outputs = [dict(output) for output in cell.outputs]
        errors = [output["ename"] for output in outputs if output["output_type"] == "error"]
        status: ExecutionStatus = "ok"
        if self._dead:
            status = "dead"
        elif errors:
            status = "interrupted" if "KeyboardInterrupt" in errors else "error"
        return Execution(
            status=status,
            outputs=outputs,
            execution_count=cell.execution_count,
            seconds=time.monotonic() - self._started,
        )

    def with_widgets(self, execution: Execution) -> Execution:
        """Return the cell's execution, with what its widgets say by now."""
        outputs = [nbformat.from_dict(output) for output in execution.outputs]
        update_texts(outputs, self._outputs.widget_state)
        return execution.model_copy(update={"outputs": plain_copy(outputs)})

    async def result(self) -> Execution:
        """Wait until the kernel is done with the cell, or gone."""
        while not self._done.is_set() and not self._dead:
            with suppress(TimeoutError):
                async with asyncio.timeout(ALIVE_INTERVAL):
                    await self._done.wait()
            self._dead = not self._done.is_set() and not await self._is_alive()
        return self.so_far()

    async def wait_until_idle(self, request: str) -> None:
        """Wait for everything that the kernel published before it was done with another request."""
        await self._idle[request].wait()

    def close(self) -> None:
        """Stop collecting outputs."""
        self._stack.close()

    def _collect(self, request: str) -> None:
        self.request, self.has_late_outputs = request, False
        self._done.clear()
        self._outputs = OutputCollector()
        self._stack.enter_context(self._outputs.collect(request, NotebookNode()))
        [self._record] = self._outputs.nb.cells

    def _add(self, message: dict[str, Any]) -> None:
        if self.request is None or message["parent_header"].get("msg_id") != self.request:
            return
        self.header = {key: str(value) for key, value in message["parent_header"].items()}
        if self._outputs.process(message):
            self._done.set()
        elif self._done.is_set() and message["msg_type"] in OUTPUT_MESSAGES:
            self.has_late_outputs = True
