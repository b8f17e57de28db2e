"""The user at the terminal: what they are asked there, and how the command line names approval."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import click

from ..agent.events import ApprovalRequested, QuestionAsked
from ..agent.gate.gate import Decision
from ..agent.gate.setting import Approval, is_earlier_spelling
from ..approval import RENAMED, ask_person, ask_question, edit_in_editor, nobody, understand

if TYPE_CHECKING:
    from ..mcp.client.notebook import NotebookServers


class ApprovalChoice(click.Choice[str]):
    """One of the approvals; a name of the first release is understood, with a remark on its new one."""

    def __init__(self) -> None:
        super().__init__(get_args(Approval))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if is_earlier_spelling(str(value)):
            value = understand(str(value), lambda text: click.echo(text, err=True))
        return super().convert(value, param, ctx)


_EARLIER = f"{__name__}.approve"
"""Where the value of ``--approve`` waits: click reads options that were given before those that were not."""


def take_earlier_option(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Keep the value of ``--approve``, as ``--approval`` was called in the first release."""
    if value is not None:
        click.echo(RENAMED.format(old="--approve", new="--approval"), err=True)
        ctx.meta[_EARLIER] = value


def or_earlier_option(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return the value of ``--approval``, or else of ``--approve``."""
    return value or ctx.meta.get(_EARLIER)


def is_terminal() -> bool:
    """Tell whether somebody is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


async def confirm_servers(servers: NotebookServers) -> None:
    """Ask about the MCP servers that a file beside the notebook proposes."""
    proposal = (await servers.look()).proposal
    if proposal is None:
        return
    click.echo(f"{proposal.path} names MCP servers. With them, CodeAct would start or reach:")
    for line in proposal.describe():
        click.echo(f"  {line}")
    if click.confirm("Use them, from now on, for as long as the file stays the same?", default=False):
        await servers.confirm(proposal.digest)


class TerminalApproval:
    """The user at the terminal, or nobody.

    Parameters
    ----------
    approval
        Which cells wait.
    read_line
        Reads a line from standard input; ``None`` where nobody is at a terminal.
    """

    def __init__(self, approval: Approval, read_line: Callable[[], str] | None = None) -> None:
        self.approval = approval
        self._read_line = read_line

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Return the user's decision on a cell that is shown above; without anybody there it does not run."""
        if self._read_line is None:
            return nobody(requested, source)
        decided, rest = await ask_person(self, requested, source)
        if rest:
            self.approval = "never"
        return decided

    async def answer_question(self, asked: QuestionAsked) -> str | None:
        """Return the user's answer to a question of the model; ``None`` without anybody there."""
        return None if self._read_line is None else await ask_question(self, asked)

    async def answer(self, question: str) -> str | None:
        """Read a line without keeping a thread that could not be ended."""
        assert self._read_line is not None
        click.echo(question, nl=False)
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(sys.stdin.fileno(), ready.set)
        except (NotImplementedError, OSError, ValueError):  # Windows
            return await asyncio.to_thread(self._read_line) or None
        try:
            await ready.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
        return self._read_line() or None

    async def edit(self, source: str) -> str:
        """Open the user's editor, and show what they wrote."""
        edited = await asyncio.to_thread(edit_in_editor, source)
        click.echo(edited)
        return edited

    async def tell(self, text: str) -> None:
        """Show a line: what is risky about a cell, or what the model asks."""
        click.secho(text, fg="yellow")
