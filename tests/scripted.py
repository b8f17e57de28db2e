"""A model with scripted replies: an OpenAI-compatible server, for tests that must be deterministic.

    with ScriptedModel(["```python\\n1 + 1\\n```", "It is 2."]) as model:
        ...  # talk to model.url with model.api_key
        assert model.requests[1]["messages"][-1]["content"] == ...

Each request takes the next reply of the script. A reply is a string, one of the classes below, or a function
of the request's messages that returns one. A client that retries a request takes the next reply for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

MODEL = "scripted"
CHUNK = 4
"""Characters of a chunk of a streamed reply; usage counts each chunk as a token."""


@dataclass
class Said:
    """A reply with timing: ``delay`` seconds before it begins, ``pause`` seconds after each chunk.

    ``thinking`` comes before the text, as ``reasoning_content``.
    """

    text: str
    delay: float = 0.0
    pause: float = 0.0
    finish_reason: str = "stop"
    thinking: str = ""


@dataclass
class Held:
    """A reply that stops after ``text`` until it is released, and then continues with ``rest``.

    ``reached`` is set when ``text`` has been sent, ``disconnected`` when the client disconnects meanwhile.
    """

    text: str
    rest: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    disconnected: threading.Event = field(default_factory=threading.Event)


@dataclass
class Refusal:
    """An error response: an HTTP status, a message, and headers."""

    status: int
    message: str = "The scripted model refuses."
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Broken:
    """A reply whose connection breaks after ``text``."""

    text: str


@dataclass
class Called:
    """A reply that calls a function in the endpoint's protocol: ``text``, then the call in chunks."""

    name: str
    arguments: str
    text: str = ""


@dataclass
class Garbage:
    """A successful answer that is no reply: these bytes."""

    content: bytes


OneReply = str | Said | Held | Refusal | Broken | Called | Garbage
ScriptedReply = OneReply | Callable[[list[dict[str, Any]]], OneReply]


class ScriptedModel:
    """Serves a script of replies on a loopback port, in its own thread.

    Attributes
    ----------
    url : str
        Base URL of the server, for an OpenAI client.
    api_key : str
        The only key the server accepts.
    requests : list of dict
        The bodies of the requests for replies, oldest first.
    disconnected : threading.Event
        Set when a client disconnects in the middle of a reply.
    overdrawn : bool
        Whether there were more requests than replies.
    listed : dict
        Further fields of the model's entry in the list of models; by default the size of a small model, which
        gets every hook.
    """

    def __init__(self, replies: Iterable[ScriptedReply] = ()) -> None:
        self.api_key = f"key-{os.urandom(8).hex()}"
        self.url = ""
        self.listed: dict[str, Any] = {"meta": {"n_params": 1_500_000_000}}
        self.script(replies)

    def script(self, replies: Iterable[ScriptedReply]) -> None:
        """Begin a new script, and a new list of requests."""
        self._replies = iter(list(replies))
        self.overdrawn = False
        self.requests: list[dict[str, Any]] = []
        self.disconnected = threading.Event()

    def held(self, text: str, rest: str = "") -> Held:
        """Return a reply that stops in the middle until it is released."""
        return Held(text, rest)

    def next_reply(self, body: dict[str, Any]) -> OneReply:
        """Record a request and return its reply."""
        self.requests.append(body)
        reply = next(self._replies, None)
        if reply is None:
            self.overdrawn = True
            return Refusal(500, "The script has no more replies.")
        return reply(body.get("messages", [])) if callable(reply) else reply

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="scripted model", daemon=True)
        ready = threading.Event()
        self._loop.call_soon(ready.set)
        [socket] = bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}/v1"
        self._sockets = [socket]
        self._thread.start()
        assert ready.wait(60)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._closing = asyncio.Event()
        routes = [
            (r"/v1/models", _Models, {"model": self}),
            (r"/v1/chat/completions", _Chat, {"model": self}),
            (r"/v1/completions", _Completion, {"model": self}),
        ]
        server = HTTPServer(Application(routes, log_function=lambda _handler: None))
        server.add_sockets(self._sockets)
        await self._closing.wait()
        server.stop()
        await server.close_all_connections()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class _Handler(RequestHandler):
    def initialize(self, model: ScriptedModel) -> None:
        self.model = model

    def prepare(self) -> None:
        if self.request.headers.get("Authorization") != f"Bearer {self.model.api_key}":
            self.refuse(401, "Incorrect API key provided.")

    def refuse(self, status: int, message: str) -> None:
        self.set_status(status)
        self.finish({"error": {"message": message, "type": "scripted", "param": None, "code": None}})


class _Models(_Handler):
    def get(self) -> None:
        listed = {"id": MODEL, "object": "model", "owned_by": "tests"} | self.model.listed
        self.finish({"object": "list", "data": [listed]})


