"""The one client of every engine: whatever speaks OpenAI's chat protocol, on this machine or elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any, Literal

from ...agent.contracts import Delta, Message, ModelError, ModelInfo, ModelSettings, Prices, TooLongError
from ...agent.run_limits import Guidance
from ..guidance import guidance_for
from ..status import EngineStatus, Watched
from . import errors
from .access import Timeouts
from .addresses import Address, address_of, is_loopback
from .asking import body_of
from .completions import Completions, Filling, Gap
from .connection import Connection
from .dialect import Dialect, Refusals
from .listed import ListedModel, ask_further, first_chat_model, list_models
from .replies.chunks import Chunk, read_chunks
from .replies.deltas import Deltas
from .replies.sse import json_values
from .retries import Backoff, requested_wait, worth_retrying
from .words import ServerError, UnreadableReplyError

_OF_REQUEST = (errors.RequestError, TooLongError)
"""Errors of a request to an endpoint that works."""
_END = object()


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
        Whether the model takes images; by default what the endpoint tells, else what its name does.
    guidance : str, optional
        How much help the model needs; by default judged by its size.
    thinks : bool, optional
        Whether the model reasons before it replies; by default that is seen from its replies.
    settings : ModelSettings, optional
        How the model is asked, unless a run says otherwise.
    prices : Prices, optional
        What its tokens cost.

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
        settings: ModelSettings | None = None,
        prices: Prices | None = None,
    ) -> None:
        address = address_of(endpoint)
        self._where = where or address.shown
        self._model = model
        self._timeouts = timeouts or Timeouts()
        self._connection = Connection(
            address,
            api_key if callable(api_key) else lambda: api_key,
            timeout=self._timeouts.first_token_seconds,
        )
        self._supports_images, self._guidance, self._thinks = supports_images, guidance, thinks
        self._settings, self._prices = settings or ModelSettings(), prices or Prices()
        self._connecting = asyncio.Lock()
        self._connected = self._has_replied = False
        self._listed = ListedModel(model or "")
        self._dialect = Dialect()
        asking = (self._named, self._attempt, lambda: self.info, self._explain)
        self._completions = Completions(self._connection, *asking)
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
        """What is known of the model: the user's settings first, then what the endpoint told or refused."""
        listed = self._listed
        images = listed.supports_images if self._supports_images is None else self._supports_images
        return ModelInfo(
            name=self.name,
            context_window=listed.context_window,
            supports_images=bool(images) and self._dialect.images,
            thinks=self._thinks,
            guidance=self._guidance or guidance_for(self._model or "", parameters=listed.parameters),
            settings=self._settings,
            prices=self._prices,
        )

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the endpoint is on this machine, so that a request costs nothing but its computing."""
        return is_loopback(self._connection.address.host)

    @property
    def refuses_images(self) -> bool:
        """Whether the endpoint has refused an image."""
        return not self._dialect.images

    async def describe(self) -> ModelInfo:
        """Return `info`, having asked the endpoint once; one that does not answer tells nothing more."""
        with suppress(Exception):  # the request for a reply will fail as well, and explain it
            await self._connect()
        return self.info

    async def prepare(self) -> None:
        """Do what takes time before the first request: load the library, connect, ask the endpoint."""
        await self.describe()

    async def start(self) -> None:
        """Check that the endpoint answers.

        Raises
        ------
        ModelError
            If it does not.
        """
        self._set_status("loading")
        try:
            await self._connect()
            await self._list_models()
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
        of characters. A failed or lost reply is requested again as long as that may help, and a refused
        request without what the endpoint refuses.

        Raises
        ------
        ModelError
            With a sentence for the user.
        """
        settings = (settings or ModelSettings()).over(self.info.settings)
        backoff, begun, restart = Backoff(self._timeouts), False, False
        self._replies += 1
        self._completions.cancel()
        try:
            while True:
                try:
                    await self._connect()
                    body = body_of(
                        messages,
                        settings,
                        owner=self._listed.owner,
                        stop=stop,
                        max_tokens=max_tokens,
                        temperature=temperature,
                        seed=seed,
                        tools=tools,
                    )
                    async with aclosing(self._attempt(body, settings.extra_body or {})) as deltas:
                        async for delta in deltas:
                            begun = begun or bool(delta.text or delta.thinking)
                            self._has_replied = self._has_replied or begun
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
                    reason = errors.brief_reason(error, begun=begun)
                seconds = max(1, round(wait))
                self._set_status("busy", f"{self._where} {reason}; asking again in {seconds} s.")
                await asyncio.sleep(wait)
                restart = begun
        finally:
            self._replies -= 1
            if self.status.state == "busy" and not self._replies:
                self._set_status("ready")

    async def complete(self, gap: Gap, is_whole: Callable[[str], bool]) -> Filling | None:
        """Return code for a gap, unless the model has better to do; see `Completions.fill`."""
        return None if self._replies else await self._completions.fill(gap, is_whole)

    async def _named(self) -> tuple[str, str]:
        await self._connect()
        return self._model or "", self._listed.owner

    async def _attempt(self, body: dict[str, Any], extra: Mapping[str, Any]) -> AsyncGenerator[Delta, None]:
        """Request the reply once."""
        reply = Deltas(body["messages"], body.get("tools", ()), body.get("stop", ()))
        async with aclosing(self._in_some_dialect(body, extra)) as chunks:
            async for chunk in chunks:
                if delta := reply.feed(chunk):
                    yield delta
                if reply.is_stopped:
                    return
        reply.check()

    async def _in_some_dialect(
        self, body: dict[str, Any], extra: Mapping[str, Any]
    ) -> AsyncGenerator[Chunk, None]:
        """Request the reply, again after each refusal that teaches what the endpoint does not take."""
        dialect, refusals = self._dialect, Refusals()
        while True:
            begun = False
            try:
                async with aclosing(self._chunks({**dialect.spoken(body), **extra})) as chunks:
                    async for chunk in chunks:
                        if chunk.error is not None:
                            raise ServerError(None, chunk.error, in_stream=True)
                        begun = begun or chunk.has_token or chunk.finish_reason is not None
                        if begun and dialect is not self._dialect and refusals.teach:
                            self._learn(dialect)
                        yield chunk
                return
            except Exception as error:
                if begun:
                    raise
                dialect = refusals.next_dialect(dialect, error, body)

    def _learn(self, dialect: Dialect) -> None:
        """Remember what the endpoint does not take, and tell the user once what that changes for them."""
        news = dialect.news(self._dialect)
        self._dialect = dialect
        if news:
            self._set_status("busy", f"{self._where} takes no {' and no '.join(news)}: left out from now on.")

    async def _chunks(self, body: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
        """Send a request and yield the chunks of the answer; closing closes the connection."""
        now, timeouts = asyncio.get_running_loop().time, self._timeouts
        seconds = timeouts.first_token_seconds
        deadline, is_empty = now() + seconds, True
        async with AsyncExitStack() as stack:
            values: AsyncGenerator[Any, None] | None = None
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        if values is None:
                            request = self._connection.reply({"model": self._model, **body})
                            values = json_values(await stack.enter_async_context(request))
                            stack.push_async_callback(values.aclose)
                        value = await anext(values, _END)
                except TimeoutError as error:
                    raise errors.TooSlowError(seconds) from error
                except Exception as error:
                    if values is not None and is_empty and errors.is_of_library(error):
                        raise errors.EmptyReplyError from error
                    raise
                if value is _END:
                    if is_empty:
                        raise errors.EmptyReplyError
                    return
                is_empty = False
                for chunk in read_chunks(value):
                    if seconds == timeouts.next_token_seconds or chunk.has_token:
                        seconds = timeouts.next_token_seconds
                        deadline = now() + seconds
                    yield chunk

    def _worth_retrying(self, error: Exception) -> bool:
        """Tell whether another attempt may help; where nobody has ever answered, the address is wrong."""
        return (self._connected or isinstance(error, ServerError)) and worth_retrying(error)

    def _failed(self, error: ModelError) -> ModelError:
        if not isinstance(error, _OF_REQUEST):
            needs_key = isinstance(error, errors.KeyRefusedError)
            self._update("failed", str(error), model=self.name, needs_key=needs_key)
        return error

    def _set_status(self, state: Literal["loading", "ready", "busy"], message: str = "") -> None:
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
        return Address(self._connection.address.url, self._connection.api_key or "none")

    async def stop(self) -> None:
        """Refuse: an endpoint elsewhere is not ours to stop."""
        raise errors.RequestError(f"{self._where} runs elsewhere, so it cannot be stopped from here.")

    async def close(self) -> None:
        """Close all connections."""
        await self._connection.close()

    async def _connect(self) -> None:
        """Ask the endpoint once which models it has."""
        async with self._connecting:
            if self._connected:
                return
            try:
                models = await self._list_models()
            except (ServerError, UnreadableReplyError):
                if self._model is None:
                    raise
                models = []  # some endpoints do not let everyone list
            if self._model is None and not models:
                raise ModelError(f"{self._where} lists no models; say which one to use.")
            self._model = self._model or first_chat_model(models).name
            listed = next((model for model in models if model.name == self._model), self._listed)
            self._listed = await ask_further(self._connection, listed)
            self._connected = True

    async def _list_models(self) -> list[ListedModel]:
        return await list_models(self._connection)

    async def _explain(self, error: Exception, *, begun: bool) -> ModelError:
        if isinstance(error, ModelError):
            return error
        listed: list[str] = []
        if isinstance(error, ServerError) and error.status == 404:
            with suppress(Exception):  # then this is no such endpoint, and the sentence says so
                listed = [model.name for model in await self._list_models()]
        return errors.explain(
            error,
            where=self._where,
            model=self._model,
            api_key=self._connection.api_key,
            begun=begun,
            has_replied=self._has_replied,
            listed=listed,
        )
