"""A chat model that runs on this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any

from ...agent.contracts import Delta, Message, ModelError, ModelInfo, ModelSettings
from ..endpoints.access import Timeouts
from ..endpoints.addresses import Address
from ..endpoints.client import EndpointModel
from ..endpoints.completions import Filling, Gap
from ..endpoints.errors import ConnectionLostError
from ..preferences import ModelPreferences
from ..status import EngineStatus, Watcher
from .supervisor import Engine


class LocalModel:
    """A model that an engine on this machine runs, started with the first request.

    Parameters
    ----------
    engine : Engine
        The engine.
    preferences : ModelPreferences, optional
        What the user has set for the model; it can be changed while the engine runs.
    timeouts : Timeouts, optional
        How long to wait for replies.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        preferences: ModelPreferences | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.engine, self.preferences = engine, preferences or ModelPreferences()
        # This class knows the engine's state, so it decides whether to try again.
        self._timeouts = (timeouts or Timeouts()).without_retries()
        self._address: Address | None = None
        self._endpoint: EndpointModel | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.engine.name

    @property
    def info(self) -> ModelInfo:
        """What is known of the model; its engine, once it has run, knows the context window exactly."""
        info = self.preferences.applied_to(self.engine.launch.info)
        window = self._endpoint.info.context_window if self._endpoint else None
        images = info.supports_images and not self.refuses_images
        return info.model_copy(
            update={"context_window": window or info.context_window, "supports_images": images}
        )

    @property
    def refuses_images(self) -> bool:
        """Whether the engine has refused an image."""
        return self._endpoint is not None and self._endpoint.refuses_images

    async def describe(self) -> ModelInfo:
        """Return `info`; the engine need not run for that."""
        return self.info

    @property
    def status(self) -> EngineStatus:
        """The engine's status."""
        return self.engine.status

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` on every change of the status; see `Watched.watch`."""
        return self.engine.watch(watcher)

    async def start(self) -> None:
        """Start the engine at the user's request, even after many crashes.

        Raises
        ------
        ModelError
            If it does not start.
        """
        await self.engine.start(forget_crashes=True)

    async def prepare(self) -> None:
        """Do what takes time before the first request: start the engine and connect to it.

        What fails is explained by the request that follows.
        """
        with suppress(ModelError):
            await (await self._running()).prepare()

    async def stop(self) -> None:
        """End the engine, or its download; the next request starts it again."""
        await self.engine.close()

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
        """Stream the reply; see `ChatModel.stream`. Token counts are exact from the first token on.

        If the engine dies in the middle of a reply, it is started again and the reply requested once more,
        unless that would not help.

        Raises
        ------
        ModelError
            With a sentence for the user; after the engine's death the next request starts a new one.
        """
        with self.engine.in_use():
            for is_last in (False, True):
                endpoint, begun = await self._running(), False
                deltas = endpoint.stream(
                    messages,
                    stop=stop,
                    max_tokens=max_tokens,
                    temperature=temperature,
                    seed=seed,
                    tools=tools,
                    settings=settings,
                )
                try:
                    async with aclosing(deltas):
                        async for delta in deltas:
                            begun = begun or bool(delta.text or delta.thinking)
                            yield delta
                    return
                except ConnectionLostError as error:
                    reason = await self.engine.exit_reason()
                    if reason is None:
                        raise
                    if is_last or not reason.worth_restarting:
                        raise ModelError(reason.message) from error
                if begun:
                    yield Delta(restart=True)

    async def complete(self, gap: Gap, is_whole: Callable[[str], bool]) -> Filling | None:
        """Return code for a gap; see `Completions.fill`. The engine is not started for it.

        Returns ``None`` if the engine does not run.

        Raises
        ------
        ModelError
            With a sentence for the user.
        """
        address = self.engine.address
        if address is None:
            return None
        self.engine.postpone_unloading()
        return await (await self._endpoint_at(address)).complete(gap, is_whole)

    async def address(self) -> Address:
        """Return where another client reaches the model, starting the engine if it does not run.

        Raises
        ------
        ModelError
            If it does not start.
        """
        return await self.engine.start()

    async def _running(self) -> EndpointModel:
        """Return the engine as an endpoint, started if it does not run."""
        return await self._endpoint_at(await self.engine.start())

    async def _endpoint_at(self, address: Address) -> EndpointModel:
        earlier = self._endpoint
        if earlier is None or address != self._address:
            self._address = address
            self._endpoint = EndpointModel(
                address.url,
                model=self.name,
                api_key=address.api_key,
                where=f"The engine of {self.name}",
                thinks=self.engine.launch.info.thinks,
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
