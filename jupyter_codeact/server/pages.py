"""Browser pages: what they are told to do with a notebook, and what they answer."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from .. import protocol as p
from ..agent.contracts import Execution, NotebookCell, NotebookError, NotebookState
from ..notebooks.live import PAGE_GONE, CellLost

T = TypeVar("T")
Send = Callable[[Any], None]
"""Sends one of `protocol.FromServer` to a page."""


class Page:
    """One connected browser page: sends it commands about notebooks and awaits what it answers."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self._connected = True
        # begins anywhere, so that an answer to an earlier server is not taken for one to this
        self._ids = itertools.count(secrets.randbelow(2**31))
        self._waiting: dict[int, tuple[Callable[[], str], asyncio.Future[p.Done]]] = {}

    async def command(
        self, kind: Callable[..., p.Command], notebook: Callable[[], str], **fields: Any
    ) -> p.Done:
        """Send a command and return the page's answer.

        Raises
        ------
        NotebookError
            When the page cannot do it; `CellLost` when it goes away first.
        """
        if not self._connected:
            raise CellLost(PAGE_GONE)
        number = next(self._ids)
        answer: asyncio.Future[p.Done] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (notebook, answer)
        try:
            self.send(kind(id=number, notebook=notebook(), **fields))
            return await answer
        finally:
            del self._waiting[number]

    def answered(self, message: p.Done | p.Failed) -> None:
        """Pass a page's answer to whoever awaits it; one that nobody awaits any more is dropped."""
        if message.id not in self._waiting or self._waiting[message.id][1].done():
            return
        _, answer = self._waiting[message.id]
        if isinstance(message, p.Failed):
            lost = CellLost if message.running else NotebookError
            answer.set_exception(lost(message.message))
        else:
            answer.set_result(message)

    def closed(self, notebook: str) -> None:
        """Fail everything that still awaits this page's answer about a notebook it no longer shows."""
        for about, answer in self._waiting.values():
            if about() == notebook and not answer.done():
                answer.set_exception(CellLost(PAGE_GONE))

    def gone(self) -> None:
        """Fail everything that still awaits this page's answer, and whatever it is asked from now on."""
        self._connected = False
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(CellLost(PAGE_GONE))


class PageNotebook:
    """One notebook on one page, as `notebooks.live.Page` wants it.

    Parameters
    ----------
    page
        The page that carries out the commands.
    notebook
        Returns the notebook's path, which changes when the user renames it.
    metadata
        Returns the mark that cells written now carry, for information only.
    """

    def __init__(
        self, page: Page, notebook: Callable[[], str], metadata: Callable[[], dict[str, Any]]
    ) -> None:
        self._page, self._notebook, self._metadata = page, notebook, metadata

    async def read_state(self, *, brief: bool) -> NotebookState:
        """Read the notebook."""
        done = await self._page.command(p.ReadState, self._notebook, brief=brief)
        return _given(done.state)

    async def read_cell(self, *, cell_id: str) -> NotebookCell:
        """Read a whole cell."""
        done = await self._page.command(p.ReadCell, self._notebook, cell_id=cell_id)
        return _given(done.cell)

    async def restore_cell(self, *, cell: NotebookCell, after: str | None) -> None:
        """Put a whole cell back."""
        await self._page.command(p.RestoreCell, self._notebook, cell=cell, after=after)

    async def write_cell(self, **cell: Any) -> str:
        """Insert or rewrite a cell, marked with the run that did it."""
        done = await self._page.command(p.WriteCell, self._notebook, metadata=self._metadata(), **cell)
        return _given(done.cell_id)

    async def run_cell(self, *, cell_id: str, source: str) -> Execution:
        """Run a cell."""
        done = await self._page.command(p.RunCell, self._notebook, cell_id=cell_id, source=source)
        return _given(done.execution)

    async def delete_cell(self, *, cell_id: str) -> None:
        """Remove a cell."""
        await self._page.command(p.DeleteCell, self._notebook, cell_id=cell_id)


def _given(value: T | None) -> T:
    if value is None:
        raise NotebookError("The page gave an incomplete answer. Reload it and ask again.")
    return value
