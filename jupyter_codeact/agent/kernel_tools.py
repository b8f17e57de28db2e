"""The functions that the kernel is given for the model, besides its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from .contracts import Notebook, NotebookError
from .events import ServersConnected
from .gate.gate import Gate
from .run import Run
from .secrets import hide
from .tool_servers import ToolServer, ToolServers


@dataclass(frozen=True)
class KernelTools:
    """Functions from the user's configuration.

    Attributes
    ----------
    names : sequence of str
        Functions of modules, each as ``"module:function"``.
    servers : ToolServers, optional
        Programs whose tools are functions, too.
    """

    names: Sequence[str] = ()
    servers: ToolServers | None = None

    def __bool__(self) -> bool:
        return bool(self.names) or self.servers is not None

    async def load(self, run: Run, notebook: Notebook, gate: Gate) -> list[ToolServer]:
        """Define all in the kernel, and tell the gate what the servers' may do; return the servers."""
        if self.names:
            await run.unless_stopped(notebook.load_tools(self.names))
        if self.servers is None:
            return []
        found = await run.unless_stopped(self.servers.connect())
        problem, names = "", {}
        if found.kernel["servers"]:
            try:
                names = dict(await run.unless_stopped(notebook.define_servers(found.kernel)))
            except NotebookError as error:
                problem = str(error)
        servers = [_as_defined(server, names.get(server.name, ""), problem) for server in found.servers]
        servers = [one.model_copy(update={"problem": hide(one.problem, run.secrets)}) for one in servers]
        self.servers.defined(servers)
        gate.know_servers(servers)
        return servers

    async def update(self, run: Run, notebook: Notebook, gate: Gate) -> str:
        """Define the servers' functions anew if they have changed; return which did, for the model."""
        if self.servers is None or not self.servers.changed:
            return ""
        before = _functions(self.servers.connected)
        servers = await self.load(run, notebook, gate)
        self.record(run, servers)
        now = _functions(servers)
        return "\n".join(
            [f"- new: {name}()" for name in now if name not in before]
            + [f"- gone: {name}()" for name in before if name not in now]
        )

    def record(self, run: Run, servers: Sequence[ToolServer]) -> None:
        """Record which servers the run has."""
        if servers:
            run.emit(ServersConnected, servers=servers)

    def running(self, gate: Gate) -> AbstractContextManager[None]:
        """Tell the servers that the cell that the gate has just allowed runs now."""
        return nullcontext() if self.servers is None else self.servers.cell(gate.allowed_tools())


def _functions(servers: Sequence[ToolServer]) -> list[str]:
    return [f"{server.module}.{tool}" for server in servers if server.module for tool in server.tools]


def _as_defined(server: ToolServer, module: str, problem: str) -> ToolServer:
    """Return a server with the name that it has in the kernel."""
    if not module and not server.problem:
        problem = problem or f"The notebook has something else that is called “{server.module}”; rename one."
    return server.model_copy(update={"module": module, "problem": server.problem or problem})
