"""What becomes of a run's changes once it has ended: undone, brought back, or kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from .. import protocol as p
from ..agent.contracts import CodeActError
from ..agent.events import Event, RunKept, RunRedone, RunStarted, RunUndone
from ..journal.undo import changed_runs, last_run, redo, undo
from .page_notebook import PageNotebook
from .session import NotebookSession
from .setup import Setup

NOTHING_TO_UNDO = "There is no run in this conversation that changed a cell and is not undone."
UNKNOWN_RUN = "This run is not one of this conversation's."


class Reviews:
    """Changes notebooks as the user decides about runs, records that, and tells every page.

    Parameters
    ----------
    setup
        The journal and the kernels.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def notebook(self, session: NotebookSession) -> PageNotebook:
        """Return a session's notebook."""
        kernel = self._setup.kernel(lambda: session.kernel_id)
        return PageNotebook(session, kernel, folder=self._setup.folder)

    async def undo(self, session: NotebookSession, run: str | None, cells: Sequence[str] | None) -> list[str]:
        """Undo a run, by default the last one, or some cells of it; return those that were left alone.

        Raises
        ------
        CodeActError
            If there is none, or a later run has changed the same cells.
        """
        events = await self._events(session)
        run = run or last_run(events)
        if run is None:
            raise CodeActError(NOTHING_TO_UNDO)
        undone = await undo(self.notebook(session), events, run, cells)
        await self._record(session, undone)
        return undone.left

    async def redo(self, session: NotebookSession, run: str, cells: Sequence[str] | None) -> None:
        """Bring back what was undone of a run, or of some cells of it."""
        events = await self._events(session)
        await self._record(session, await redo(self.notebook(session), events, run, cells))

    async def keep(self, session: NotebookSession, run: str, cells: Sequence[str] | None) -> None:
        """Note that the user keeps what a run changed, or some cells of it.

        Raises
        ------
        CodeActError
            If there is no such run.
        """
        if all(event.run != run for event in await self._events(session)):
            raise CodeActError(UNKNOWN_RUN)
        kept = None if cells is None else list(cells)
        await self._record(session, RunKept(conversation=session.conversation, run=run, cells=kept))

    async def take_back(self, session: NotebookSession, first: str) -> None:
        """Undo a run that is asked again, and those after it, which the conversation is left without."""
        events = await self._events(session)
        starts = [event.run for event in events if isinstance(event, RunStarted)]
        later = set(starts[starts.index(first) :] if first in starts else ())
        for run in reversed([run for run in changed_runs(events) if run in later]):
            event = await undo(self.notebook(session), events, run)
            await self._record(session, event)
            events.append(event)

    async def _events(self, session: NotebookSession) -> list[Event]:
        return await asyncio.to_thread(lambda: list(self._setup.journal.events(session.conversation)))

    async def _record(self, session: NotebookSession, event: RunUndone | RunRedone | RunKept) -> None:
        await asyncio.to_thread(self._setup.journal.append, event)
        session.send(p.EventMessage(notebook=session.notebook, event=event))
