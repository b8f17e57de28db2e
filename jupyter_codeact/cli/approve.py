"""Asking on the terminal whether a cell may run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from ..agent.events import ApprovalRequested
from ..agent.gate.gate import Approval, Decision, decision

if TYPE_CHECKING:
    from .display import Display

MODES: dict[str, Approval] = {
    "always": "always",
    "risky": "risky",
    "never": "never",
    "ask": "always",
    "auto": "never",
}
"""Modes of the gate by what the command line calls them."""

NOBODY = "nobody is at the terminal to approve it"
QUESTION = "Run this cell? [r]un, [e]dit, [s]kip, run [a]ll from now on: "


def is_terminal() -> bool:
    """Tell whether somebody is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


class TerminalApproval:
    """The user at the terminal, or nobody; ``mode`` is how often the gate asks."""

    def __init__(self, mode: Approval, display: Display, read_line: Callable[[], str] | None = None) -> None:
        self.mode = mode
        self._display, self._read_line = display, read_line

    async def ask(self, asked: ApprovalRequested) -> Decision:
        """Return the user's word on a cell that is shown above; without anybody there it does not run."""
        if self._read_line is None:
            return decision(asked.source, allowed=False, reasons=[*asked.reasons, NOBODY])
        self._display.pause()
        if asked.reasons:
            click.secho(f"This cell {'; '.join(asked.reasons)}.", fg="yellow")
        source = asked.source
        while True:
            click.echo(QUESTION, nl=False)
            answer = (await _line(self._read_line)).strip().lower()[:1]
            if answer == "e":
                edited = await asyncio.to_thread(click.edit, source, extension=".py")
                source = source if edited is None else edited.rstrip("\n")
                click.echo(source)
            elif answer == "a":
                self.mode = "never"
                return decision(source, allowed=True)
            elif answer in ("r", "y"):
                return decision(source, allowed=True)
            elif answer in ("s", "n"):
                return decision(source, allowed=False, reasons=["the user skipped it"])


async def _line(read_line: Callable[[], str]) -> str:
    """Read a line without keeping a thread that could not be ended."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(sys.stdin.fileno(), ready.set)
    except (NotImplementedError, OSError, ValueError):  # Windows
        line = await asyncio.to_thread(read_line)
    else:
        try:
            await ready.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
        line = read_line()
    if not line:  # the end of the input: nobody is there any more
        return "s"
    return line
