"""Lets the model read a notebook before the user asks, so that its first word comes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psutil

from ..agent.contracts import CodeActError, Message
from ..agent.read_ahead import beginning, read
from ..agent.replies.formats import FORMATS
from ..agent.secrets import all_secrets
from ..models.open import LocalModel
from ..protocol import Attend
from .page_notebook import PageNotebook
from .session import NotebookSession
from .setup import Setup
from .tasks import TaskSet


class ReadAhead:
    """Reads ahead in one notebook at a time, with a loaded model of this machine and nothing else to do.

    It never loads a model, never asks an endpoint, which may cost money, and pauses on battery power.

    Parameters
    ----------
    setup
        The models, the journal and the kernels.
    at_work
        Tells whether a run in any notebook goes on by itself, and waits for nobody.
    """

    def __init__(self, setup: Setup, at_work: Callable[[], bool]) -> None:
        self._setup, self._at_work = setup, at_work
        self.first: Callable[[], Awaitable[None]] = _nothing
        """Waits for what is to be done before anything is read ahead."""
        self._tasks = TaskSet()
        self._task: asyncio.Task[None] | None = None
        self._session: NotebookSession | None = None
        self._read: tuple[object, list[Message]] | None = None

    def begin(self, session: NotebookSession, request: Attend) -> None:
        """Read ahead in a notebook that is quiet, in place of what was being read."""
        self.cancel()
        if self._setup.read_ahead and not (session.running or session.busy or self._at_work()):
            self._session, self._task = session, self._tasks.start(self._work(session, request))

    async def finish(self, session: NotebookSession) -> None:
        """Let a run begin: what is being read for it has to be read anyway, anything else is given up."""
        if self._task is None or self._task.done():
            return
        if self._session is session:
            await asyncio.wait({self._task})
        else:
            self.cancel()

    async def give_way(self) -> None:
        """Give up what is being read, and wait until the model is free."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    def cancel(self) -> None:
        """Give up what is being read."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Stop for good."""
        await self._tasks.close()

    async def _work(self, session: NotebookSession, request: Attend) -> None:
        await self.first()
        setup = self._setup
        model = setup.models.for_run()
        if not isinstance(model, LocalModel) or model.status.state != "ready" or is_on_battery():
            return
        kernel = setup.kernel(lambda: session.kernel_id)
        notebook = PageNotebook(session, kernel, folder=setup.folder)
        try:
            with suppress(CodeActError):
                await model.describe()
                state = await notebook.state()
                if state.kernel is None or state.kernel.status != "idle":
                    return  # it will change
                conversation = session.conversation
                events = await asyncio.to_thread(lambda: list(setup.journal.events(conversation)))
                action_format = FORMATS[setup.options.action_format]
                messages = beginning(
                    model,
                    state,
                    events,
                    action_format,
                    nonce=session.nonce,
                    guidance=request.guidance or setup.options.guidance,
                    instructions=request.instructions,
                    project=await setup.read_project(session.notebook),
                    below=request.below,
                    secrets=all_secrets(notebook.secrets()),
                )
                if self._read != (model, messages):
                    await read(model, messages, action_format)
                    self._read = (model, messages)
        finally:
            kernel.close()


async def _nothing() -> None:
    """Wait for nothing."""


def is_on_battery() -> bool:
    """Tell whether this machine runs on its battery."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return battery is not None and battery.power_plugged is False
