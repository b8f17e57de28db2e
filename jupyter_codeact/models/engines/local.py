"""A chat model that runs on this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from ...agent.contracts import Delta, Message, ModelError
from ..endpoints.addresses import Address
from ..endpoints.client import EndpointModel
from ..endpoints.errors import LostError
from ..endpoints.retries import Timeouts
from ..status import EngineStatus, Watcher
from .supervisor import Engine


class LocalModel:
    """A model that an engine of this process runs, started when the first reply is asked for."""

    def __init__(self, engine: Engine, *, timeouts: Timeouts | None = None) -> None:
        self.engine = engine
        # Whether to ask again is for this class to say, which knows how the engine is.
        self._timeouts = (timeouts or Timeouts()).once()
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

    @property
    def status(self) -> EngineStatus:
        """How the engine is."""
        return self.engine.status

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` whenever the status changes; see `Watched.watch`."""
        return self.engine.watch(watcher)

    async def start(self) -> None:
        """Start the engine because the user wants it, however often it has crashed.

        Raises
        ------
        ModelError
            If it does not start.
        """
        await self.engine.start(anew=True)

    async def stop(self) -> None:
        """End the engine, or its download; the next reply starts it again."""
        await self.engine.close()

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

        If the engine dies in mid-reply, it is started again and asked once more, unless that would not help.

        Raises
        ------
        ModelError
            With a sentence for the user; after an engine's death the next call starts a new one.
        """
        with self.engine.in_use():
            for is_last in (False, True):
                endpoint, written = await self._reach(), False
                deltas = endpoint.stream(
                    messages,
                    stop=stop,
                    max_tokens=max_tokens,
                    temperature=temperature,
                    seed=seed,
                    tools=tools,
                )
                try:
                    async with aclosing(deltas):
                        async for delta in deltas:
                            written = written or bool(delta.text)
                            yield delta
                    return
                except LostError as error:
                    death = await self.engine.death()
                    if death is None:
                        raise
                    if is_last or not death.again:
                        raise ModelError(death.message) from error
                if written:
                    yield Delta(restart=True)

    async def address(self) -> Address:
        """Return where a client of another kind finds the model, starting the engine if it does not run.

        Raises
        ------
        ModelError
            If it does not start.
        """
        return await self.engine.start()

    async def _reach(self) -> EndpointModel:
        """Return the running engine's endpoint."""
        address = await self.engine.start()
        earlier = self._endpoint
        if earlier is None or address != self._address:
            self._address = address
            self._endpoint = EndpointModel(
                address.url,
                model=self.name,
                api_key=address.api_key,
                where=f"The engine of {self.name}",
                timeouts=self._timeouts,
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
