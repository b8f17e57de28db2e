"""Everything that serves the pages of a server. It is imported and made once the server is up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_server.serverapp import ServerApp

from ..agent.gate.setting import read_approval
from ..journal import default_path, open_journal
from ..journal.pruning import keep_small
from ..models.endpoints.access import KEY_VARIABLE, Timeouts
from ..models.engines.launch import EngineOptions
from ..models.engines.llama.options import read_llama_options
from ..models.engines.policy import SupervisionPolicy
from ..models.engines.transformers.settings import read_options
from ..notebooks.project import ProjectFolders
from ..options import RunOptions
from .completion import Completer
from .configuration import CodeActConfiguration
from .connection import Connection
from .conversations import Conversations
from .library import Library
from .mcp import McpServer
from .models import Models, open_models
from .served_notebooks import ServedNotebooks
from .setup import Setup


class Services:
    """The models, the conversations, and what answers pages and other agents.

    Parameters
    ----------
    configuration
        The extension's.
    server
        The server that it extends.
    keys
        The keys that were in the server's environment, by variable.
    settings_folder
        Returns where the JupyterLab, or Notebook, of this server keeps the user's settings.
    """

    def __init__(
        self,
        configuration: CodeActConfiguration,
        server: ServerApp,
        keys: Mapping[str, str],
        settings_folder: Callable[[], Path | None],
    ) -> None:
        self._configuration, self._server = configuration, server
        file = Path(configuration.journal) if configuration.journal else default_path()
        self.models = _open_models(configuration, server, keys, file.parent)
        self.setup = Setup(
            models=self.models,
            journal=open_journal(file),
            kernels=server.kernel_manager,
            contents=server.contents_manager,
            root=server.root_dir.rstrip(os.sep),
            options=_run_options(configuration),
            settings_folder=settings_folder,
            project=ProjectFolders(Path(server.root_dir), Path.home()),
            reconnect_seconds=configuration.reconnect_seconds,
            read_ahead=configuration.read_ahead,
        )
        self.conversations = Conversations(self.setup)
        self.library = Library(self.setup)
        self.completer = Completer(
            self.models, lambda kernel: self.setup.kernel(lambda: kernel), self.conversations
        )
        notebooks = ServedNotebooks(self.conversations, server.session_manager, server.kernel_spec_manager)
        self.mcp = McpServer(notebooks)
        self._pruning: asyncio.Task[None] | None = None

    def connect(self, name: str, write: Callable[[bytes], None]) -> Connection:
        """Let a page join, by its name; ``write`` sends it a message."""
        return Connection(self.conversations, name, write)

    def begin(self) -> None:
        """Begin what is done without being asked: old conversations are deleted. In the event loop."""
        configuration, journal = self._configuration, self.conversations.journal
        if journal.problem:
            self._server.log.error("%s", journal.problem)
        work = keep_small(
            journal,
            max_age_days=configuration.journal_days or None,
            max_bytes=int(configuration.journal_megabytes * 1e6) or None,
            in_use=self.conversations.in_use,
        )
        self._pruning = asyncio.create_task(work)

    async def close(self) -> None:
        """End all runs and the models."""
        if self._pruning is not None:
            self._pruning.cancel()
        await self.mcp.close()
        await self.conversations.close()
        await self.models.close()


def _run_options(configuration: CodeActConfiguration) -> RunOptions:
    return RunOptions(
        max_turns=configuration.max_turns,
        max_tokens=configuration.max_tokens,
        timeout=configuration.max_seconds,
        approval=read_approval(configuration.approval),
        action_format=configuration.action_format,
        tools=tuple(configuration.tools),
        mcp_servers=configuration.mcp_servers,
        mcp_seconds=configuration.mcp_seconds,
        guidance=configuration.guidance or None,
        settings=configuration.model_settings,
        project=configuration.project,
    )


def _open_models(
    configuration: CodeActConfiguration, server: ServerApp, keys: Mapping[str, str], folder: Path
) -> Models:
    endpoints = {
        name: {**fields, "api_key": key}
        if not fields.get("api_key") and (key := keys.get(fields.get("api_key_env", "")))
        else fields
        for name, fields in configuration.endpoints.items()
    }
    return open_models(
        folder,
        server.io_loop.add_callback,
        model=configuration.model,
        endpoint=configuration.endpoint,
        api_key=configuration.api_key or keys.get(KEY_VARIABLE, ""),
        endpoints=endpoints,
        supervision=SupervisionPolicy(idle_seconds=configuration.idle_seconds),
        engine_options=EngineOptions(
            context=configuration.context or None,
            gpu_layers=None if configuration.gpu_layers < 0 else configuration.gpu_layers,
            engine=configuration.engine,
            llama=read_llama_options(configuration.llama),
            transformers=read_options(configuration.transformers),
        ),
        timeouts=Timeouts(
            first_token_seconds=configuration.first_token_seconds,
            next_token_seconds=configuration.next_token_seconds,
            retry_seconds=configuration.retry_seconds,
        ),
    )
