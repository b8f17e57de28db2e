"""Browser pages: the commands sent to them, and their answers."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .. import protocol as p
from ..agent.contracts import CodeActError, NotebookError

log = logging.getLogger(__name__)

T = TypeVar("T")

Send = Callable[[Any], None]
"""Sends one of `protocol.FromServer` to a page."""


class PageGoneError(Exception):
    """The page went away before it answered; another one may be asked instead."""


class CellLostError(NotebookError):
    """Nobody can see the cell any more, though the kernel may still be running it."""


@dataclass
class _PendingCommand:
    """A command without an answer yet."""

    command: p.Command
    notebook: Callable[[], str]
    answer: asyncio.Future[p.Done]
    on_began: Callable[[str], None]


class Page:
    """One browser page: takes commands about notebooks and answers them.

    A page outlives its connection: once its socket is back, unanswered commands are sent again. A page that
    was reloaded is a new one.
    """

    shows = True
    """Whether a user sees the notebook there."""

    def __init__(self, send: Send) -> None:
        self.send, self.connected = send, True
        # starts at random, so that a late answer meant for an earlier server matches nothing
        self._ids = itertools.count(secrets.randbelow(2**31))
        self._pending: dict[int, _PendingCommand] = {}

    async def command(
        self,
        kind: Callable[..., p.Command],
        notebook: Callable[[], str],
        *,
        on_began: Callable[[str], None] = lambda _request: None,
        **fields: Any,
    ) -> p.Done:
        """Send a command and return the page's answer.

        Parameters
        ----------
        kind
            The command's class.
        notebook
            Returns the notebook's path, which may change while the command is pending.
        on_began
            Called with the kernel request's id when the page reports `Began`.
        **fields
            The command's other fields.

        Raises
        ------
        PageGoneError
            If the page goes away first.
        NotebookError
            If the page cannot do it.
        """
        number = next(self._ids)
        answer: asyncio.Future[p.Done] = asyncio.get_running_loop().create_future()
        pending = _PendingCommand(kind(id=number, notebook=notebook(), **fields), notebook, answer, on_began)
        self._pending[number] = pending
        try:
            if self.connected:
                self.send(pending.command)
            return await answer
        finally:
            del self._pending[number]

    def receive(self, message: p.Began | p.Done | p.Failed) -> None:
        """Pass the page's answer on to whoever awaits it; drop it if nobody does any more."""
        pending = self._pending.get(message.id)
        if pending is None or pending.answer.done():
            return
        if isinstance(message, p.Began):
            pending.on_began(message.message)
        elif isinstance(message, p.Failed):
            error = CellLostError if message.running else NotebookError
            pending.answer.set_exception(error(message.message))
        else:
            pending.answer.set_result(message)

    def resend_commands(self, notebook: str) -> None:
        """Send again, on the new connection, what the page has not answered about a notebook."""
        for pending in self._about(notebook):
            self.send(pending.command.model_copy(update={"notebook": notebook}))

    def abandon_commands(self, notebook: str) -> None:
        """Fail every pending command about a notebook: this page will not answer."""
        for pending in self._about(notebook):
            pending.answer.set_exception(PageGoneError())

    def release(self) -> None:
        """Let go of what only a run needs."""

    def refuse(self, request: p.Request, message: str) -> None:
        """Tell the page why its request cannot be met."""
        notebook = request.notebook if isinstance(request, p.NotebookRequest) else ""
        self.send(p.Refused(id=request.id, notebook=notebook, message=message))

    async def fulfil(self, request: p.Request, work: Callable[[], Awaitable[object]]) -> None:
        """Do the work of a request; refuse the request if the work fails."""
        try:
            await work()
        except CodeActError as error:
            self.refuse(request, str(error))
        except Exception:
            log.exception("CodeAct could not do what a page asked for (%s)", type(request).__name__)
            self.refuse(request, "That went wrong; the server's log says how.")

    def _about(self, notebook: str) -> list[_PendingCommand]:
        return [
            pending
            for pending in self._pending.values()
            if pending.notebook() == notebook and not pending.answer.done()
        ]


def required(value: T | None) -> T:
    """Return a field that a command's answer must have.

    Raises
    ------
    NotebookError
        If the page left it out.
    """
    if value is None:
        raise NotebookError("The page gave an incomplete answer. Reload it and ask again.")
    return value