class _Chat(_Handler):
    """Replies to conversations."""

    kind = "chat.completion.chunk"
    gone: asyncio.Event

    async def post(self) -> None:
        self.gone = asyncio.Event()
        body = json.loads(self.request.body)
        reply = self.model.next_reply(body)
        if isinstance(reply, Refusal):
            for name, value in reply.headers.items():
                self.set_header(name, value)
            return self.refuse(reply.status, reply.message)
        if isinstance(reply, Garbage):
            return self.finish(reply.content)
        if isinstance(reply, str):
            reply = Said(reply)
        text, finish = _until_stop(reply, body.get("stop") or [])
        thinking = reply.thinking if isinstance(reply, Said) else ""
        usage = _usage(body.get("messages") or [body["prompt"]], thinking + text)
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": finish}
            return self.finish(_envelope("chat.completion", body) | {"choices": [choice], "usage": usage})
        self.set_header("Content-Type", "text/event-stream")
        counted = (body.get("stream_options") or {}).get("include_usage")
        try:
            await self._stream(reply, text, finish, body, usage if counted else None)
        except StreamClosedError:
            self.on_connection_close()
        if self.gone.is_set():
            self.model.disconnected.set()
            if isinstance(reply, Held):
                reply.disconnected.set()
        elif isinstance(reply, Broken):
            self.request.connection.stream.close()  # type: ignore[union-attr]

    def on_connection_close(self) -> None:
        self.gone.set()

    async def _stream(
        self,
        reply: Said | Held | Broken | Called,
        text: str,
        finish: str,
        body: dict[str, Any],
        usage: dict[str, Any] | None,
    ) -> None:
        if isinstance(reply, Said):
            await self._sleep(reply.delay)
        await self._send(body, {"role": "assistant", "content": ""})
        thinking = reply.thinking if isinstance(reply, Said) else ""
        for start in range(0, len(thinking), CHUNK):
            await self._send(body, {"reasoning_content": thinking[start : start + CHUNK]})
            if isinstance(reply, Said) and reply.pause:
                await self._sleep(reply.pause)
        for start in range(0, len(text), CHUNK):
            await self._send(body, {"content": text[start : start + CHUNK]})
            if isinstance(reply, Said) and reply.pause:
                await self._sleep(reply.pause)
        if isinstance(reply, Broken):
            return
        if isinstance(reply, Called):
            chunks = [
                reply.arguments[start : start + CHUNK] for start in range(0, len(reply.arguments), CHUNK)
            ]
            for function in (
                {"name": reply.name, "arguments": ""},
                *({"arguments": chunk} for chunk in chunks),
            ):
                await self._send(
                    body, {"tool_calls": [{"index": 0, "type": "function", "function": function}]}
                )
        if isinstance(reply, Held):
            reply.reached.set()
            await self._released(reply)
            for start in range(0, len(reply.rest), CHUNK):
                await self._send(body, {"content": reply.rest[start : start + CHUNK]})
        if self.gone.is_set():
            return
        await self._send(body, {}, finish)
        if usage:
            await self._write(_envelope("chat.completion.chunk", body) | {"choices": [], "usage": usage})
        self.write("data: [DONE]\n\n")
        await self.finish()

    async def _send(self, body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> None:
        if not self.gone.is_set():
            choice = {"index": 0, "finish_reason": finish} | self._written(delta)
            await self._write(_envelope(self.kind, body) | {"choices": [choice]})

    def _written(self, delta: dict[str, Any]) -> dict[str, Any]:
        return {"delta": delta}

    async def _write(self, chunk: dict[str, Any]) -> None:
        self.write(f"data: {json.dumps(chunk)}\n\n")
        await self.flush()

    async def _sleep(self, seconds: float) -> None:
        """Sleep, at most until the client disconnects."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.gone.wait()

    async def _released(self, reply: Held) -> None:
        """Wait until another thread releases the reply, or the client disconnects."""
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()

        def listen() -> None:
            reply.released.wait()
            if not loop.is_closed():
                loop.call_soon_threadsafe(heard.set)

        threading.Thread(target=listen, daemon=True).start()
        waits = [asyncio.ensure_future(event.wait()) for event in (heard, self.gone)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            reply.released.set()  # ends the listening thread


class _Completion(_Chat):
    """Continues texts that are no conversations."""

    kind = "text_completion"

    def _written(self, delta: dict[str, Any]) -> dict[str, Any]:
        return {"text": delta.get("content", "")}


def _until_stop(reply: Said | Held | Broken | Called, stops: str | list[str]) -> tuple[str, str]:
    """Cut a reply before the first stop sequence in it, as an engine does."""
    finish = reply.finish_reason if isinstance(reply, Said) else "stop"
    finish = "tool_calls" if isinstance(reply, Called) else finish
    found = [reply.text.find(stop) for stop in ([stops] if isinstance(stops, str) else stops)]
    ends = [end for end in found if end >= 0]
    return (reply.text[: min(ends)], "stop") if ends else (reply.text, finish)


def _usage(messages: list[dict[str, Any]], text: str) -> dict[str, Any]:
    prompt, tokens = len(json.dumps(messages)) // CHUNK, -(-len(text) // CHUNK)
    return {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}


def _envelope(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-scripted",
        "object": kind,
        "created": int(time.time()),
        "model": body.get("model", MODEL),
    }
