"""Requests to an endpoint, through OpenAI's client library; its errors as our own."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ...agent.aside import aside
from .addresses import EndpointAddress, is_loopback
from .replies.sse import parse
from .words import ServerError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT_SECONDS = 10.0


class Connection:
    """The way to an endpoint, for use in one event loop.

    Parameters
    ----------
    address
        Where it is.
    get_key
        Returns its key; called in a thread when it is first needed.
    timeout
        Seconds that it may send nothing.
    """

    def __init__(
        self, address: EndpointAddress, get_key: Callable[[], str | None], *, timeout: float
    ) -> None:
        self.address = address
        self.api_key: str | None = None
        self._get_key, self._timeout = get_key, timeout
        self._client: AsyncOpenAI | None = None
        self._opening = asyncio.Lock()

    async def get(self, url: str) -> Any:
        """Return the body of an answer: a JSON value, or text.

        Raises
        ------
        ServerError
            If the server refuses.
        """
        client = await self._opened()
        with _our_errors():
            return parse(await client.get(url, cast_to=str, options={"timeout": CONNECT_SECONDS}))

    async def post(self, url: str, body: Mapping[str, Any]) -> Any:
        """Post a body, and return that of the answer; see `get`."""
        client = await self._opened()
        with _our_errors():
            answer = await client.post(
                url, cast_to=str, body=dict(body), options={"timeout": CONNECT_SECONDS}
            )
            return parse(answer)

    @asynccontextmanager
    async def reply(self, body: Mapping[str, Any]) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Request a reply, and yield the bytes of the answer; leaving closes the connection.

        Raises
        ------
        ServerError
            If the server refuses.
        """
        client = await self._opened()
        create: Any = client.chat.completions.with_streaming_response.create
        rest = {name: value for name, value in body.items() if name not in ("model", "messages")}
        with _our_errors():
            # The library would read less than servers send, so the answer is read by `sse`.
            async with create(model=body["model"], messages=body["messages"], extra_body=rest) as response:
                yield response.iter_bytes()

    @asynccontextmanager
    async def completion(self, body: Mapping[str, Any]) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Request the continuation of a text that is no conversation; see `reply`."""
        client = await self._opened()
        create: Any = client.completions.with_streaming_response.create
        rest = {name: value for name, value in body.items() if name not in ("model", "prompt")}
        with _our_errors():
            async with create(model=body["model"], prompt=body["prompt"], extra_body=rest) as response:
                yield response.iter_bytes()

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()

    async def _opened(self) -> AsyncOpenAI:
        async with self._opening:
            if self._client is None:
                # Importing the library takes most of a second, too long for the event loop.
                self._client = await aside(None, self._new_client)
            return self._client

    def _new_client(self) -> AsyncOpenAI:
        self.api_key = self._get_key()
        openai = importlib.import_module("openai")
        for part in ("chat.completions.completions", "chat.completions.messages", "models"):
            with suppress(ModuleNotFoundError):  # other releases have other modules
                importlib.import_module(f"openai.resources.{part}")  # or the first request would
        is_local = is_loopback(self.address.host)
        client: AsyncOpenAI = openai.AsyncOpenAI(
            base_url=self.address.url,
            api_key=self.api_key or "none",
            max_retries=0,  # `retries` does that
            timeout=openai.Timeout(self._timeout, connect=CONNECT_SECONDS),
            # llama.cpp's server closes a connection that is idle for 5 s, perhaps just as the next request is
            # sent on it; on this machine a new one costs nothing.
            default_headers={"Connection": "close"} if is_local else None,
            # Nothing on this machine is reached through a proxy.
            http_client=openai.DefaultAsyncHttpxClient(
                trust_env=not is_local, event_hooks={"response": [_keep_posting]}
            ),
        )
        return client


async def _keep_posting(response: Any) -> None:
    """Let a redirected request stay what it is: of a POST, browsers make a GET, and so would the library."""
    response.status_code = {301: 308, 302: 307}.get(response.status_code, response.status_code)


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turn the library's error for a status into a `ServerError`."""
    try:
        yield
    except Exception as error:
        status, response = getattr(error, "status_code", None), getattr(error, "response", None)
        if status is None or response is None:
            raise
        body: Any = getattr(error, "body", None)
        with suppress(Exception):  # a body that broke off
            body = parse(response.text)
        raise ServerError(status, body, response.headers) from error
