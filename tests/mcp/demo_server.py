"""A small MCP server for tests, with the SDK: ``demo_server.py [http PORT | noisy | late | old]``."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any, Literal

from mcp.server import runner
from mcp.server.lowlevel import server as lowlevel
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import Tool, ToolAnnotations

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f0005000201a2d3d2a70000000049454e44ae426082"
)
KEY = b"a-key-of-the-servers"
READS = ToolAnnotations(read_only_hint=True)


class Demo(MCPServer):
    """Does not list one of its tools."""

    async def list_tools(self) -> list[Tool]:
        """Return the others."""
        return [tool for tool in await super().list_tools() if tool.name != "unlisted"]


server = Demo("demo")


def mark(path: str) -> None:
    """Make a file."""
    if path:
        Path(path).touch()


@server.tool(annotations=READS)
def add(a: int, b: int = 1) -> int:
    """Add two numbers. The second is 1 if it is not given."""
    return a + b


@server.tool(annotations=READS)
def people(country: Literal["DE", "FR"], most: int = 2) -> list[dict[str, str]]:
    """Find people of a country."""
    return [{"name": f"P{n}", "country": country} for n in range(most)]


@server.tool(annotations=READS, name="read-note", structured_output=False)
def read_note(class_: str = "none") -> str:
    """Read a note."""
    return f"a note of {class_}"


@server.tool(annotations=READS)
def dot() -> Image:
    """Draw a dot."""
    return Image(data=DOT, format="png")


@server.tool(annotations=READS)
def fail(word: str) -> str:
    """Fail."""
    raise ToolError(f"no {word} here")


@server.tool(annotations=READS, structured_output=False)
def text_of(size: int) -> str:
    """Return a long text."""
    return "x" * size


@server.tool(annotations=READS)
async def wait(seconds: float, marker: str = "") -> str:
    """Wait, and say in files that the call has begun, and that it was cancelled."""
    mark(f"{marker}.begun" if marker else "")
    try:
        await asyncio.sleep(seconds)
    except BaseException:
        mark(marker)
        raise
    return "waited"


@server.tool(annotations=READS)
def die() -> str:
    """End the server."""
    print("out of memory, says the server", file=sys.stderr, flush=True)
    os._exit(3)


@server.tool(annotations=READS)
def environment(name: str) -> str:
    """Return an environment variable of the server's."""
    return os.environ.get(name, "not set")


@server.tool(annotations=READS)
def process() -> int:
    """Return the server's process id."""
    return os.getpid()


@server.tool(annotations=ToolAnnotations(destructive_hint=True))
def delete(path: str) -> str:
    """Delete a file."""
    Path(path).unlink()
    return f"deleted {path}"


@server.tool()
def touch(path: str) -> str:
    """Make a file; nothing says whether that is harmless."""
    Path(path).touch()
    return "made"


@server.tool()
def unlisted(path: str) -> str:
    """Make a file, though nobody was told of this tool."""
    Path(path).touch()
    return "made"


@server.tool(annotations=READS)
async def change(ctx: Context) -> str:
    """Have another tool, one tool less, and one that destroys though it did not."""

    @server.tool(annotations=READS)
    def double(a: int) -> int:
        """Double a number."""
        return 2 * a

    server.remove_tool("text_of")
    server.remove_tool("environment")
    server.tool(annotations=ToolAnnotations(destructive_hint=True))(environment)
    await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return "changed"


if __name__ == "__main__":
    if sys.argv[1:2] == ["http"]:
        import uvicorn

        application = server.streamable_http_app()

        async def guarded(scope: Any, receive: Any, send: Any) -> None:
            """Let nobody in without the key; at ``/``, say that the server is there."""
            if scope["type"] == "http" and (b"authorization", b"Bearer " + KEY) not in scope["headers"]:
                status = 200 if scope["path"] == "/" else 401
                await send({"type": "http.response.start", "status": status, "headers": []})
                await send({"type": "http.response.body", "body": b"no key"})
            else:
                await application(scope, receive, send)

        uvicorn.run(guarded, port=int(sys.argv[2]), log_level="error")
    else:
        if sys.argv[1:2] == ["noisy"]:
            print("this is not JSON", flush=True)
        if sys.argv[1:2] == ["old"]:  # it speaks the protocol of before 2026-07-28 alone
            lowlevel.serve_dual_era_loop = runner.serve_loop  # type: ignore[assignment]
        if sys.argv[1:2] == ["late"]:
            time.sleep(3600)
        server.run()
