"""Browser pages: what they are told to do with a notebook, and what they answer."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import protocol as p
from ..agent.contracts import NotebookError
from .live import CellLost

Send = Callable[[Any], None]
"""Sends one of `protocol.FromServer` to a page."""


class PageGone(Exception):  # noqa: N818 - what happened
    """The page went away before it had answered; another may be asked instead."""


@dataclass
class _Told:
    """A command that awaits its answer."""

    command: p.Command
    notebook: Callable[[], str]
    answer: asyncio.Future[p.Done]
    began: Callable[[str], None]


class Page:
    """One browser page: sends it commands about notebooks and awaits what it answers.

    It outlives its connection: a page whose socket is back is told again what it may have missed. A page that
    is loaded anew is another one.
    """

    def __init__(self, send: Send) -> None:
        self.send, self.connected = send, True
        # begins anywhere, so that an answer to an earlier server is not taken for one to this
        self._ids = itertools.count(secrets.randbelow(2**31))
        self._told: dict[int, _Told] = {}

    async def command(
        self,
        kind: Callable[..., p.Command],
        notebook: Callable[[], str],
        *,
        began: Callable[[str], None] = lambda _message: None,
        **fields: Any,
    ) -> p.Done:
        """Send a command and return the page's answer; ``began`` is called with what `Began` says.

        Raises
        ------
        PageGone
            When the page goes away first.
        NotebookError
            When the page cannot do it.
        """
        number = next(self._ids)
        answer: asyncio.Future[p.Done] = asyncio.get_running_loop().create_future()
        told = _Told(kind(id=number, notebook=notebook(), **fields), notebook, answer, began)
        self._told[number] = told
        try:
            if self.connected:
                self.send(told.command)
            return await answer
        finally:
            del self._told[number]

    def answered(self, message: p.Began | p.Done | p.Failed) -> None:
        """Pass a page's answer to whoever awaits it; one that nobody awaits any more is dropped."""
        told = self._told.get(message.id)
        if told is None or told.answer.done():
            return
        if isinstance(message, p.Began):
            told.began(message.message)
        elif isinstance(message, p.Failed):
            error = CellLost if message.running else NotebookError
            told.answer.set_exception(error(message.message))
        else:
            told.answer.set_result(message)

    def back(self, send: Send, notebook: str) -> None:
        """Tell the page, on its new connection, what it has not answered about a notebook it shows."""
        for told in self._told.values():
            if told.notebook() == notebook and not told.answer.done():
                send(told.command.model_copy(update={"notebook": notebook}))

    def withdrawn(self, notebook: str) -> None:
        """Fail everything that still awaits this page's answer about a notebook."""
        for told in self._told.values():
            if told.notebook() == notebook and not told.answer.done():
                told.answer.set_exception(PageGone())
