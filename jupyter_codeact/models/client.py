"""The one client of every engine: whatever speaks OpenAI's chat protocol, on this machine or elsewhere."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..agent.contracts import Delta, Message, ModelError, Usage
from . import catalog, counting
from .hosting import Address, Engine, EngineStatus
from .trouble import LostError, TooSlowError, explain

KEY_VARIABLE = "JUPYTER_CODEACT_API_KEY"
"""The environment variable with the endpoint's key."""

CONNECT_SECONDS = 10.0
FIRST_TOKEN_SECONDS = 1200.0
"""Long, for a CPU that reads a whole context before it writes a word."""
NEXT_TOKEN_SECONDS = 120.0

_CONTEXT_FIELDS = ("n_ctx", "max_model_len", "context_length", "context_window")
"""Where llama.cpp, vLLM and others say in their list of models how many tokens each takes."""


class EndpointModel:
    """A model behind an OpenAI-compatible endpoint, for use in one event loop.

    Parameters
    ----------
    endpoint : str
        The address, like ``https://host/v1``; ``/v1`` is meant where there is no path.
    model : str, optional
        The model's name there; the first one the endpoint lists if ``None``.
    api_key : str, optional
        What the endpoint asks for.
    where : str, optional
        What to call the endpoint when talking to people, if not by its address.

    Raises
    ------
    ModelError
        If ``endpoint`` is not an address.
    """

    def __init__(
        self, endpoint: str, *, model: str | None = None, api_key: str | None = None, where: str | None = None
    ) -> None:
        self._url, self._host, shown = _address(endpoint)
        self._where = where or shown
        self._model = model
        self._api_key = api_key
        self._client: Any = None
        self._meeting = asyncio.Lock()
        self._met = False
        self._is_llama = False
        self._refused: set[str] = set()
        self.context: int | None = None

    def __repr__(self) -> str:
        return f"EndpointModel({self._where!r}, model={self._model!r})"

    @property
    def name(self) -> str:
        """The model's name, or where it is as long as the name is not known."""
        return self._model or self._where

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        stop: Sequence[str] = (),
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
    ) -> AsyncGenerator[Delta, None]:
        """Stream the reply, as `ChatModel` wants it.

        Every delta says what the reply has cost so far: as counted by the endpoint where that is
        known, else as estimated from the number of characters.

        Raises
        ------
        ModelError
            With a sentence for the user.
        """
        request = {
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream_options": {"include_usage": True},
            **({"stop": list(stop)} if stop else {}),
            **({"seed": seed} if seed is not None else {}),
        }
        prompt, written, finished = counting.characters(messages), 0, False
        counted: Usage | None = None
        async with aclosing(self._chunks(request)) as chunks:
            async for chunk in chunks:
                choice = chunk.choices[0] if chunk.choices else None
                text = (choice.delta.content if choice and choice.delta else None) or ""
                reason = choice.finish_reason if choice else None
                written += len(text)
                finished = finished or reason is not None
                news = counting.counted(chunk)
                counted = news or counted
                if text or reason or news:
                    usage = counted or counting.estimate(prompt, written)
                    yield Delta(text=text, usage=usage, finish_reason=reason)
        if not finished:
            raise LostError(f"{self._where} broke off in the middle of the reply; ask again.")

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()

    async def _chunks(self, request: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """Send a request and yield the chunks of its reply; leaving it closes the connection."""
        await self._meet()
        response, begun = None, False
        now = asyncio.get_running_loop().time
        deadline = now() + FIRST_TOKEN_SECONDS
        try:
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        if response is None:
                            response = await self._open(request)
                        chunk = await anext(response, None)
                except Exception as error:  # the library wraps some errors and lets others through
                    if isinstance(error, TimeoutError):
                        error = TooSlowError(NEXT_TOKEN_SECONDS if begun else FIRST_TOKEN_SECONDS)
                    raise await self._explained(error, response is not None) from error
                if chunk is None:
                    return
                if begun or counting.has_token(chunk):
                    begun, deadline = True, now() + NEXT_TOKEN_SECONDS
                yield chunk
        finally:
            if response is not None:
                await response.close()

    async def _open(self, request: dict[str, Any]) -> Any:
        """Send a request, if need be once more without what this endpoint does not take."""
        while True:
            accepted = {name: value for name, value in request.items() if name not in self._refused}
            if "max_tokens" in self._refused:
                accepted["max_completion_tokens"] = request["max_tokens"]
            extra = {"timings_per_token": True} if self._is_llama else None
            try:
                return await self._client.chat.completions.create(
                    model=self._model, stream=True, extra_body=extra, **accepted
                )
            except Exception as error:
                name = getattr(error, "param", None)
                unsupported = str(getattr(error, "code", None)).startswith("unsupported")
                if not unsupported or name not in accepted or name == "messages":
                    raise
                self._refused.add(name)

    async def _meet(self) -> None:
        """Ask the endpoint, once, which models it has."""
        async with self._meeting:
            if self._met:
                return
            if self._client is None:
                # Importing the library takes most of a second, which the event loop has not got.
                self._client = await asyncio.to_thread(self._new_client)
            try:
                listed = await self._list()
            except Exception as error:
                trouble = await self._explained(error, False)
                if self._model is None or isinstance(trouble, LostError):
                    raise trouble from error
                listed = []  # not every endpoint lets everyone list
            if self._model is None and not listed:
                raise ModelError(f"{self._where} lists no models; say which one to use.")
            self._model = self._model or str(listed[0]["id"])
            for item in listed:
                if item["id"] == self._model:
                    self._is_llama = item.get("owned_by") == "llamacpp"
                    known = item | (item.get("meta") or {})
                    self.context = next((known[name] for name in _CONTEXT_FIELDS if known.get(name)), None)
            self._met = True

    def _new_client(self) -> Any:
        openai: Any = importlib.import_module("openai")
        importlib.import_module("openai.resources.chat.completions")  # or the first request would
        return openai.AsyncOpenAI(
            base_url=self._url,
            api_key=self._api_key or "none",
            max_retries=2,
            timeout=openai.Timeout(FIRST_TOKEN_SECONDS, connect=CONNECT_SECONDS),
            # What runs on this machine is not reached through a proxy.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not _is_loopback(self._host)),
        )

    async def _list(self) -> list[dict[str, Any]]:
        answer = await self._client.get(
            "/models", cast_to=object, options={"timeout": CONNECT_SECONDS, "max_retries": 1}
        )
        data = answer.get("data") if isinstance(answer, dict) else None
        return [item for item in data or [] if isinstance(item, dict) and item.get("id")]

    async def _explained(self, error: Exception, begun: bool) -> ModelError:
        listed: list[str] = []
        if getattr(error, "status_code", None) == 404:
            try:
                listed = [str(item["id"]) for item in await self._list()]
            except Exception:
                listed = []  # then this is no such endpoint, which is what will be said
        return explain(
            error, where=self._where, model=self._model, api_key=self._api_key, begun=begun, listed=listed
        )


class LocalModel:
    """A model that an engine of this process runs, started when the first reply is asked for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._address: Address | None = None
        self._endpoint: EndpointModel | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.engine.name

    @property
    def context(self) -> int:
        """Tokens a conversation may have."""
        return (self._endpoint.context if self._endpoint else None) or self.engine.context

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        stop: Sequence[str] = (),
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
    ) -> AsyncGenerator[Delta, None]:
        """Stream the reply, as `ChatModel` wants it, with exact counts from the first token on.

        Raises
        ------
        ModelError
            With a sentence for the user; after an engine's death the next call starts a new one.
        """
        endpoint = await self._reach()
        with self.engine.in_use():
            deltas = endpoint.stream(
                messages, stop=stop, max_tokens=max_tokens, temperature=temperature, seed=seed, tools=tools
            )
            try:
                async with aclosing(deltas):
                    async for delta in deltas:
                        yield delta
            except LostError as error:
                reason = await self.engine.death()
                if reason is None:
                    raise
                raise ModelError(reason) from error

    async def _reach(self) -> EndpointModel:
        """Return the running engine's endpoint."""
        address = await self.engine.start()
        earlier = self._endpoint
        if earlier is None or address != self._address:
            self._address = address
            self._endpoint = EndpointModel(
                address.url, model=self.name, api_key=address.api_key, where=f"The engine of {self.name}"
            )
            if earlier is not None:
                await earlier.close()
        assert self._endpoint is not None
        return self._endpoint

    async def close(self) -> None:
        """End the engine and wait until it is gone."""
        if self._endpoint is not None:
            await self._endpoint.close()
        await self.engine.close()


def open_model(
    model: str | None = None,
    *,
    endpoint: str | None = None,
    api_key: str | None = None,
    on_status: Callable[[EngineStatus], None] | None = None,
) -> EndpointModel | LocalModel:
    """Return a chat model, without starting or reaching anything yet.

    Parameters
    ----------
    model : str, optional
        A model of the catalogue or the path of a GGUF file; with an endpoint, a name known there.
    endpoint : str, optional
        An OpenAI-compatible endpoint to use, instead of an engine on this machine.
    api_key : str, optional
        The endpoint's key; JUPYTER_CODEACT_API_KEY of the environment if ``None``, and for OpenAI's own
        endpoint OPENAI_API_KEY.
    on_status : callable, optional
        Called with an `EngineStatus` whenever the engine on this machine changes its state, in the
        event loop that replies are asked for in.

    Raises
    ------
    ModelError
        If there is no such model or file, or the endpoint is not an address.
    """
    if endpoint is not None:
        api_key = api_key or os.environ.get(KEY_VARIABLE)
        if not api_key and _address(endpoint)[1] == "api.openai.com":
            api_key = os.environ.get("OPENAI_API_KEY")  # that key is nobody else's business
        return EndpointModel(endpoint, model=model, api_key=api_key)
    if model is not None and model.endswith(".gguf"):
        path = Path(model).expanduser()
        if not path.is_file():
            raise ModelError(f"There is no file {path}; give the path of a .gguf file.")
        return LocalModel(Engine(path, on_status=on_status))
    return LocalModel(Engine(catalog.find(model or catalog.DEFAULT_MODEL), on_status=on_status))


def _address(endpoint: str) -> tuple[str, str, str]:
    """Return an endpoint's address, its host, and what of the address people may see."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        raise ModelError("The endpoint must be an address like http://localhost:8000/v1.")
    whole = parts._replace(path=parts.path.rstrip("/") or "/v1", query="", fragment="")
    return urlunsplit(whole), host, urlunsplit(whole._replace(netloc=whole.netloc.rpartition("@")[2]))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
