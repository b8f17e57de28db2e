"""Completion of code for JupyterLab's inline completer, by the model that is loaded already."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from pydantic import BaseModel, Field

from ..agent.contracts import ModelError, Variable
from ..agent.unicode import valid
from ..completion.context import Cursor, gap_at
from ..completion.ending import Ending
from .conversations import Conversations
from .kernel import ServerKernel
from .models import Models

log = logging.getLogger(__name__)

SECONDS, LONGEST = 6.0, 10.0
"""Seconds after which what there is of a completion is taken, and after which it is given up."""
READING = 1.0
"""Seconds that a completion waits for the names in the kernel."""
BUSY = "A run is under way, and completion stays out of its way."
NOT_RUNNING = "The model is not loaded, or it is at work. Completion never starts a model."
_InKernel = tuple[list[Variable], Mapping[str, str]]
"""A kernel's variables, and the secrets in its environment."""


class CompletionRequest(BaseModel):
    """What a page wants to have completed.

    ``kernel`` is the id of the kernel, and ``executions`` changes with each execution there, so that its
    variables are read no more often. ``elsewhere`` says that the user allows a model on another machine.
    """

    before: str
    after: str = ""
    cells: list[str] = Field(default_factory=list)
    kernel: str | None = None
    executions: int = 0
    elsewhere: bool = False


class CompletionReply(BaseModel):
    """The text to insert, or the reason why there is none."""

    text: str = ""
    reason: str = ""


class Completer:
    """Completes code with the chosen model, if that is running and has nothing better to do.

    Parameters
    ----------
    models
        The server's models.
    kernel
        Returns the access to a kernel by its id.
    conversations
        Whose runs have the model for themselves, unless they wait for somebody; what is read ahead for them
        gives way.
    """

    def __init__(
        self, models: Models, kernel: Callable[[str], ServerKernel], conversations: Conversations
    ) -> None:
        self._models, self._kernel, self._conversations = models, kernel, conversations
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        conversations.runs.read_ahead.first = self._finished
        self._variables: tuple[tuple[str, int], asyncio.Task[_InKernel]] | None = None

    @staticmethod
    def read(body: bytes) -> CompletionRequest:
        """Read a page's request.

        Raises
        ------
        ValueError
            If it is none.
        """
        try:
            return CompletionRequest.model_validate(valid(json.loads(body)))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    async def complete(self, request: CompletionRequest) -> CompletionReply:
        """Return a completion; cancelling the call ends the model's work on it."""
        if self._conversations.at_work:
            return CompletionReply(reason=BUSY)
        self._under_way += 1
        self._idle.clear()
        try:
            await self._conversations.runs.read_ahead.give_way()
            return await self._complete(request)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _finished(self) -> None:
        """Wait until nothing is being completed."""
        await self._idle.wait()

    async def _complete(self, request: CompletionRequest) -> CompletionReply:
        cursor = Cursor(before=request.before, after=request.after, cells=tuple(request.cells))
        ending, deadline = Ending(cursor.before, cursor.after), time.monotonic() + SECONDS

        def is_whole(text: str) -> bool:
            return ending.is_whole(text) or time.monotonic() > deadline

        try:
            model = self._models.for_completion(elsewhere=request.elsewhere)
            gap = gap_at(cursor, *await self._in_kernel(request))
            async with asyncio.timeout(LONGEST):
                filling = await model.complete(gap, is_whole)
        except ModelError as error:
            return CompletionReply(reason=str(error))
        except TimeoutError:
            return CompletionReply(reason="The model took too long.")
        if filling is None:
            return CompletionReply(reason=NOT_RUNNING)
        return CompletionReply(text=valid(ending.cut(filling.text, is_complete=filling.is_complete)))

    async def _in_kernel(self, request: CompletionRequest) -> _InKernel:
        """Return what is in a kernel, read once after each execution; nothing if that takes long."""
        if request.kernel is None:
            return [], {}
        key = (request.kernel, request.executions)
        if self._variables is None or self._variables[0] != key:
            self._variables = key, asyncio.ensure_future(self._read(request.kernel))
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self._variables[1]), READING)
        return [], {}

    async def _read(self, kernel_id: str) -> _InKernel:
        kernel = self._kernel(kernel_id)
        try:
            return await kernel.variables(before_cells=False) or [], kernel.secrets()
        except Exception:  # the kernel has died meanwhile
            log.debug("The variables of a kernel could not be read", exc_info=True)
            return [], {}
        finally:
            kernel.close()
