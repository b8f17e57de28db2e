"""The one client of every engine: whatever speaks OpenAI's chat protocol, on this machine or elsewhere."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

from ...agent.contracts import Delta, Message, ModelError, TooLongError, Usage
from ..status import EngineStatus, Watched
from . import counting
from .addresses import Address, address_of, is_loopback
from .calls import Calls
from .errors import CutError, RequestError, TooSlowError, explain, in_short
from .retries import Timeouts, Waits, asked_wait, worth_retrying

CONNECT_SECONDS = 10.0
_OF_REQUEST = (RequestError, TooLongError)
"""What says that the endpoint is well, and the request is the trouble."""

_CONTEXT_FIELDS = ("n_ctx", "max_model_len", "context_length", "context_window")
"""Where llama.cpp, vLLM and others say in their list of models how many tokens each takes."""


class EndpointModel(Watched):
    """A model behind an OpenAI-compatible endpoint, for use in one event loop.

    Parameters
    ----------
    endpoint : str
        The address, like ``https://host/v1``; ``/v1`` is meant where there is no path.
    model : str, optional
        The model's name there; the first one the endpoint lists if ``None``.
    api_key : str or callable, optional
        What the endpoint asks for, or what gets that in a thread when it is needed.
    where : str, optional
        What to call the endpoint when talking to people, if not by its address.
    timeouts : Timeouts, optional
        How long to wait for it, and how often to ask again.

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
    ) -> None:
        self._address = address_of(endpoint)
        self._where = where or self._address.shown
        self._model = model
        self._api_key = api_key if isinstance(api_key, str) else None
        self._get_key = api_key if callable(api_key) else None
        self._timeouts = timeouts or Timeouts()
        self._client: Any = None
        self._meeting = asyncio.Lock()
        self._met = False
        self._is_llama = False
        self._refused: set[str] = set()
        self._replies = 0
        self.context: int | None = None
        super().__init__(EngineStatus(model=self.name, state="ready", where=self._where))

    def __repr__(self) -> str:
        return f"EndpointModel({self._where!r}, model={self._model!r})"

    @property
    def name(self) -> str:
        """The model's name, or where it is as long as the name is not known."""
        return self._model or self._where

    async def start(self) -> None:
        """See whether the endpoint answers.

        Raises
        ------
        ModelError
            If it does not.
        """
        self._tell("loading")
        try:
            await self._meet()
            await self._list()
        except Exception as error:
            raise self._failed(await self._explained(error, begun=False)) from error
        self._tell("busy" if self._replies else "ready")

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
        known, else as estimated from the number of characters. A reply that could not be had, or whose
        connection was lost, is asked for again as long as that is of use.

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
            **({"tools": list(tools)} if tools else {}),
        }
        waits, written, restart = Waits(self._timeouts), False, False
        self._replies += 1
        try:
            while True:
                try:
                    async with aclosing(self._reply(request)) as deltas:
                        async for delta in deltas:
                            written = written or bool(delta.text)
                            self._tell("busy")
                            yield delta.model_copy(update={"restart": True}) if restart else delta
                            restart = False
                    break
                except Exception as error:  # the library wraps some errors and lets others through
                    trouble = await self._explained(error, begun=written)
                    again = self._worth_retrying(error) and not isinstance(trouble, _OF_REQUEST)
                    wait = waits.next(asked_wait(error)) if again else None
                    if wait is None:
                        raise self._failed(trouble) from error
                    why = in_short(error, begun=written)
                self._tell("busy", f"{self._where} {why}; asking again in {max(1, round(wait))} s.")
                await asyncio.sleep(wait)
                restart = written
        finally:
            self._replies -= 1
            if self.status.state == "busy" and not self._replies:
                self._tell("ready")

    async def _reply(self, request: dict[str, Any]) -> AsyncGenerator[Delta, None]:
        """Ask once."""
        prompt = counting.characters(request["messages"], request.get("tools", ()))
        text, finished, calls = "", False, Calls()
        counted: Usage | None = None
        async with aclosing(self._chunks(request)) as chunks:
            async for chunk in chunks:
                choice = chunk.choices[0] if chunk.choices else None
                delta = choice.delta if choice else None
                piece = (delta.content if delta else None) or ""
                for call in (delta.tool_calls if delta else None) or ():
                    piece += calls.text(call, after=text + piece)
                reason = choice.finish_reason if choice else None
                if reason:
                    piece += calls.end()
                text += piece
                finished = finished or reason is not None
                news = counting.counted(chunk)
                counted = news or counted
                if piece or reason or news:
                    usage = counted or counting.estimate(prompt, len(text))
                    yield Delta(text=piece, usage=usage, finish_reason=reason)
        if not finished:
            raise CutError

    def _worth_retrying(self, error: Exception) -> bool:
        """Whether asking again may help; not where nobody has ever answered, for that is a wrong address."""
        answered = self._met or getattr(error, "status_code", None) is not None
        return answered and worth_retrying(error)

    def _failed(self, error: ModelError) -> ModelError:
        if not isinstance(error, _OF_REQUEST):  # then the endpoint is well
            self._tell("failed", str(error))
        return error

    def _tell(self, state: Literal["loading", "ready", "busy", "failed"], message: str = "") -> None:
        self._say(state, message, model=self.name)

    async def address(self) -> Address:
        """Return where a client of another kind finds the model, which has its name from then on.

        Raises
        ------
        ModelError
            If the endpoint does not answer.
        """
        try:
            await self._meet()
        except Exception as error:
            raise self._failed(await self._explained(error, begun=False)) from error
        return Address(self._address.url, self._api_key or "none")

    async def stop(self) -> None:
        """Refuse: what runs elsewhere is not ours to stop."""
        raise RequestError(f"{self._where} runs elsewhere, so it cannot be stopped from here.")

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()

    async def _chunks(self, request: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """Send a request and yield the chunks of its reply; leaving it closes the connection."""
        await self._meet()
        response, timeouts = None, self._timeouts
        now = asyncio.get_running_loop().time
        seconds = timeouts.first_token_seconds
        deadline = now() + seconds
        try:
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        if response is None:
                            response = await self._open(request)
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
                if not unsupported or name not in accepted or name in ("messages", "tools"):
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
                if self._model is None or getattr(error, "status_code", None) is None:
                    raise
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
        if self._get_key is not None:
            self._api_key = self._get_key()
        openai: Any = importlib.import_module("openai")
        importlib.import_module("openai.resources.chat.completions")  # or the first request would
        here = is_loopback(self._address.host)
        return openai.AsyncOpenAI(
            base_url=self._address.url,
            api_key=self._api_key or "none",
            max_retries=0,  # that is `retries`' business
            timeout=openai.Timeout(self._timeouts.first_token_seconds, connect=CONNECT_SECONDS),
            # llama.cpp's server closes a connection that is idle for 5 s, be it just when the next request is
            # sent on it; on this machine a new one costs nothing.
            default_headers={"Connection": "close"} if here else None,
            # What runs on this machine is not reached through a proxy.
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not here),
        )

    async def _list(self) -> list[dict[str, Any]]:
        answer = await self._client.get("/models", cast_to=object, options={"timeout": CONNECT_SECONDS})
        data = answer.get("data") if isinstance(answer, dict) else None
        return [item for item in data or [] if isinstance(item, dict) and item.get("id")]

    async def _explained(self, error: Exception, *, begun: bool) -> ModelError:
        if isinstance(error, ModelError):
            return error
        listed: list[str] = []
        if getattr(error, "status_code", None) == 404:
            try:
                listed = [str(item["id"]) for item in await self._list()]
            except Exception:
                listed = []  # then this is no such endpoint, which is what will be said
        return explain(
            error, where=self._where, model=self._model, api_key=self._api_key, begun=begun, listed=listed
        )
