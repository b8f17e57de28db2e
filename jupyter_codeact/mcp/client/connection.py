"""The connection to one server: started when it is first needed, and again after it has died."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import IO, Any

import httpx2
import mcp_types as types
from mcp import MCPError
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, get_default_environment, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import SubscriptionLost
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from . import launch
from .configuration import McpError, ServerConfig
from .functions import ServerFunction, functions_of, wrapper_of
from .masking import masker_for
from .results import as_message
from .streams import TOOLS, watched

_log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Seconds that a server may take to start and list its tools; `npx` may load it from the network first."""
AGAIN_SECONDS = 5.0
"""Seconds that it may take when it did not answer the last time."""
CONNECT_SECONDS = 30.0
MOST_TOOLS = 500
LOG_BYTES, LOG_END = 10_000_000, 10_000
"""How much is kept of what a server writes to standard error, and how much of that is looked at."""
_PAGES = 100


class _Quiet(logging.Filter):
    """Turns the SDK's tracebacks about what a server printed into lines for those who look for them."""

    def filter(self, record: logging.LogRecord) -> bool:
        _log.debug("%s: %s", record.name, record.getMessage())
        return False


logging.getLogger("mcp.client.stdio").addFilter(_Quiet())


class Connection:
    """One server, and its tools. Everything here runs in the loop of `McpServers`.

    Parameters
    ----------
    name
        The server's name in the configuration.
    config
        How it is reached.
    folder
        The folder it runs in, if the configuration names none.
    timeout
        Seconds that one call may take, if the configuration does not say.
    """

    def __init__(self, name: str, config: ServerConfig, folder: Path, timeout: float) -> None:
        self.name, self._config, self._folder = name, config, folder
        self._timeout = config.timeout or timeout
        self.functions: list[ServerFunction] = []
        self._wrappers: dict[str, str] = {}
        self._client: Client | None = None
        self._running: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._lock = asyncio.Lock()
        self._log: IO[bytes] | None = None
        self.masked: Callable[[str], str] = str
        """Hides what the configuration gives the server alone: messages go to kernels and journals."""
        self._refusal = ""
        self._patience = START_SECONDS
        self._changed = False

    @property
    def has_changed(self) -> bool:
        """Whether the server has said that its tools are others now, and they were not read since."""
        return self._changed

    async def start(self) -> None:
        """Connect, and read the tools; if that is done, read them again only if they have changed.

        Raises
        ------
        McpError
            If the server cannot be started or reached; with its own words, where there are any.
        """
        async with self._lock:
            if self._client is not None and not self._ended.is_set():
                if self._changed:
                    await self._read_again(self._client)
                return
            await self._stop()
            ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._ended = asyncio.Event()
            self._running = asyncio.create_task(self._run(ready, self._ended))
            try:
                async with asyncio.timeout(self._patience):
                    await asyncio.shield(ready)
            except TimeoutError:
                said, waited = self._said(), self._patience
                self._patience = min(waited, AGAIN_SECONDS)  # not every run need wait so long
                await self._stop()
                raise McpError(
                    f"the MCP server “{self.name}” did not answer within {waited:g} s{said}"
                ) from None
            except BaseException:
                await self._stop()
                raise

    async def function(self, tool: str) -> ServerFunction:
        """Return the function of a tool, as the server declares it now.

        Raises
        ------
        McpError
            If the server has no such tool, or cannot be asked.
        """
        await self.start()
        found = next((one for one in self.functions if one.tool == tool), None)
        if found is None:
            raise McpError(f"the MCP server “{self.name}” has no tool “{tool}” now")
        return found

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool, and return what the kernel is told.

        Raises
        ------
        McpError
            If there is no result: the server has died, does not answer, or does not know the tool.
        """
        await self.start()
        if self._client is None:
            raise self._died()
        if self._log is not None and os.fstat(self._log.fileno()).st_size > LOG_BYTES:
            os.ftruncate(self._log.fileno(), 0)
        calling = asyncio.ensure_future(self._client.call_tool(tool, arguments))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({calling, ended}, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                return as_message(calling.result(), wrapper=self._wrappers.get(tool, ""))
            if not ended.done():
                raise McpError(
                    f"the MCP server “{self.name}” did not answer within {self._timeout:g} s. "
                    "Its “timeout” can be set where the server is named"
                )
            raise self._died()
        except MCPError as error:
            await asyncio.sleep(0)  # the end of its process may be the reason
            if await self._has_ended():
                raise self._died() from error
            raise McpError(error.error.message) from error
        except (RuntimeError, ValidationError) as error:
            raise McpError(f"the MCP server “{self.name}” sent what is not valid: {error}") from error
        finally:
            calling.cancel()
            ended.cancel()
            with suppress(BaseException):
                await asyncio.gather(calling, ended, return_exceptions=True)

    async def stop(self) -> None:
        """End the connection, and the server if it was started for it."""
        async with self._lock:
            await self._stop()

    async def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
        self._running = self._client = None
        if self._log is not None:
            self._log.close()
            self._log = None

    async def _has_ended(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), 0.5)
        return self._ended.is_set()

    def _died(self) -> McpError:
        return McpError(f"the MCP server “{self.name}” has ended during the call{self._said()}")

    async def _run(self, ready: asyncio.Future[None], ended: asyncio.Event) -> None:
        """Hold the connection open. The SDK wants it closed by the task that opened it."""
        try:
            async with AsyncExitStack() as stack:
                transport, gone = await self._transport(stack)
                client = Client(transport, cache=None, message_handler=self._hear)
                await stack.enter_async_context(client)
                await self._read_tools(client)
                following = asyncio.create_task(self._follow(client))
                stack.callback(following.cancel)
                self._client = client
                if not ready.done():
                    ready.set_result(None)
                await gone()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            if not ready.done():
                ready.set_exception(self._sentence(error))
        finally:
            self._client = None
            ended.set()
            if not ready.done():
                ready.set_exception(McpError(f"the MCP server “{self.name}” has ended{self._said()}"))
            if not ready.cancelled():
                ready.exception()  # which nobody may wait for any more

    async def _hear(self, message: Any) -> None:
        """Take what the server says unasked."""
        if isinstance(message, types.ToolListChangedNotification):
            self._changed = True

    async def _follow(self, client: Client) -> None:
        """Ask a server of the newer protocol to tell of changes; one of the older does so unasked."""
        tools = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not (tools and tools.list_changed):
            return
        while True:
            try:
                async with client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:
                        self._changed = True
                return
            except SubscriptionLost:
                self._changed = True  # there may have been changes meanwhile
                await asyncio.sleep(AGAIN_SECONDS)
            except (MCPError, RuntimeError, TimeoutError) as error:
                _log.debug("%s does not tell of changes: %s", self.name, error)
                return

    async def _transport(self, stack: AsyncExitStack) -> tuple[Any, Any]:
        """Return the SDK's transport, and a function that waits until the server has ended."""
        config = self._config.expanded()
        self.masked = masker_for(self._config)
        if config.url is not None:
            timeout = httpx2.Timeout(CONNECT_SECONDS, read=None)  # `call` has a limit of its own
            hooks = {"response": [self._note_refusal]}
            client = httpx2.AsyncClient(headers=config.headers, timeout=timeout, event_hooks=hooks)
            await stack.enter_async_context(client)
            transport = streamable_http_client(config.url, http_client=client)
            return watched(transport, asyncio.Event()), asyncio.Event().wait
        assert config.command is not None
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115 -- closed by `stop`
        ended = asyncio.Event()
        transport = stdio_client(self._parameters(config), self._log)  # type: ignore[arg-type]
        return watched(transport, ended), ended.wait

    async def _note_refusal(self, response: httpx2.Response) -> None:
        """Remember what the SDK does not tell: how an HTTP server refused a request."""
        if response.status_code >= 400:
            self._refusal = f"it answered {response.status_code} {response.reason_phrase}".rstrip()

    def _parameters(self, config: ServerConfig) -> StdioServerParameters:
        """Return the command, in a form that ends with this process where the system can see to that."""
        assert config.command is not None
        folder = self._folder / config.cwd if config.cwd else self._folder
        if not folder.is_dir():
            raise McpError(f"the folder {folder} does not exist")
        path = config.env.get("PATH") or get_default_environment().get("PATH") or os.defpath
        beside = folder / config.command
        command = shutil.which(config.command, path=path) or (
            str(beside) if os.sep in config.command and beside.is_file() else None
        )
        if command is None:
            raise McpError(f"the command “{config.command}” was not found. Install it, or name its path")
        args = config.args
        if sys.platform == "linux":
            args = ["-I", "-S", str(Path(launch.__file__)), str(os.getpid()), command, *args]
            command = sys.executable
        return StdioServerParameters(command=command, args=args, env=config.env, cwd=folder)

    async def _read_again(self, client: Client) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._read_tools(client)
        except TimeoutError:
            raise McpError(f"the MCP server “{self.name}” did not tell its new tools") from None
        except (MCPError, RuntimeError, ValidationError) as error:
            raise McpError(f"the MCP server “{self.name}” does not tell its tools: {error}") from error

    async def _read_tools(self, client: Client) -> None:
        self._changed = False
        found: list[Any] = []
        cursor: str | None = None
        if client.server_capabilities.tools is not None:
            for _ in range(_PAGES):
                request = types.ListToolsRequest(params=types.PaginatedRequestParams(cursor=cursor))
                page = await client.session.send_request(request, types.ListToolsResult)
                found += (page.meta or {}).get(TOOLS, [])
                cursor = page.next_cursor
                if not cursor or len(found) >= MOST_TOOLS:
                    break
        self.functions = functions_of(found[:MOST_TOOLS], self._config.always_allow)
        self._wrappers = {
            str(tool.get("name")): wrapper_of(tool.get("outputSchema"))
            for tool in found
            if isinstance(tool, dict)
        }

    def _sentence(self, error: BaseException) -> McpError:
        if isinstance(error, BaseExceptionGroup):
            leaves = [one for one in _leaves(error) if not isinstance(one, asyncio.CancelledError)]
            error = leaves[0] if leaves else error
        if isinstance(error, McpError):
            return McpError(f"the MCP server “{self.name}” cannot be started: {error}")
        verb = "reached" if self._config.url else "started"
        reason = self._refusal or str(error) or type(error).__name__
        return McpError(f"the MCP server “{self.name}” cannot be {verb}: {reason}{self._said()}")

    def _said(self) -> str:
        """Return the last line of what the server has written to standard error, for a message."""
        if self._log is None or self._log.closed:
            return ""
        self._log.seek(max(0, os.fstat(self._log.fileno()).st_size - LOG_END))
        lines = [
            line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()
        ]
        return f". It said: {self.masked(lines[-1])[:300]}" if lines else ""


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for one in group.exceptions:
        found += _leaves(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found
