"""The server extension. Until the server is up, it does what cannot wait, and no more."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp

from ..agent.gate.setting import is_earlier_spelling, read_approval
from ..models.endpoints.access import KEY_VARIABLE
from .configuration import CodeActConfiguration
from .handlers import CompletionHandler, LibraryHandler
from .mcp_handler import McpHandler
from .socket import CodeActSocket

if TYPE_CHECKING:
    from .conversations import Conversations
    from .models import Models
    from .services import Services

CONTENTS_EVENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"

CONTENT_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # as JupyterLab and its settings need them
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'self' data: blob:",
        "frame-ancestors 'self'",
    ]
)
"""What `content_policy` lets a page fetch: WebSockets to the server itself are part of ``'self'``."""


class CodeActExtension(CodeActConfiguration, ExtensionApp):
    """Lets an agent work in the notebooks of this server."""

    name = "jupyter_codeact"

    def initialize_settings(self) -> None:
        """Do what has to be done before the first kernel or page; the rest waits until the server is up."""
        assert self.serverapp is not None
        server = self.serverapp
        self._services: Services | None = None
        if self.content_policy:
            server.web_app.settings.setdefault("headers", {}).setdefault(
                "Content-Security-Policy", CONTENT_POLICY
            )
        if self.open_panel:
            server.web_app.settings.setdefault("page_config_data", {})["codeactOpen"] = "true"
        if is_earlier_spelling(self.approval):
            words = "CodeActExtension.approval: %r is called %r now."
            server.log.warning(words, self.approval, read_approval(self.approval))
        named = (endpoint.get("api_key_env") for endpoint in self.endpoints.values())
        variables = [KEY_VARIABLE, *filter(None, named)]
        # kernels inherit the environment
        self._keys = {name: os.environ.pop(name) for name in variables if name in os.environ}
        self._withhold()
        events = server.event_logger
        assert events is not None
        events.add_listener(schema_id=CONTENTS_EVENTS, listener=self._on_contents_event)
        self._beginning: asyncio.Task[None] | None = None
        server.io_loop.add_callback(self._begin)

    def initialize_handlers(self) -> None:
        """Add the page's WebSocket, and what answers single requests."""
        given = {"services": lambda: self.services}
        self.handlers.extend(
            [
                (r"/codeact/ws", CodeActSocket, given),
                (r"/codeact/conversations(?:/(\w+))?", LibraryHandler, given),
                (r"/codeact/complete", CompletionHandler, given),
                (r"/codeact/mcp", McpHandler, given),
            ]
        )

    @property
    def services(self) -> Services:
        """What serves the pages; made when it is first needed."""
        if self._services is None:
            from .services import Services

            assert self.serverapp is not None
            self._services = Services(self, self.serverapp, self._keys, self._settings_folder)
        return self._services

    @property
    def conversations(self) -> Conversations:
        """The conversations of this server."""
        return self.services.conversations

    @property
    def models(self) -> Models:
        """The models of this server."""
        return self.services.models

    async def stop_extension(self) -> None:
        """End all runs and the models."""
        if self._beginning is not None:
            self._beginning.cancel()
        if self._services is not None:
            await self._services.close()

    def _withhold(self) -> None:
        """Keep what MCP servers are given of this process's secrets from each kernel that is started."""
        assert self.serverapp is not None
        kernels, root = self.serverapp.kernel_manager, Path(self.serverapp.root_dir)
        start = kernels.pre_start_kernel

        def pre_start_kernel(kernel_name: str | None, kwargs: dict[str, Any]) -> Any:
            from ..mcp.client.configuration import withhold
            from ..mcp.client.sources import find

            servers = find(self.mcp_servers, root, self._settings_folder()).servers
            environment = withhold(servers, kwargs.get("env") or {})
            if kwargs.get("env"):
                kwargs["env"] = environment
            return start(kernel_name, kwargs)

        kernels.pre_start_kernel = pre_start_kernel  # type: ignore[method-assign]

    def _settings_folder(self) -> Path | None:
        """Return where the JupyterLab, or Notebook, of this server keeps the user's settings."""
        assert self.serverapp is not None
        applications = self.serverapp.extension_manager.extension_apps
        folders = [getattr(app, "user_settings_dir", "") for apps in applications.values() for app in apps]
        return next((Path(folder) for folder in folders if folder), None)

    async def _begin(self) -> None:
        self._beginning = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        """Import and make what serves pages, while the first one is being loaded."""
        gc.disable()  # what an import makes stays, so to look for garbage meanwhile only takes time
        try:
            await asyncio.to_thread(importlib.import_module, f"{__package__}.services")
            self.services.begin()
        except Exception:
            self.log.exception("CodeAct cannot serve pages.")
        finally:
            gc.enable()
        # What the server has loaded stays. To search it for garbage takes up to 0.2 s, in which nobody is
        # answered, and any run may cause that.
        gc.collect()
        gc.freeze()

    async def _on_contents_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data["action"] == "rename":
            await self.conversations.moved(data["source_path"].strip("/"), data["path"].strip("/"))
        elif data["action"] == "delete":
            await self.conversations.deleted(data["path"].strip("/"))
