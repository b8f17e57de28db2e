"""A call of a client: who calls, in which notebook, and what it is told while it waits."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, ParamSpec

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent

from ...agent.contracts import CodeActError
from ...agent.notebook_calls.parse import CallError
from .notebooks import CONNECTION, Client, Notebooks, OpenNotebook
from .run import AgentRun, CallResult, NotBegunError, client_name

_log = logging.getLogger(__name__)

PROGRESS = 5.0
"""Seconds between two words of progress: clients that hear nothing for a minute give up."""
Parameters = ParamSpec("Parameters")


def reported(
    tool: Callable[Parameters, Coroutine[Any, Any, CallToolResult]],
) -> Callable[Parameters, Coroutine[Any, Any, CallToolResult]]:
    """Let a tool report what it cannot do as its result, in a sentence."""

    @functools.wraps(tool)
    async def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> CallToolResult:
        try:
            return await tool(*args, **kwargs)
        except (CodeActError, CallError) as error:
            message = "\n".join(filter(None, [str(error), getattr(error, "data", "")]))
        except Exception as error:  # the SDK would tell the client nothing at all
            _log.exception("A call of an MCP client failed.")
            message = f"The call failed, which is an error of CodeAct's: {type(error).__name__}: {error}"
        return CallToolResult(content=[TextContent(type="text", text=message)], is_error=True)

    return call


@dataclass
class Caller:
    """A client that calls a tool, and the notebook that it works in."""

    context: Context
    client: Client
    opened: OpenNotebook
    started: float = field(default_factory=time.monotonic)

    @classmethod
    async def of(cls, context: Context, notebooks: Notebooks, path: str) -> Caller:
        """Return who calls, with the notebook at a path.

        Raises
        ------
        CodeActError
            If there is no such notebook.
        """
        return cls(context, client_of(context), await notebooks.open(path))

    @property
    def run(self) -> AgentRun | None:
        """The client's run in the notebook, if one is under way."""
        return self.opened.run_of(self.client)

    async def call(self, name: str, **arguments: Any) -> CallResult:
        """Carry out a call on the notebook, as part of the client's run.

        Raises
        ------
        CodeActError
            If it cannot be carried out.
        """
        while True:
            run = await self.opened.begin(self.client)
            try:
                return await self._reporting(run, run.call(name, **arguments))
            except NotBegunError:  # it was over first: one before was cancelled, or another agent came
                continue

    async def progress(self, message: str) -> None:
        """Tell the client how far the call is."""
        await self.context.report_progress(round(time.monotonic() - self.started, 1), None, message)

    async def _reporting(self, run: AgentRun, work: asyncio.Task[CallResult]) -> CallResult:
        """Tell the client what goes on, until a call is done."""
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=PROGRESS)
                if not work.done():
                    await self.progress(run.doing)
        finally:
            run.cancel(work)
        return work.result()


def client_of(context: Context) -> Client:
    """Return the client that calls, as it names itself."""
    params = context.session.client_params
    info = params.client_info if params is not None else None
    name = client_name((info.title or info.name) if info else "")
    headers = context.headers or {}
    return Client(name, headers.get("mcp-session-id") or headers.get(CONNECTION, ""))
