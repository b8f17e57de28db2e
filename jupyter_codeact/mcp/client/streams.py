"""What comes from a server, on its way to the SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import mcp_types as types

_ANY = {"type": "object"}
TOOLS = "codeact/tools"
"""Where in the ``_meta`` of a list of tools its declarations are, as the server has sent them."""


@asynccontextmanager
async def watched(
    transport: AbstractAsyncContextManager[Any], ended: asyncio.Event
) -> AsyncIterator[tuple[Any, Any]]:
    """Open one of the SDK's transports; notice when the server closes its side, and take in any tool."""
    async with transport as (read, write, *_):
        yield _Watched(read, ended), write


class _Watched:
    """A stream that says when it has ended, and in which one bad declaration of a tool costs no other.

    The SDK refuses a whole list for one declaration that is not valid. So it gets a plain one instead, and
    what the server has sent passes in the list's ``_meta``.
    """

    def __init__(self, stream: Any, ended: asyncio.Event) -> None:
        self._stream, self._over = stream, ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Any:
        try:
            received = await self._stream.__anext__()
        except StopAsyncIteration:
            self._over.set()
            raise
        result = getattr(getattr(received, "message", None), "result", None)
        if isinstance(result, dict) and isinstance(tools := result.get("tools"), list):
            meta = result.get("_meta")
            result["_meta"] = {**(meta if isinstance(meta, dict) else {}), TOOLS: tools}
            result["tools"] = [plain for tool in tools if (plain := _acceptable(tool)) is not None]
        return received

    async def __aenter__(self) -> _Watched:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)


def _acceptable(tool: Any) -> Any:
    """Return a declaration that the SDK accepts: this one, or one with the tool's name alone."""
    try:
        types.Tool.model_validate(tool)
        if all(tool.get(key, _ANY).get("type") == "object" for key in ("inputSchema", "outputSchema")):
            return tool
    except Exception:  # noqa: S110 -- whatever a declaration that is none does to the library
        pass
    name = tool.get("name") if isinstance(tool, dict) else None
    return {"name": name, "inputSchema": _ANY} if isinstance(name, str) else None
