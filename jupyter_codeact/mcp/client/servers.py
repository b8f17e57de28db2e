"""The MCP servers of one kernel: they run beside it, and its functions reach them through a socket."""

from __future__ import annotations

import asyncio
import concurrent.futures
import hmac
import json
import secrets
import shutil
import struct
import sys
import tempfile
import threading
from collections.abc import Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ...agent.tool_servers import ServerDefinitions, ToolServer
from .configuration import McpError, ServerConfig
from .functions import ServerFunction, module_name
from .listing import listing

if TYPE_CHECKING:
    from .connection import Connection

T = TypeVar("T")

CALL_SECONDS = 120.0
"""Seconds that one call may take, if the user has not set others."""
MOST_BYTES = 64_000_000
"""Size of the largest message to or from a kernel."""
LOST_SECONDS = 2.0
"""Seconds without any kernel after which the servers are stopped; a restarted kernel comes back sooner."""


class McpServers:
    """Starts servers, tells what functions they have, and answers the kernel's calls.

    Everything happens in a thread with a loop of its own, which no broken server keeps from its work but
    its own. The servers end when `close` is called, and when the last kernel that had their functions does.

    Parameters
    ----------
    configs
        The servers, by name.
    folder
        The folder that they run in, where a configuration names none: the notebook's.
    timeout
        Seconds that one call may take, where a configuration does not say.
    """

    def __init__(
        self, configs: Mapping[str, ServerConfig], folder: Path, *, timeout: float = CALL_SECONDS
    ) -> None:
        self.configs = dict(configs)
        self._cwd, self._timeout = folder, timeout
        self._connections: dict[str, Connection] = {}
        self._token = secrets.token_urlsafe(32)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._listener: asyncio.Server | None = None
        self._folder: Path | None = None
        self._address: Any = None
        self._links = 0
        self._lost: asyncio.TimerHandle | None = None
        self._cell: Collection[str] | None = None
        self._modules: dict[str, str] = {}
        self._told: dict[str, list[ServerFunction]] = {}
        self._closed = False

    async def connect(self) -> ServerDefinitions:
        """Start the servers that do not run, and tell which functions there are.

        A server that cannot be started, or that has a broken tool, has a ``problem``; it costs no other.
        """
        if self._closed:
            raise McpError("The MCP servers of this run have been stopped.")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._work, name="codeact mcp", daemon=True)
            self._thread.start()
        return await self._do(self._connect())

    @property
    def changed(self) -> bool:
        """Whether a server has other functions than `connect` has told last."""
        return any(
            connection.has_changed or connection.functions != self._told.get(name, [])
            for name, connection in list(self._connections.items())
        )

    def name_modules(self, names: Mapping[str, str]) -> None:
        """Remember the names that the servers have in the kernel."""
        self._modules |= names

    @contextmanager
    def cell(self, allowed: Collection[str] | None) -> Iterator[None]:
        """Know that a cell of the agent's runs, which may call these destructive tools; ``None`` for all.

        Each is written as in the cell, ``module.function``. Other cells are the user's, who may call
        everything.
        """
        self._cell = allowed
        try:
            yield
        finally:
            self._cell = None

    def close(self) -> None:
        """Stop the servers, and wait until they have ended."""
        self._closed = True
        if self._loop is None or self._thread is None:
            return
        with suppress(RuntimeError, concurrent.futures.CancelledError):
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = self._thread = None

    def _work(self) -> None:
        assert self._loop is not None
        loop = self._loop
        try:
            loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            if tasks:
                loop.run_until_complete(asyncio.wait(tasks))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    async def _do(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _connect(self) -> ServerDefinitions:
        if self._listener is None:
            self._connections = _connections(self.configs, self._cwd, self._timeout)
            await self._listen()
        started = await asyncio.gather(
            *(connection.start() for connection in self._connections.values()), return_exceptions=True
        )
        servers, definitions, taken = [], [], set[str]()
        for connection, problem in zip(self._connections.values(), started, strict=True):
            if isinstance(problem, BaseException) and not isinstance(problem, McpError):
                raise problem
            functions = [] if problem else connection.functions
            module = module_name(connection.name, taken)
            taken.add(module)
            problems = [str(problem)] if problem else [one.problem for one in functions if one.problem]
            problems = [connection.masked(one) for one in problems]
            servers.append(
                ToolServer(
                    name=connection.name,
                    module=module,
                    tools=[one.name for one in functions],
                    destructive=[one.name for one in functions if one.destructive],
                    problem="; ".join(problems),
                )
            )
            self._modules.setdefault(connection.name, module)
            self._told[connection.name] = connection.functions
            if not problem:
                definitions.append(
                    {
                        "server": connection.name,
                        "module": module,
                        "doc": f"The tools of the MCP server “{connection.name}”, which runs elsewhere.",
                        "listing": listing(functions),
                        "tools": [one.definition for one in functions],
                    }
                )
        return ServerDefinitions(
            servers=servers,
            kernel={"address": self._address, "token": self._token, "servers": definitions},
        )

    async def _listen(self) -> None:
        """Listen where only this user's processes can connect, and only those that know the token."""
        if sys.platform == "win32":
            self._listener = await asyncio.start_server(self._answer, "127.0.0.1", 0)
            self._address = list(self._listener.sockets[0].getsockname()[:2])
            return
        self._folder = Path(tempfile.mkdtemp(prefix="codeact-"))  # with the mode 0700
        self._address = str(self._folder / "mcp")
        self._listener = await asyncio.start_unix_server(self._answer, self._address)

    async def _stop(self) -> None:
        """Stop listening, and every server."""
        if self._lost is not None:
            self._lost.cancel()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        await asyncio.gather(
            *(connection.stop() for connection in self._connections.values()), return_exceptions=True
        )

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection of a kernel: a call, or the link that tells that the kernel lives."""
        try:
            size = struct.unpack(">Q", await reader.readexactly(8))[0]
            if size > MOST_BYTES:
                return await _send(writer, {"error": _too_large("the arguments", size)})
            message = json.loads(await reader.readexactly(size))
            if not hmac.compare_digest(str(message.get("token")).encode(), self._token.encode()):
                return await _send(writer, {"error": "this kernel may not call the MCP servers"})
            if message.get("link"):
                return await self._hold(reader)
            await self._call(message, reader, writer)
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            return None  # the kernel has gone, something that is none came, or all ends
        finally:
            writer.close()

    async def _hold(self, reader: asyncio.StreamReader) -> None:
        """Wait until a kernel ends; without any, the servers are stopped."""
        self._links += 1
        if self._lost is not None:
            self._lost.cancel()
        try:
            await reader.read()
        finally:
            self._links -= 1
            if not self._links:
                loop = asyncio.get_running_loop()
                self._lost = loop.call_later(LOST_SECONDS, lambda: loop.create_task(self._rest()))

    async def _rest(self) -> None:
        if not self._links:
            await asyncio.gather(
                *(connection.stop() for connection in self._connections.values()), return_exceptions=True
            )

    async def _call(
        self, message: Mapping[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Call a tool; a kernel that hangs up, as after an interrupt, cancels the call."""
        calling = asyncio.ensure_future(self._result(message))
        gone = asyncio.ensure_future(reader.read())
        try:
            await asyncio.wait({calling, gone}, return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                await _send(writer, calling.result())
        finally:
            calling.cancel()
            gone.cancel()
            await asyncio.gather(calling, gone, return_exceptions=True)

    async def _result(self, message: Mapping[str, Any]) -> dict[str, Any]:
        server, tool = str(message.get("server")), str(message.get("tool"))
        connection = self._connections.get(server)
        arguments = message.get("arguments")
        if connection is None or not isinstance(arguments, dict):
            return {"error": f"there is no MCP server “{server}”"}
        allowed, module = self._cell, self._modules.get(server)
        try:
            function = await connection.function(tool)
            if function.destructive and allowed is not None and f"{module}.{function.name}" not in allowed:
                return {
                    "error": "it may change or delete something, and the check of this cell did not see that "
                    "it calls it, so nobody could be asked. Call it by its name: "
                    f"{module}.{function.name}(…)"
                }
            result = await connection.call(tool, arguments)
        except McpError as error:
            result = {"error": str(error)}
        except Exception as error:  # whatever a library does with what a server sends
            result = {"error": f"the call failed: {type(error).__name__}: {error}"}
        return {**result, "error": connection.masked(result["error"])} if "error" in result else result


def _connections(configs: Mapping[str, ServerConfig], folder: Path, timeout: float) -> dict[str, Connection]:
    """Make the connections, with the SDK, which takes a second to import."""
    try:
        from .connection import Connection
    except ImportError as error:
        raise McpError(
            f"MCP servers need the package mcp ({error}). Install it with "
            "`pip install 'jupyter-codeact[mcp]'` where Jupyter runs."
        ) from error
    return {name: Connection(name, config, folder, timeout) for name, config in configs.items()}


async def _send(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    data = json.dumps(message).encode("utf-8", "replace")
    if len(data) > MOST_BYTES:
        data = json.dumps({"error": _too_large("the result", len(data))}).encode()
    writer.write(struct.pack(">Q", len(data)) + data)
    await writer.drain()


def _too_large(what: str, size: int) -> str:
    return f"{what} has {size / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB can be passed"
