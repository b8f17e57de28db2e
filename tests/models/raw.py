"""An endpoint that answers exactly what a test says, word for word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """What the endpoint answers.

    ``events`` are streamed, one each; a stream that is not ``whole`` breaks off after them, and one
    that ``hangs`` says no more until the client is gone. ``content`` is sent as it is, with no other
    headers than ``headers``.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    events: list[Any] | None = None
    content: bytes | None = None
    whole: bool = True
    hangs: bool = False


class Raw:
    """The endpoint: ``answers`` in turn to chat requests, the last one again; ``models`` is its list.

    An answer may be a function of the request's body.
    """

    def __init__(self, answers: tuple[Answer | Callable[[Any], Answer], ...]) -> None:
        self.answers = list(answers)
        self.models = Answer(body={"data": [{"id": "first"}, {"id": "second"}]})
        self.requests: list[Request] = []
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self.url = ""

    @property
    def chats(self) -> list[Request]:
        """The requests for a reply."""
        return [request for request in self.requests if request.method == "POST"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:-2])}
        data = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = head[0].split(" ")
        self.requests.append(Request(method, path, headers, json.loads(data) if data else None))
        answer = self.models
        if method == "POST":
            given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            answer = given if isinstance(given, Answer) else given(self.requests[-1].body)
        if method == "POST":
            self.asked.set()
        data = b"" if answer.events is not None else json.dumps(answer.body).encode()
        data = data if answer.content is None else answer.content
        lines = [f"HTTP/1.1 {answer.status} Whatever", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.content is not None:
            lines.append(f"Content-Length: {len(data)}")
        elif answer.events is None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        else:
            lines += ["Content-Type: text/event-stream", "Transfer-Encoding: chunked"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        for event in answer.events or []:
            text = event if isinstance(event, str) else json.dumps(event)
            chunk = f"data: {text}\n\n".encode()
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        if answer.hangs:
            await writer.drain()
            await reader.read()
            self.gone.set()
        elif answer.events is not None and answer.whole:
            writer.write(b"0\r\n\r\n")
        writer.close()


@asynccontextmanager
async def raw(*answers: Answer | Callable[[Any], Answer]) -> AsyncIterator[Raw]:
    """Serve answers on a loopback port."""
    endpoint = Raw(answers)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield endpoint
    finally:
        server.close()


def piece(text: str = "", finish: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a chunk of a streamed reply."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    } | more


def said(*texts: str, **more: Any) -> Answer:
    """Return a whole reply, in pieces."""
    return Answer(events=[*map(piece, texts), piece(finish="stop"), *more.pop("then", []), "[DONE]"], **more)


def refusal(status: int, message: str = "No.", **error: Any) -> Answer:
    """Return a refusal that is not to be tried again."""
    body = {"error": {"message": message, **error}}
    return Answer(status=status, body=body, headers={"x-should-retry": "false"})
