"""The model that the server's runs use: chosen by the user, watched by every page."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .. import protocol as p
from ..agent.contracts import ChatModel, CodeActError, Delta, ModelError, ModelInfo
from ..models.endpoints.registry import Endpoints
from ..models.endpoints.retries import Timeouts
from ..models.engines.launch import EngineOptions
from ..models.engines.supervisor import SupervisionPolicy
from ..models.open import AUTO, EndpointModel, LocalModel, key_for, open_endpoint, open_local
from ..models.private import PrivateFile
from ..models.status import EngineStatus
from .choices import CATALOG_KIND, ENDPOINT_KIND, FILE_KIND, Choices, configured, id_of
from .pages import Page

log = logging.getLogger(__name__)

Opened = EndpointModel | LocalModel
_PREPARING = ("downloading", "loading")


class UnavailableModel:
    """Stands where a model cannot be had, and says why whenever it is asked."""

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why
        self.info = ModelInfo(name=name)

    async def describe(self) -> ModelInfo:
        """Return the name: nothing else is known."""
        return self.info

    async def stream(self, *_messages: Any, **_options: Any) -> AsyncGenerator[Delta, None]:
        """Raise what is wrong."""
        raise ModelError(self.why)
        yield


def open_models(
    folder: Path,
    post: Callable[..., None],
    *,
    model: str = "",
    endpoint: str = "",
    api_key: str = "",
    endpoints: Mapping[str, Mapping[str, str]] | None = None,
    supervision: SupervisionPolicy | None = None,
    timeouts: Timeouts | None = None,
    engine_options: EngineOptions | None = None,
) -> Models:
    """Return what the configuration makes of the models; the choice and the endpoints are kept in ``folder``.

    A ``model`` or an ``endpoint``, by address or by name, wins over what was chosen on the page.
    """
    named = {name: dict(fields) for name, fields in (endpoints or {}).items()}
    name = endpoint
    if "://" in endpoint:
        name = urlsplit(endpoint).netloc.rpartition("@")[2]
        try:
            key = api_key or key_for(endpoint) or ""
        except ModelError:  # said when it is opened
            key = ""
        named = {name: {"url": endpoint, "model": model, "api_key": key}} | named
    known = Endpoints(folder, named)
    if endpoint:
        chosen: str | None = id_of(ENDPOINT_KIND, name)
    else:
        chosen = configured(model, known) if model else None
    return Models(
        endpoints=known,
        memory=PrivateFile(folder / "model.json"),
        post=post,
        configured=chosen,
        supervision=supervision,
        timeouts=timeouts,
        engine_options=engine_options,
    )


class Models:
    """What can be chosen, what is, and how that is.

    Parameters
    ----------
    endpoints
        The endpoints that have a name.
    memory
        Where the choice is kept when the server ends.
    configured
        The id of the choice that the configuration makes, if it makes one.
    post
        Calls a function with arguments in the server's event loop, from any thread.
    supervision
        How engines on this machine are looked after.
    timeouts
        How long to wait for replies.
    engine_options
        How models on this machine run.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        memory: PrivateFile,
        post: Callable[..., None],
        configured: str | None = None,
        supervision: SupervisionPolicy | None = None,
        timeouts: Timeouts | None = None,
        engine_options: EngineOptions | None = None,
    ) -> None:
        self._endpoints, self._memory, self._post = endpoints, memory, post
        self._supervision, self._timeouts, self._engine_options = supervision, timeouts, engine_options
        self._choices = Choices(endpoints, configured)
        self._opened: dict[str, Opened] = {}
        self._dropped: list[Opened] = []
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self._work: set[asyncio.Task[None]] = set()
        self._status: p.ModelStatus | None = None
        remembered = memory.read().get("chosen")
        self.chosen = configured or self._known(remembered) or AUTO
        self._take_up()

    @property
    def model(self) -> ChatModel:
        """The chosen model. A run that keeps what this returns keeps its model, whatever is chosen later."""
        return self._open(self.chosen)

    def for_run(self, wish: str | None) -> ChatModel:
        """Return the model for one run: the chosen one, or the one whose id or name is wished for.

        Raises
        ------
        ModelError
            If there is none of that name.
        """
        return self._open(self._choices.id(wish) if wish else self.chosen)

    def join(self, page: Page) -> None:
        """Tell a page how the model is, now and from now on."""
        self._pages.add(page)
        if self._status:
            page.send(self._status)

    def receive(self, page: Page, message: Any) -> None:
        """Take one of the messages about models; what comes of it is sent when it is done."""
        match message:
            case p.ListModels():
                self._do(page, self._list(page))
            case p.ChooseModel(choice=wish):
                self._do(page, self._choose(wish))
            case p.SaveEndpoint():
                self._do(page, self._save(message))
            case p.RemoveEndpoint(name=name):
                self._do(page, self._remove(name))
            case p.ControlModel(action=action):
                self._do(page, self._control(action))

    async def close(self) -> None:
        """End every engine, and let go of every connection."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        opened = [*self._opened.values(), *self._dropped]
        self._opened, self._dropped = {}, []
        await asyncio.gather(*(one.close() for one in opened))

    async def _list(self, page: Page | None = None) -> None:
        """Tell a page, or every page, what can be chosen."""
        choices = await asyncio.to_thread(self._choices.all)
        listed = p.ModelList(choices=choices, chosen=self.chosen)
        for one in [page] if page else list(self._pages):
            if one.connected:
                one.send(listed)

    async def _choose(self, wish: str) -> None:
        chosen = self._choices.id(wish)
        before = self._opened.get(self.chosen)
        if chosen != self.chosen:
            self.chosen = chosen
            if isinstance(before, LocalModel):
                before.engine.unload_soon()  # a run may still use it
            self._take_up()
            await asyncio.to_thread(self._remember)
        await self._list()

    async def _save(self, message: p.SaveEndpoint) -> None:
        saved = await asyncio.to_thread(
            self._endpoints.save, message.name, message.url, model=message.model, api_key=message.api_key
        )
        self._drop(id_of(ENDPOINT_KIND, saved.name))
        await self._list()

    async def _remove(self, name: str) -> None:
        await asyncio.to_thread(self._endpoints.remove, name)
        identity = id_of(ENDPOINT_KIND, name)
        if self.chosen == identity:
            await self._choose(AUTO)
        self._drop(identity)
        await self._list()

    async def _control(self, action: str) -> None:
        model = self._open(self.chosen)
        if isinstance(model, UnavailableModel):
            raise ModelError(model.why)
        if action == "stop":
            await model.stop()
            return
        try:
            await model.start()
        except ModelError as error:
            log.warning("CodeAct's model %s does not start: %s", model.name, error)  # its status says so too

    def _open(self, identity: str) -> Opened | UnavailableModel:
        """Return the model of a choice, without starting or reaching it."""
        if identity in self._opened:
            return self._opened[identity]
        kind, _, name = identity.partition(":")
        model: Opened
        try:
            if kind == ENDPOINT_KIND:
                model = open_endpoint(self._endpoints, name, timeouts=self._timeouts)
            else:
                model = open_local(
                    name if kind in (CATALOG_KIND, FILE_KIND) else kind,
                    machine=self._choices.seen,
                    supervision=self._supervision,
                    engine_options=self._engine_options,
                    timeouts=self._timeouts,
                )
        except CodeActError as error:
            return UnavailableModel(name or identity, str(error))
        if isinstance(model, LocalModel) and identity != self.chosen:
            model.engine.unload_soon()
        model.watch(lambda status: self._post(self._on_status, identity, status))
        self._opened[identity] = model
        return model

    def _take_up(self) -> None:
        """See to the model that is the chosen one now."""
        model = self._open(self.chosen)
        if isinstance(model, UnavailableModel):
            log.error("CodeAct has no model: %s", model.why)
            self._show(p.ModelStatus(model=model.name, state="failed", message=model.why))
            return
        if isinstance(model, LocalModel):
            model.engine.keep_loaded()
        self._show(_told(model.status))

    def _drop(self, identity: str) -> None:
        """Let go of an endpoint that has changed; a run that uses it goes on with it as it was."""
        if model := self._opened.pop(identity, None):
            self._dropped.append(model)
        if identity == self.chosen:
            self._take_up()

    def _on_status(self, identity: str, status: EngineStatus) -> None:
        """Tell the pages, of the chosen model and of what a run with another one has to wait for."""
        if identity == self.chosen or status.state in _PREPARING:
            self._show(_told(status))
        elif isinstance(chosen := self._opened.get(self.chosen), EndpointModel | LocalModel):
            self._show(_told(chosen.status))

    def _show(self, status: p.ModelStatus) -> None:
        if status == self._status:
            return
        self._status = status
        for page in list(self._pages):
            if page.connected:
                page.send(status)

    def _known(self, remembered: Any) -> str | None:
        """Return the choice that was remembered, if it can still be made."""
        try:
            return self._choices.id(remembered) if isinstance(remembered, str) else None
        except ModelError:
            return None

    def _remember(self) -> None:
        with self._memory.change() as remembered:
            remembered["chosen"] = self.chosen

    def _do(self, page: Page, work: Coroutine[Any, Any, None]) -> None:
        async def doing() -> None:
            try:
                await work
            except CodeActError as error:
                page.send(p.Refused(notebook="", message=str(error)))
            except Exception:
                log.exception("CodeAct could not do what a page asked of its models")
                page.send(p.Refused(notebook="", message="That went wrong; the server's log says how."))

        task = asyncio.ensure_future(doing())
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _told(status: EngineStatus) -> p.ModelStatus:
    return p.ModelStatus(**status.model_dump())
