"""How long others wait while a server reads the worst replies and outputs, or its journal is locked.

Run with ``python benchmarks/worst_inputs.py``. A Jupyter server with the extension runs in a process of its
own, with a scripted model and a scripted page, while a third process asks it for its status every 20 ms. For
each case it prints how long the run took, how long for a megabyte of input (of a reply, most of that is the
sending of chunks of four characters), and how long the slowest status took: that is what any other user of
the server would have waited. The first line is of a server that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tornado.websocket import websocket_connect

from tests.ports import free_port
from tests.scripted import Said, ScriptedModel
from tests.waiting import until

INTERVAL = 0.02
"""Seconds from one question for the server's status to the next."""
LIMIT = 0.1
"""Seconds that nobody should have to wait longer."""
TOKEN = "benchmark"

REPLIES: dict[str, Callable[[int], str]] = {
    "1,000 fences": lambda _size: "```\n" * 1000,
    "fences": lambda size: "```\n" * (size // 4),
    "invented outputs": lambda size: "```\nout 1\n```\n" * (size // 14),
    "one line": lambda size: "x" * size,
    "10 MB in one line": lambda _size: "x" * 10_000_000,
    "blanks": lambda size: " " * size,
    "JSON, nested": lambda size: '{"name":' * (size // 8),
    "JSON, broken": lambda size: '{"name": "python", "arguments": {"code": "' + "x = 1\\n" * (size // 7),
    "calls": lambda size: '<tool_call>\n{"name": ' * (size // 21),
    "tags": lambda size: "<execute>\n" * (size // 10),
    "thinking marks": lambda size: "<think>a</think>\n" * (size // 17),
    "thinking closed late": lambda size: "</think>\n" * (size // 9),
    "strings around fences": lambda size: "```python\nx = '''\n" + "```\n" * (size // 4),
    "a cell, dense": lambda size: "```python\n" + "x=f(1)\n" * (size // 7) + "```\nDone.",
    "a sum of 1,000": lambda _size: "```python\nx = " + "1 + " * 1000 + "1\n```\nDone.",
    "400 elifs": lambda _size: "```python\nif 0: pass\n" + "elif 0: pass\n" * 400 + "```\nDone.",
    "numbers": lambda size: "12345.678 " * (size // 10),
    "prose": lambda size: "The quick brown fox jumps over the lazy dog. \n" * (size // 46),
}
OUTPUTS: dict[str, Callable[[int], dict[str, Any] | list[dict[str, Any]]]] = {
    "5 MB in one line": lambda _size: _stream("x" * 5_000_000),
    # of more, a page and the server keep 5,000 themselves
    "5,000 displays": lambda _size: [_display({"text/plain": "x"})] * 5_000,
    "5,000 streams": lambda _size: [_stream("x\n"), _stream("y\n") | {"name": "stderr"}] * 2_500,
    "HTML, nested": lambda size: _display({"text/html": "<div><b>" * (size // 8) + "x"}),
    "HTML, a wide table": lambda size: _display({"text/html": f"<table><tr>{'<td>1</td>' * (size // 10)}"}),
    "Markdown, nested": lambda size: _display({"text/markdown": "> " * (size // 4) + "* " * (size // 4)}),
    "text": lambda size: _stream("x" * size),
    "lines": lambda size: _stream("abc\n" * (size // 4)),
    "ANSI codes": lambda size: _stream("\x1b[31mx\x1b[0m" * (size // 10)),
    "cursor moves": lambda size: _stream("\x1b[9999Cx" * (size // 8)),
    "progress bars": lambda size: _stream("10%|#         |\r" * (size // 16)),
    "HTML, broken": lambda size: _display({"text/html": "<a b='c" * (size // 7)}),
    "HTML, tables": lambda size: _display({"text/html": "<table><tr><td>x" * (size // 16)}),
    "SVG, unclosed": lambda size: _display({"image/svg+xml": "<svg>" + "<text>" * (size // 6)}),
    "JSON, deep": lambda _size: _display({"application/json": _deep(150)}),
    "JSON, long": lambda size: _display({"application/json": list(range(size // 6))}),
    "a literal": lambda size: _display({"text/plain": "'\\n'" + "+'a'" * (size // 4)}),
    "a traceback": lambda size: {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "x" * size,
        "traceback": ["File x.py:1, in f\n-> 1 a"] * (size // 24),
    },
}


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _display(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


class Server:
    """A Jupyter server in a process of its own, and how long it lets others wait."""

    def __init__(self, folder: Path, model: ScriptedModel) -> None:
        self.port, self.folder, self._model = free_port(), folder, model
        self.journal = folder / "journal.sqlite"
        self.worst = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the server, and look how it does."""
        options = {
            "ServerApp.port": self.port,
            "IdentityProvider.token": TOKEN,
            "ServerApp.root_dir": str(self.folder),
            "CodeActExtension.endpoint": self._model.url,
            "CodeActExtension.journal": str(self.journal),
            "CodeActExtension.approval": "never",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", *arguments),
            '--ServerApp.jpserver_extensions={"jupyter_codeact": True}',
            env=os.environ | {"JUPYTER_CODEACT_API_KEY": self._model.api_key},
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await until(self.status)
            looking = asyncio.ensure_future(self._look())
            try:
                yield
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
        finally:
            process.terminate()
            await process.wait()

    def status(self) -> bool:
        """Tell whether the server answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    async def _look(self) -> None:
        arguments = (sys.executable, __file__, "--look", str(self.port))
        process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                self.worst = max(self.worst, float(line))
        finally:
            process.terminate()
            await process.wait()


def look(port: int) -> None:
    """Ask a server for its status again and again, and print how long each answer took."""
    connection = HTTPConnection("127.0.0.1", port)
    while True:
        began = time.monotonic()
        connection.request("GET", f"/api/status?token={TOKEN}")
        connection.getresponse().read()
        print(time.monotonic() - began, flush=True)
        time.sleep(INTERVAL)


class BenchPage:
    """A page without a kernel: each cell shows the outputs that are given."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.outputs: list[dict[str, Any]] = []
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._cells: dict[str, str] = {}

    async def connect(self) -> None:
        """Open a notebook."""
        url = f"ws://127.0.0.1:{self._server.port}/codeact/ws?token={TOKEN}"
        self._socket = await websocket_connect(url, max_message_size=2**30)
        self._reader = asyncio.ensure_future(self._read())
        await self.say("open", kernel_id=None)
        await self.hears(lambda said: said["type"] == "history")

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a request."""
        message = {"type": kind, "id": "request", "notebook": "a.ipynb", **fields}
        await self._socket.write_message(json.dumps(message))

    async def hears(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a message."""
        async with asyncio.timeout(300):
            while True:
                said = await self._heard.get()
                if wanted(said):
                    return said

    async def end(self) -> dict[str, Any]:
        """Wait for the end of a run."""
        said = await self.hears(lambda said: said.get("event", {}).get("type") == "run_ended")
        return dict(said["event"])

    async def _read(self) -> None:
        while (text := await self._socket.read_message()) is not None:
            said = json.loads(text)
            self._heard.put_nowait(said)
            if isinstance(said.get("id"), int):
                answer = self._answer(said)
                await self._socket.write_message(json.dumps({"type": "done", "id": said["id"], **answer}))

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["type"]:
            case "read_state":
                cells = [
                    {"id": cell, "cell_type": "code", "source": self._cells[cell]} for cell in self._cells
                ]
                return {"state": {"cells": cells, "kernel": {"language": "python", "status": "idle"}}}
            case "write_cell":
                cell = command["cell_id"] or command["new_id"]
                self._cells[cell] = command["source"]
                return {"cell_id": cell}
            case "run_cell":
                return {"execution": {"status": "ok", "outputs": self.outputs, "execution_count": 1}}
        return {}


async def measure(server: Server, page: BenchPage, name: str, size: int, *, ask: bool = True) -> bool:
    """Play one run, print what it took, and return whether nobody had to wait."""
    server.worst, began = 0.0, time.monotonic()
    if ask:
        await page.say("ask", task="Go.")
    ended = await page.end()
    took = time.monotonic() - began
    per_megabyte = took / max(size, 1) * 1e6
    fine = server.worst <= LIMIT
    rate = f"{per_megabyte:6.2f} s/MB" if size >= 100_000 else " " * 11
    print(
        f"{name or 'the first run':32} {took:6.2f} s {rate}  slowest answer {1000 * server.worst:4.0f} ms "
        f"{'' if fine else '<<<'} {ended['ending']}",
        flush=True,
    )
    return fine


async def main(size: int, only: str) -> int:
    """Measure all cases; return how many made others wait."""
    failures = 0
    with tempfile.TemporaryDirectory() as folder, ScriptedModel() as model:
        server = Server(Path(folder), model)
        async with server.running():
            page = BenchPage(server)
            await page.connect()
            await asyncio.sleep(2)
            server.worst = 0.0
            await asyncio.sleep(3)
            print(f"{'nothing':32} {'':20}  slowest answer {1000 * server.worst:4.0f} ms", flush=True)

            async def case(name: str, size: int, replies: list[Any], outputs: list[dict[str, Any]]) -> None:
                nonlocal failures
                if name and only not in name:
                    return
                await page.say("new_conversation")
                await page.hears(lambda said: said["type"] == "history")
                page.outputs = outputs
                model.script([*replies, *["Done."] * 12])
                failures += not await measure(server, page, name, size)

            await case("", 0, ["Done."], [])
            for name, make in REPLIES.items():
                text = make(size)
                await case(f"reply: {name}", len(text), [text], [])
            for name, output in OUTPUTS.items():
                cell = f"```python\nprint({name!r})\n```\n"
                made = output(size)
                await case(f"output: {name}", size, [cell], made if isinstance(made, list) else [made])
            if only in "stop":
                failures += await stopping(server, page, model)
            if only in "lock":
                failures += await locked(server, page, model)
    print(f"{failures} cases in which others waited longer than {1000 * LIMIT:.0f} ms")
    return failures


async def stopping(server: Server, page: BenchPage, model: ScriptedModel) -> int:
    """Stop a run whose reply is hard to read."""
    model.script([Said("```\n" * 200_000, pause=0.001)])
    await page.say("ask", task="Go.")
    await page.hears(lambda said: said.get("event", {}).get("type") == "reply_delta")
    await asyncio.sleep(2)
    await page.say("stop")
    return not await measure(server, page, "stop in a reply", 0, ask=False)


async def locked(server: Server, page: BenchPage, model: ScriptedModel) -> int:
    """Let another process hold the journal's lock during a run, and stop the run."""
    model.script(["```python\n1\n```\n", "Done."])
    failures = 0
    with closing(sqlite3.connect(server.journal, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await page.say("ask", task="Go.")
        await asyncio.sleep(2)
        await page.say("stop")
        failures += not await measure(server, page, "stop, the journal locked", 0, ask=False)
        other.execute("ROLLBACK")
    return failures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=400_000, help="characters of a long input")
    parser.add_argument("--only", default="", help="only cases with this in their name")
    parser.add_argument("--look", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.look:
        look(chosen.look)
    sys.exit(bool(asyncio.run(main(chosen.size, chosen.only))))
