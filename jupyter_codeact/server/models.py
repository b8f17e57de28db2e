"""The models of the server: one is chosen by the user for all runs, and its status is shown on every page."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .. import protocol as p
from ..agent.contracts import ChatModel, CodeActError, ModelError, ModelSettings, Prices
from ..agent.gate.setting import Approval
from ..models.endpoints.access import Timeouts
from ..models.endpoints.registry import Endpoints
from ..models.endpoints.trial import list_models
from ..models.engines.launch import EngineOptions
from ..models.engines.policy import SupervisionPolicy
from ..models.open import (
    AUTO,
    EndpointModel,
    LocalModel,
    key_for,
    open_endpoint,
    open_local,
    preferred_approval,
)
from ..models.preferences import LocalPreferences
from ..models.private import PrivateFile, data_folder
from ..models.status import EngineStatus
from .choices import CATALOG_KIND, ENDPOINT_KIND, FILE_KIND, TUNED_KIND, Choices, choice_id, configured_choice
from .pages import Page
from .tasks import TaskSet
from .unavailable import UnavailableModel

log = logging.getLogger(__name__)

OpenModel = EndpointModel | LocalModel
ELSEWHERE = (
    "{model} is on another machine and may cost money. To complete code with it all the same, allow that in "
    "the settings of the inline completer, at CodeAct."
)
TEST_SECONDS = 15.0
"""Seconds that an endpoint may take to list its models when it is tested."""
_PREPARING = ("downloading", "loading")


def open_models(
    folder: Path,
    call_in_loop: Callable[..., None],
    *,
    model: str = "",
    endpoint: str = "",
    api_key: str = "",
    endpoints: Mapping[str, Mapping[str, Any]] | None = None,
    supervision: SupervisionPolicy | None = None,
    timeouts: Timeouts | None = None,
    engine_options: EngineOptions | None = None,
) -> Models:
    """Return the models of a server with this configuration; the user's choices are kept in ``folder``.

    A ``model`` or an ``endpoint`` (its address or its name) takes precedence over the choice on the page.
    """
    named: dict[str, Mapping[str, Any]] = {name: dict(fields) for name, fields in (endpoints or {}).items()}
    name = endpoint
    if "://" in endpoint:
        name = urlsplit(endpoint).netloc.rpartition("@")[2]
        try:
            key = api_key or key_for(endpoint) or ""
        except ModelError:  # reported when the model is opened
            key = ""
        named = {name: {"url": endpoint, "model": model, "api_key": key}} | named
    known = Endpoints(folder, named)
    if endpoint:
        configured: str | None = choice_id(ENDPOINT_KIND, name)
    else:
        configured = configured_choice(model, known) if model else None
    return Models(
        endpoints=known,
        settings=PrivateFile(folder / "model.json"),
        call_in_loop=call_in_loop,
        configured=configured,
        supervision=supervision,
        timeouts=timeouts,
        engine_options=engine_options,
    )


class Models:
    """What can be chosen, what is chosen, and its status.

    Parameters
    ----------
    endpoints
        The endpoints that have a name.
    settings
        Where the user's choice is kept when the server ends.
    call_in_loop
        Calls a function with arguments in the server's event loop, from any thread.
    configured
        Id of the choice that the configuration makes, if it makes one.
    supervision
        How engines on this machine are supervised.
    timeouts
        How long to wait for replies.
    engine_options
        How models on this machine run.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        settings: PrivateFile,
        call_in_loop: Callable[..., None],
        configured: str | None = None,
        supervision: SupervisionPolicy | None = None,
        timeouts: Timeouts | None = None,
        engine_options: EngineOptions | None = None,
    ) -> None:
        self._endpoints, self._settings, self._call_in_loop = endpoints, settings, call_in_loop
        self._supervision, self._timeouts, self._engine_options = supervision, timeouts, engine_options
        self._choices = Choices(endpoints, configured)
        self._open_models: dict[str, OpenModel] = {}
        self._replaced: list[OpenModel] = []
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self._tasks, self._in_order = TaskSet(), asyncio.Lock()
        self._status: p.ModelStatus | None = None
        self.on_settings: Callable[[], None] = lambda: None
        """Called when another model is chosen, or an endpoint has other settings."""
        self.chosen = configured or self._saved_choice() or AUTO
        self._activate()

    def for_run(self, name: str | None = None) -> ChatModel:
        """Return the model for one run: the chosen one, or the one with this id or name.

        The run keeps the model that it gets, whatever is chosen later.

        Raises
        ------
        ModelError
            If there is none of that name.
        """
        return self._model(self._choices.resolve(name) if name else self.chosen)

    def for_completion(self, *, elsewhere: bool) -> OpenModel:
        """Return the model that completes code: the chosen one, on another machine only if that is allowed.

        Raises
        ------
        ModelError
            With the reason why there is none.
        """
        model = self._model(self.chosen)
        if isinstance(model, UnavailableModel):
            raise ModelError(model.reason)
        if isinstance(model, EndpointModel) and not (elsewhere or model.is_on_this_machine):
            raise ModelError(ELSEWHERE.format(model=model.name))
        return model

    def approval(self, name: str | None = None) -> Approval | None:
        """Return which cells wait for approval with the chosen model or another, if that is set for it."""
        kind, _, model = (self._choices.resolve(name) if name else self.chosen).partition(":")
        endpoint, machine = (model if kind == ENDPOINT_KIND else None), self._choices.machine
        return preferred_approval(
            None if endpoint else model or kind, endpoint, self._endpoints, machine=machine
        )

    def join(self, page: Page) -> None:
        """Tell a page the model's status, now and from now on."""
        self._pages.add(page)
        if self._status:
            page.send(self._status)

    def receive(self, page: Page, request: p.ModelRequest) -> None:
        """Take a request about models; it is answered when it is done."""
        self._tasks.start(page.fulfil(request, lambda: self._work(page, request)))

    async def close(self) -> None:
        """End every engine and close every connection."""
        await self._tasks.close()
        models = [*self._open_models.values(), *self._replaced]
        self._open_models, self._replaced = {}, []
        await asyncio.gather(*(model.close() for model in models))

    async def _work(self, page: Page, request: p.ModelRequest) -> None:
        if isinstance(request, p.TestEndpoint):
            await self._test(page, request)
        elif isinstance(request, p.ControlModel):
            await self._control(request.action)
        else:
            async with self._in_order:
                await self._change(page, request)

    def _change(
        self,
        page: Page,
        request: p.ListModels | p.ChooseModel | p.SetPreferences | p.SaveEndpoint | p.RemoveEndpoint,
    ) -> Awaitable[None]:
        match request:
            case p.ListModels():
                return self._list([page])
            case p.ChooseModel(choice=name):
                return self._choose(name)
            case p.SetPreferences():
                return self._set(request)
            case p.SaveEndpoint():
                return self._save(request)
            case p.RemoveEndpoint(name=name):
                return self._remove(name)

    async def _list(self, pages: list[Page] | None = None) -> None:
        """Tell some pages, or all, what can be chosen."""
        choices = await asyncio.to_thread(self._choices.all)
        self._send(p.ModelList(choices=choices, chosen=self.chosen), pages)

    async def _choose(self, name: str) -> None:
        chosen = self._choices.resolve(name)
        before = self._open_models.get(self.chosen)
        if chosen != self.chosen:
            self.chosen = chosen
            if isinstance(before, LocalModel):
                before.engine.unload_soon()  # a run may still use it
            self._activate()
            await asyncio.to_thread(self._save_choice)
            self.on_settings()
        await self._list()

    async def _set(self, request: p.SetPreferences) -> None:
        """Set how a model works; a run that uses it goes on as it began."""
        choice, changes = self._choices.resolve(request.choice), _flat(request.preferences)
        kind, _, name = choice.partition(":")
        if kind == ENDPOINT_KIND:
            await asyncio.to_thread(self._endpoints.change, name, changes, model=request.model)
            self._replace(choice)
        else:
            model = self._model(choice)
            if isinstance(model, UnavailableModel):
                raise ModelError(model.reason)
            local = LocalPreferences(data_folder())
            preferences = await asyncio.to_thread(local.change, model.name, changes)
            for each in self._open_models.values():  # it may be what auto stands for, too
                if isinstance(each, LocalModel) and each.name == model.name:
                    each.preferences = preferences
        self.on_settings()
        await self._list()

    async def _save(self, request: p.SaveEndpoint) -> None:
        saved = await asyncio.to_thread(
            self._endpoints.save,
            request.name,
            request.url,
            model=request.model,
            api_key=request.api_key,
            **_set_by(request),
        )
        self._replace(choice_id(ENDPOINT_KIND, saved.name))
        self.on_settings()
        await self._list()

    async def _test(self, page: Page, request: p.TestEndpoint) -> None:
        """Ask an endpoint for its models, with the key that it would be saved with."""
        key, url = request.api_key, request.url.strip()
        if key is None:
            key = await asyncio.to_thread(self._endpoints.key_to_try, request.name.strip(), url)
        tested = list_models(url, model=request.model.strip(), api_key=key, timeout=TEST_SECONDS)
        try:
            names = await asyncio.wait_for(tested, TEST_SECONDS)
        except TimeoutError:
            raise ModelError(f"It did not answer within {TEST_SECONDS:.0f} seconds.") from None
        page.send(p.EndpointTested(id=request.id, models=names))

    async def _remove(self, name: str) -> None:
        await asyncio.to_thread(self._endpoints.remove, name)
        choice = choice_id(ENDPOINT_KIND, name)
        if self.chosen == choice:
            await self._choose(AUTO)
        self._replace(choice)
        await self._list()

    async def _control(self, action: str) -> None:
        model = self._model(self.chosen)
        if isinstance(model, UnavailableModel):
            raise ModelError(model.reason)
        if action == "stop":
            await model.stop()
            return
        try:
            await model.start()
        except ModelError as error:  # its status tells the pages
            log.warning("CodeAct's model %s does not start: %s", model.info.name, error)

    def _model(self, choice: str) -> OpenModel | UnavailableModel:
        """Return the model of a choice, without starting or contacting it."""
        if choice in self._open_models:
            return self._open_models[choice]
        kind, _, name = choice.partition(":")
        model: OpenModel
        try:
            if kind == ENDPOINT_KIND:
                model = open_endpoint(self._endpoints, name, timeouts=self._timeouts)
            else:
                model = open_local(
                    name if kind in (CATALOG_KIND, FILE_KIND, TUNED_KIND) else kind,
                    machine=self._choices.machine,
                    supervision=self._supervision,
                    engine_options=self._engine_options,
                    timeouts=self._timeouts,
                )
        except CodeActError as error:
            return UnavailableModel(name or choice, str(error))
        if isinstance(model, LocalModel) and choice != self.chosen:
            model.engine.unload_soon()
        model.watch(lambda status: self._call_in_loop(self._on_status, choice, status))
        self._open_models[choice] = model
        return model

    def _activate(self) -> None:
        """Open the chosen model and show its status."""
        model = self._model(self.chosen)
        if isinstance(model, UnavailableModel):
            log.error("CodeAct has no model: %s", model.reason)
            self._show(p.ModelStatus(model=model.info.name, state="failed", message=model.reason))
            return
        if isinstance(model, LocalModel):
            model.engine.keep_loaded()
        self._show(_message(model.status))

    def _replace(self, choice: str) -> None:
        """Open an endpoint anew, for it has changed; a run that uses it keeps it as it was."""
        if model := self._open_models.pop(choice, None):
            self._replaced.append(model)
        if choice == self.chosen:
            self._activate()

    def _on_status(self, choice: str, status: EngineStatus) -> None:
        """Show the status of the chosen model, or of another one that a run waits for."""
        if choice == self.chosen or status.state in _PREPARING:
            self._show(_message(status))
        elif isinstance(chosen := self._open_models.get(self.chosen), EndpointModel | LocalModel):
            self._show(_message(chosen.status))

    def _show(self, status: p.ModelStatus) -> None:
        if status != self._status:
            self._status = status
            self._send(status)

    def _send(self, message: p.ModelList | p.ModelStatus, pages: list[Page] | None = None) -> None:
        for page in list(self._pages) if pages is None else pages:
            if page.connected:
                page.send(message)

    def _saved_choice(self) -> str | None:
        """Return the choice that was saved, if it still exists."""
        saved = self._settings.read().get("chosen")
        try:
            return self._choices.resolve(saved) if isinstance(saved, str) else None
        except ModelError:
            return None

    def _save_choice(self) -> None:
        with self._settings.change() as saved:
            saved["chosen"] = self.chosen


def _message(status: EngineStatus) -> p.ModelStatus:
    return p.ModelStatus(**status.model_dump())


def _flat(preferences: p.Preferences) -> dict[str, Any]:
    """Return what is set, and unset, as `ModelPreferences.changed` takes it."""
    settings, prices = preferences.settings or ModelSettings(), preferences.prices or Prices()
    own = preferences.model_dump(exclude={"settings", "prices"})
    return {**own, **settings.model_dump(), **prices.model_dump()}


def _set_by(request: p.SaveEndpoint) -> dict[str, Any]:
    """Return what a request sets for the models of an endpoint; what it leaves out stays."""
    images = "auto" if request.supports_images is None else request.supports_images
    values = {
        "supports_images": images,
        "guidance": request.guidance or "auto",
        "approval": request.approval or "auto",
        "settings": request.settings or ModelSettings(),
        "prices": request.prices or Prices(),
    }
    return {name: value for name, value in values.items() if name in request.model_fields_set}
