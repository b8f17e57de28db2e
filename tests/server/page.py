"""A page, in Python: it keeps cells, runs them in the kernel, and answers the server's commands."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from tornado.websocket import WebSocketClientConnection

TIMEOUT = 60.0
Message = dict[str, Any]


class ScriptedPage:
    """One connection.

    Attributes
    ----------
    heard : list of dict
        Every message of the server, oldest first.
    sources : dict
        The cells' sources by their ids, in the notebook's order.
    kernel : dict or None
        What `read_state` returns for the kernel.
    mute : set of str
        Commands that get no answer.
    held : dict
        Events, by the names of commands that are answered only when theirs is set.
    refuse : dict
        Error messages of commands that fail, by their names.
    shown : dict
        Outputs and count that cells have, by their ids.
    executing : str or None
        The source that the kernel has begun to run for it.
    began : bool
        Whether it reports the id of the request that runs a cell.
    """

    def __init__(self, socket: WebSocketClientConnection, kernels: Any) -> None:
        self.heard: list[Message] = []
        self.sources: dict[str, str] = {}
        self.kernel: dict[str, str] | None = {"language": "python", "status": "idle"}
        self.outputs: list[Message] = []
        self.mute: set[str] = set()
        self.held: dict[str, asyncio.Event] = {}
        self.refuse: dict[str, str] = {}
        self.shown: dict[str, Message] = {}
        self.executing: str | None = None
        self.began = True
        self.closed = asyncio.Event()
        self._socket, self._kernels, self._kernel_id = socket, kernels, ""
        self._changed = asyncio.Condition()
        self._reader = asyncio.ensure_future(self._read())
        self._work: set[asyncio.Task[None]] = set()
        self._ids = itertools.count(1)

    async def say(self, message: Message | str) -> None:
        """Send a message, or something that is none."""
        await self._socket.write_message(message if isinstance(message, str) else json.dumps(message))

    async def request(self, kind: str, notebook: str | None = "a.ipynb", **fields: Any) -> str:
        """Send a request, about a notebook or about none, and return its id."""
        identity = f"request {next(self._ids)}"
        about = {} if notebook is None else {"notebook": notebook}
        await self.say({"type": kind, "id": identity, **about, **fields})
        return identity

    async def refused(self, kind: str, notebook: str | None = "a.ipynb", **fields: Any) -> str:
        """Send a request and return the sentence that it is refused with."""
        identity = await self.request(kind, notebook, **fields)
        return str((await self.hears("refused", id=identity))["message"])

    async def open(self, notebook: str, kernel: str | None = None) -> Message:
        """Show a notebook and return the history that the server sends."""
        self._kernel_id = kernel or ""
        before = len(self.heard)
        await self.request("open", notebook, kernel_id=kernel)
        return await self.hears("history", after=before)

    async def ask(self, task: str = "Count.", notebook: str = "a.ipynb", **more: Any) -> str:
        """Give a task."""
        return await self.request("ask", notebook, task=task, **more)

    async def resolve(self, asked: Message, source: str, *, approved: bool = True, **more: Any) -> str:
        """Answer a request for approval; ``source`` is what the cell holds now."""
        answer = {"run": asked["run"], "sha256": asked["sha256"], "source": source, "approved": approved}
        return await self.request("resolve_approval", **answer | more)

    async def hears(self, kind: str, *, after: int = 0, **fields: Any) -> Message:
        """Wait for a message of a kind; for an event's kind, return the event."""

        def found() -> Message | None:
            for message in self.heard[after:]:
                for said in (message, message.get("event") or {}):
                    if said.get("type") == kind and fields.items() <= said.items():
                        return said
            return None

        await self.until(lambda: found() is not None)
        said = found()
        assert said is not None, f"The connection ended before {kind} came."
        return said

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what the page has holds, or its connection ends."""
        async with asyncio.timeout(TIMEOUT), self._changed:
            await self._changed.wait_for(lambda: condition() or self.closed.is_set())

    async def executes(self, source: str) -> None:
        """Wait until the kernel runs a source for this page."""
        await self.until(lambda: self.executing == source)
        assert self.executing == source

    @property
    def status(self) -> str | None:
        """The model's state, as last told."""
        states = [message["state"] for message in self.heard if message["type"] == "model_status"]
        return states[-1] if states else None

    def types(self) -> list[str]:
        """Return the types of all messages, the model's status left out."""
        return [message["type"] for message in self.heard if message["type"] != "model_status"]

    async def end(self, *, after: int = 0) -> Message:
        """Wait for the end of a run."""
        return await self.hears("run_ended", after=after)

    @property
    def commands(self) -> list[str]:
        """The commands that came, by their names."""
        return [message["type"] for message in self.heard if is_command(message)]

    @property
    def events(self) -> list[str]:
        """The types of the events that came, pieces of replies left out."""
        kinds = [message["event"]["type"] for message in self.heard if message["type"] == "event"]
        return [kind for kind in kinds if kind != "reply_delta"]

    async def leave(self) -> None:
        """Close the connection, as a tab that is closed does."""
        self._socket.close()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._reader

    async def execute(self, source: str, asked: int | None = None) -> Message:
        """Run code in the kernel, if there is one, and return an `Execution`.

        When the server ``asked`` for it, say that it began.
        """
        if not self._kernel_id:
            return {"status": "ok", "outputs": [], "execution_count": 1}
        client = self._kernels.get_kernel(self._kernel_id).client()
        assert isinstance(client, AsyncKernelClient)
        client.start_channels(stdin=False, hb=False, control=False)
        try:
            await client.wait_for_ready(timeout=TIMEOUT)
            request = client.execute(source)
            if asked is not None and self.began:
                await self.say({"type": "began", "id": asked, "message": request})
            status, count, outputs = "ok", None, []
            while True:
                message = await client.get_iopub_msg(timeout=None)
                content = message["content"]
                if message["parent_header"].get("msg_id") != request:
                    continue
                count = content.get("execution_count", count)
                if message["msg_type"] == "execute_input":
                    self.executing = source
                    await self._notify()
                elif message["msg_type"] == "stream":
                    outputs.append({"output_type": "stream", **content})
                elif message["msg_type"] in ("display_data", "execute_result"):
                    shown = {name: value for name, value in content.items() if name != "transient"}
                    outputs.append({"output_type": message["msg_type"], **shown})
                elif message["msg_type"] == "error":
                    outputs.append({"output_type": "error", **content})
                    stops = ("KeyboardInterrupt", "CancelledError")
                    status = "interrupted" if content["ename"] in stops else "error"
                elif content.get("execution_state") == "idle":  # there is no reply of a cancelled cell
                    return {"status": status, "outputs": outputs, "execution_count": count}
        finally:
            client.stop_channels()

    async def _read(self) -> None:
        while (text := await self._socket.read_message()) is not None:
            message = json.loads(text)
            self.heard.append(message)
            await self._notify()
            if is_command(message) and message["type"] not in self.mute:
                task = asyncio.ensure_future(self._carry_out(message))
                self._work.add(task)
                task.add_done_callback(self._work.discard)
        self.closed.set()
        await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _carry_out(self, command: Message) -> None:
        kind = command["type"]
        if kind in self.refuse:
            return await self.say({"type": "failed", "id": command["id"], "message": self.refuse[kind]})
        answer: Message = {}
        if kind == "read_state":
            shown = {"outputs": self.outputs, "execution_count": None}
            cells = [
                {"id": cell, "cell_type": "code", "source": source, **self.shown.get(cell, shown)}
                for cell, source in self.sources.items()
            ]
            answer["state"] = {"cells": cells, "kernel": self.kernel}
        elif kind == "write_cell":
            known = command["cell_id"] in self.sources
            answer["cell_id"] = command["cell_id"] if known else command["new_id"]
            self.sources[answer["cell_id"]] = command["source"]
            if not known and command["before"] in self.sources:
                self._place(answer["cell_id"], list(self.sources).index(command["before"]))
        elif kind == "read_cell":
            answer["cell"] = self.cell(command["cell_id"])
        elif kind == "restore_cell":
            cell = command["cell"]
            self.sources[cell["id"]] = cell["source"]
            self.shown[cell["id"]] = {key: cell[key] for key in ("outputs", "execution_count")}
        elif kind == "delete_cell":
            self.sources.pop(command["cell_id"], None)
        elif kind == "move_cell":
            above, others = command["after"], [cell for cell in self.sources if cell != command["cell_id"]]
            self._place(command["cell_id"], others.index(above) + 1 if above else 0)
        elif kind == "run_cell":
            assert self.sources[command["cell_id"]] == command["source"]
            answer["execution"] = await self.execute(command["source"], asked=command["id"])
            self.shown[command["cell_id"]] = {
                key: answer["execution"][key] for key in ("outputs", "execution_count")
            }
        await self._notify()
        if kind in self.held:
            await self.held[kind].wait()
        await self.say({"type": "done", "id": command["id"], **answer})

    def _place(self, cell: str, index: int) -> None:
        """Put a cell at a position among the others."""
        source = self.sources.pop(cell)
        cells = list(self.sources.items())
        self.sources.clear()
        self.sources.update([*cells[:index], (cell, source), *cells[index:]])

    def cell(self, cell: str) -> Message:
        """Return a whole cell."""
        shown = self.shown.get(cell, {"outputs": [], "execution_count": None})
        return {"id": cell, "cell_type": "code", "metadata": {}, "source": self.sources[cell], **shown}


def is_command(message: Message) -> bool:
    """Tell whether the server wants something done."""
    return isinstance(message.get("id"), int)


Connect = Callable[..., Awaitable[ScriptedPage]]
"""Connects a page, of a name or of none, that shows no notebook yet."""
