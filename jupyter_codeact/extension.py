"""The server extension: its configuration, and the wiring of everything it runs."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, get_args

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Enum, Float, Int, Unicode

from .agent.contracts import Delta, ModelError
from .agent.gate import Mode
from .agent.run import Budget
from .journal import SqliteJournal, default_path
from .models.client import KEY_VARIABLE, EndpointModel, LocalModel, open_model
from .models.status import EngineStatus
from .protocol import ModelStatus
from .server.conversations import Conversations
from .server.handlers import CodeActSocket
from .server.setup import Setup

CONTENTS_EVENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"


class CodeActExtension(ExtensionApp):
    """Lets an agent work in the notebooks of this server."""

    name = "jupyter_codeact"

    model = Unicode(
        help="The model to use: a name that `jupyter codeact models` lists, the path of a GGUF file, or the "
        "name under which the endpoint knows it. Empty for the default."
    ).tag(config=True)
    endpoint = Unicode(
        help="Base URL of an OpenAI-compatible server to use instead of a model on this machine, such as "
        "http://localhost:8000/v1."
    ).tag(config=True)
    api_key = Unicode(
        help="Key for the endpoint. Better set JUPYTER_CODEACT_API_KEY in the server's environment."
    ).tag(config=True)
    open_panel = Bool(help="Open the agent's panel when a page is opened.").tag(config=True)
    journal = Unicode(help="File that conversations are kept in.").tag(config=True)
    max_turns = Int(Budget().turns, min=1, help="Model replies that one run may take.").tag(config=True)
    max_tokens = Int(
        Budget().tokens, min=1, help="Tokens that one run may use, prompts and replies together."
    ).tag(config=True)
    max_seconds = Float(Budget().seconds, min=1, help="Seconds that one run may take.").tag(config=True)

    approval = Enum(
        get_args(Mode),
        "ask-if-risky",
        help="Which of the agent's cells wait for the user's approval in a notebook whose user has not chosen: "
        "all (ask), none (auto), or those that may do harm or reach outside the notebook (ask-if-risky).",
    ).tag(config=True)
    reconnect_seconds = Float(
        600.0, min=1, help="Seconds that a run waits for a page when its page was closed or reloaded."
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Open the journal; a model is started only when it is first needed."""
        assert self.serverapp is not None
        self._model = self._open_model()
        server = self.serverapp
        if self.open_panel:
            server.web_app.settings.setdefault("page_config_data", {})["codeactOpen"] = "true"
        self.conversations = Conversations(
            Setup(
                model=self._model,
                journal=SqliteJournal(Path(self.journal) if self.journal else default_path()),
                kernels=server.kernel_manager,
                contents=server.contents_manager,
                root=server.root_dir.rstrip(os.sep),
                budget=Budget(turns=self.max_turns, tokens=self.max_tokens, seconds=self.max_seconds),
                approval=self.approval,
                patience=self.reconnect_seconds,
            )
        )
        events = self.serverapp.event_logger
        assert events is not None
        events.add_listener(schema_id=CONTENTS_EVENTS, listener=self._on_contents_event)

    def _open_model(self) -> EndpointModel | LocalModel | UnavailableModel:
        try:
            return open_model(
                model=self.model or None,
                endpoint=self.endpoint or None,
                api_key=self.api_key or None,
                on_status=self._on_status,
            )
        except ModelError as error:
            self.log.error("CodeAct has no model: %s", error)
            return UnavailableModel(self.model, str(error))
        finally:
            os.environ.pop(KEY_VARIABLE, None)  # or every kernel would inherit it

    def initialize_handlers(self) -> None:
        """Add the page's WebSocket."""
        self.handlers.append((r"/codeact/ws", CodeActSocket, {"conversations": self.conversations}))

    async def stop_extension(self) -> None:
        """End all runs and the model."""
        await self.conversations.close()
        await self._model.close()

    async def _on_contents_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data["action"] == "rename":
            self.conversations.moved(data["source_path"].strip("/"), data["path"].strip("/"))
        elif data["action"] == "delete":
            self.conversations.deleted(data["path"].strip("/"))

    def _on_status(self, status: EngineStatus) -> None:
        """Tell the pages, from whichever thread the engine speaks."""
        assert self.serverapp is not None
        message = ModelStatus(**status.model_dump())
        self.serverapp.io_loop.add_callback(self.conversations.show_status, message)


class UnavailableModel:
    """Stands where a model cannot be had, and says why whenever it is asked."""

    def __init__(self, name: str, why: str) -> None:
        self.name, self._why = name, why

    async def stream(self, *_messages: Any, **_options: Any) -> AsyncGenerator[Delta, None]:
        """Raise what is wrong."""
        raise ModelError(self._why)
        yield

    async def close(self) -> None:
        """Do nothing."""
