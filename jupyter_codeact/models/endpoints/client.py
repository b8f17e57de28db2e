"""The one client of every engine: whatever speaks OpenAI's chat protocol, on this machine or elsewhere."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Literal

from ...agent.contracts import (
    Delta,
    Guidance,
    Message,
    ModelError,
    ModelInfo,
    ModelSettings,
    TooLongError,
    Usage,
)
from ..guidance import guidance_for
from ..status import EngineStatus, Watched
from . import counting
from .addresses import Address, address_of, is_loopback
from .errors import IncompleteReplyError, RequestError, TooSlowError, brief_reason, explain
from .listed import ListedModel, read_model, read_models
from .retries import Backoff, Timeouts, requested_wait, worth_retrying
from .tool_calls import ToolCalls

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.chat_completion_chunk import ChoiceDelta

CONNECT_SECONDS = 10.0
_OF_REQUEST = (RequestError, TooLongError)
"""Errors of a request to an endpoint that works."""


class EndpointModel(Watched):
    """A model behind an OpenAI-compatible endpoint, for use in one event loop.

    Parameters
    ----------
    endpoint : str
        The address, like ``https://host/v1``; ``/v1`` is meant where there is no path.
    model : str, optional
        The model's name there; by default the first of the endpoint's list.
    api_key : str or callable, optional
        The key, or a function that returns it; called in a thread when the key is first needed.
    where : str, optional
        Name of the endpoint for people; its address by default.
    timeouts : Timeouts, optional
        How long to wait, and how often to try again.
    supports_images : bool, optional
        Whether the model takes images; by default what the endpoint tells.
    guidance : str, optional
        How much help the model needs; by default judged by its size.
    thinks : bool, optional
        Whether the model reasons before it replies; by default that is seen from its replies.

    Raises
    ------
    ModelError
        If ``endpoint`` is not an address.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        model: str | None = None,
        api_key: str | Callable[[], str | None] | None = None,
        where: str | None = None,
        timeouts: Timeouts | None = None,
        supports_images: bool | None = None,
        guidance: Guidance | None = None,
        thinks: bool | None = None,
    ) -> None:
        self._address = address_of(endpoint)
        self._where = where or self._address.shown
        self._model = model
        self._api_key = api_key if isinstance(api_key, str) else None
        self._get_key = api_key if callable(api_key) else None
        self._timeouts = timeouts or Timeouts()
        self._supports_images, self._guidance, self._thinks = supports_images, guidance, thinks
        self._client: AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()
        self._connected = False
        self._listed = ListedModel(model or "")
        self._unsupported: set[str] = set()
        self._replies = 0
        super().__init__(EngineStatus(model=self.name, state="ready", where=self._where))

    def __repr__(self) -> str:
        return f"EndpointModel({self._where!r}, model={self._model!r})"

    @property
    def name(self) -> str:
        """The model's name; the endpoint's until the model's is known."""
        return self._model or self._where

    @property
    def info(self) -> ModelInfo:
        """What is known of the model: the user's settings first, then what the endpoint told."""
        listed = self._listed
        images = listed.supports_images if self._supports_images is None else self._supports_images
        return ModelInfo(
            name=self.name,
            context_window=listed.context_window,
            supports_images=bool(images),
            thinks=self._thinks,
            guidance=self._guidance or guidance_for(self._model or "", parameters=listed.parameters),
        )

    async def describe(self) -> ModelInfo:
        """Return `info`, having asked the endpoint once; one that does not answer tells nothing more."""
        with suppress(Exception):  # the request for a reply will fail as well, and explain it
            await self._connect()
        return self.info

    async def start(self) -> None:
        """Check that the endpoint answers.

        Raises
        ------
        ModelError
            If it does not.
        """
        self._set_status("loading")
        try:
            client = await self._connect()
            await self._list_models(client)
        except Exception as error:
            raise self._failed(await self._explain(error, begun=False)) from error
        self._set_status("busy" if self._replies else "ready")

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        stop: Sequence[str] = (),
        max_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        tools: Sequence[Mapping[str, Any]] = (),
        settings: ModelSettings | None = None,
    ) -> AsyncGenerator[Delta, None]:
        """Stream the reply; see `ChatModel.stream`.

        Every delta has the cost so far: counted where the endpoint counts, else estimated from the number
        of characters. A failed or lost reply is requested again as long as that may help.

        Raises
        ------
        ModelError
            With a sentence for the user.
        """
        settings = (settings or ModelSettings()).over(self.info.settings)
        max_tokens = settings.reply_tokens if max_tokens is None else max_tokens
        temperature = settings.temperature if temperature is None else temperature
        request = {
            "messages": list(messages),
            "stream_options": {"include_usage": True},
            **({"max_tokens": max_tokens} if max_tokens is not None else {}),
            **({"temperature": temperature} if temperature is not None else {}),
            **({"top_p": settings.top_p} if settings.top_p is not None else {}),
            **({"stop": list(stop)} if stop else {}),
            **({"seed": seed} if seed is not None else {}),
            **({"tools": list(tools)} if tools else {}),
        }
        backoff, begun, restart = Backoff(self._timeouts), False, False
        self._replies += 1
        try:
            while True:
                try:
                    async with aclosing(self._attempt(request)) as deltas:
                        async for delta in deltas:
                            begun = begun or bool(delta.text or delta.thinking)
                            self._set_status("busy")
                            yield delta.model_copy(update={"restart": True}) if restart else delta
                            restart = False
                    break
                except Exception as error:  # the library wraps some errors and lets others through
                    problem = await self._explain(error, begun=begun)
                    again = self._worth_retrying(error) and not isinstance(problem, _OF_REQUEST)
                    wait = backoff.next(requested_wait(error)) if again else None
                    if wait is None:
                        raise self._failed(problem) from error
                    reason = brief_reason(error, begun=begun)
                seconds = max(1, round(wait))
                self._set_status("busy", f"{self._where} {reason}; asking again in {seconds} s.")
                await asyncio.sleep(wait)
                restart = begun
        finally:
            self._replies -= 1
            if self.status.state == "busy" and not self._replies:
                self._set_status("ready")

    async def _attempt(self, request: dict[str, Any]) -> AsyncGenerator[Delta, None]:
        """Request the reply once."""
        prompt = counting.prompt_size(request["messages"], request.get("tools", ()))
        text, thought, finished, calls = "", 0, False, ToolCalls()
        usage: Usage | None = None
        async with aclosing(self._chunks(request)) as chunks:
            async for chunk in chunks:
                choice = chunk.choices[0] if chunk.choices else None
                delta = choice.delta if choice else None
                piece = delta.content if delta and isinstance(delta.content, str) else ""
                thinking = _thinking(delta)
                for call in (delta.tool_calls if delta else None) or ():
                    piece += calls.add(call, after=text + piece)
                reason = choice.finish_reason if choice else None
                if reason:
                    piece += calls.end()
                text += piece
                thought += len(thinking)
                finished = finished or reason is not None
                counted = counting.counted(chunk)
                usage = counted or usage
                if piece or thinking or reason or counted:
                    cost = usage or counting.estimate(prompt, len(text) + thought)
                    yield Delta(text=piece, thinking=thinking, usage=cost, finish_reason=reason)
        if not finished:
            raise IncompleteReplyError

    def _worth_retrying(self, error: Exception) -> bool:
        """Tell whether another attempt may help; where nobody has ever answered, the address is wrong."""
        has_answered = self._connected or getattr(error, "status_code", None) is not None
        return has_answered and worth_retrying(error)

    def _failed(self, error: ModelError) -> ModelError:
        if not isinstance(error, _OF_REQUEST):
            self._set_status("failed", str(error))
        return error

    def _set_status(self, state: Literal["loading", "ready", "busy", "failed"], message: str = "") -> None:
        self._update(state, message, model=self.name)

    async def address(self) -> Address:
        """Return where another client reaches the model; its `name` is known from then on.

        Raises
        ------
        ModelError
            If the endpoint does not answer.
        """
        try:
            await self._connect()
        except Exception as error:
            raise self._failed(await self._explain(error, begun=False)) from error
        return Address(self._address.url, self._api_key or "none")

    async def stop(self) -> None:
        """Refuse: an endpoint elsewhere is not ours to stop."""
        raise RequestError(f"{self._where} runs elsewhere, so it cannot be stopped from here.")

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()

    async def _chunks(self, request: dict[str, Any]) -> AsyncGenerator[ChatCompletionChunk, None]:
        """Send a request and yield the chunks of its reply; closing the generator closes the connection."""
        client = await self._connect()
        response, timeouts = None, self._timeouts
        now = asyncio.get_running_loop().time
        seconds = timeouts.first_token_seconds
        deadline = now() + seconds
        try:
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        if response is None:
                            response = await self._send(client, request)
                        chunk = await anext(response, None)
                except TimeoutError as error:
                    raise TooSlowError(seconds) from error
                if chunk is None:
                    return
                if seconds == timeouts.next_token_seconds or counting.has_token(chunk):
                    seconds = timeouts.next_token_seconds
                    deadline = now() + seconds
                yield chunk
        finally:
            if response is not None:
                await response.close()

    async def _send(self, client: AsyncOpenAI, request: dict[str, Any]) -> AsyncStream[ChatCompletionChunk]:
        """Send a request, once more for each parameter that this endpoint does not support."""
        create: Any = client.chat.completions.create  # its overloads do not take a dictionary
        while True:
            supported = {name: value for name, value in request.items() if name not in self._unsupported}
            if "max_tokens" in self._unsupported and "max_tokens" in request:
                supported["max_completion_tokens"] = request["max_tokens"]
            extra = {"timings_per_token": True} if self._listed.owner == "llamacpp" else None
            try:
                response: AsyncStream[ChatCompletionChunk] = await create(
                    model=self._model, stream=True, extra_body=extra, **supported
                )
                return response
            except Exception as error:
                name = getattr(error, "param", None)
                is_unsupported = str(getattr(error, "code", None)).startswith("unsupported")
                if not is_unsupported or name not in supported or name in ("messages", "tools"):
                    raise
                self._unsupported.add(name)

    async def _connect(self) -> AsyncOpenAI:
        """Return the client, having asked the endpoint once which models it has."""
        async with self._connecting:
            if self._client is None:
                # Importing the library takes most of a second, too long for the event loop.
                self._client = await asyncio.to_thread(self._new_client)
            client = self._client
            if self._connected:
                return client
            try:
                models = await self._list_models(client)
            except Exception as error:
                if self._model is None or getattr(error, "status_code", None) is None:
                    raise
                models = []  # some endpoints do not let everyone list
            if self._model is None and not models:
                raise ModelError(f"{self._where} lists no models; say which one to use.")
            self._model = self._model or models[0].name
            self._listed = next((model for model in models if model.name == self._model), self._listed)
            if self._listed.owner == "library" and self._supports_images is None:
                self._listed = await self._ask_ollama(client, self._listed)
            self._connected = True
            return client

    def _new_client(self) -> AsyncOpenAI:
        if self._get_key is not None:
            self._api_key = self._get_key()
        openai = importlib.import_module("openai")
        importlib.import_module("openai.resources.chat.completions")  # or the first request would
        is_local = is_loopback(self._address.host)
        client: AsyncOpenAI = openai.AsyncOpenAI(
            base_url=self._address.url,
            api_key=self._api_key or "none",
            max_retries=0,  # `retries` does that
            timeout=openai.Timeout(self._timeouts.first_token_seconds, connect=CONNECT_SECONDS),
            # llama.cpp's server closes a connection that is idle for 5 s, perhaps just as the next request is
            # sent on it; on this machine a new one costs nothing.
            default_headers={"Connection": "close"} if is_local else None,
            # Nothing on this machine is reached through a proxy.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not is_local),
        )
        return client

    async def _list_models(self, client: AsyncOpenAI) -> list[ListedModel]:
        answer = await client.get("/models", cast_to=object, options={"timeout": CONNECT_SECONDS})
        return read_models(answer)

    async def _ask_ollama(self, client: AsyncOpenAI, listed: ListedModel) -> ListedModel:
        """Return what Ollama tells of a model: its list has the names only."""
        url = self._address.url.removesuffix("/v1") + "/api/show"
        with suppress(Exception):  # then this is no Ollama, or an old one
            answer = await client.post(
                url, cast_to=object, body={"model": listed.name}, options={"timeout": CONNECT_SECONDS}
            )
            if isinstance(answer, dict):
                # Without the context window: the answer has the model's, and Ollama uses a smaller one.
                shown = read_model(listed.name, {"owned_by": listed.owner} | answer)
                return ListedModel(
                    listed.name, listed.owner, listed.context_window, shown.supports_images, shown.parameters
                )
        return listed

    async def _explain(self, error: Exception, *, begun: bool) -> ModelError:
        if isinstance(error, ModelError):
            return error
        listed: list[str] = []
        if self._client is not None and getattr(error, "status_code", None) == 404:
            with suppress(Exception):  # then this is no such endpoint, and the sentence says so
                listed = [model.name for model in await self._list_models(self._client)]
        return explain(
            error, where=self._where, model=self._model, api_key=self._api_key, begun=begun, listed=listed
        )


def _thinking(delta: ChoiceDelta | None) -> str:
    """Return what the endpoint sets apart as reasoning: in a field of llama.cpp's, vLLM's and others'."""
    extra = (delta.model_extra if delta else None) or {}
    for name in ("reasoning_content", "reasoning"):
        if isinstance(value := extra.get(name), str):
            return value
    return ""
