"""The server extension: its configuration, and everything it sets up."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import Any, get_args

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Dict, Enum, Float, Int, List, TraitError, Unicode, validate

from ..agent.contracts import Guidance, ModelError, NotebookError
from ..agent.gate.gate import is_earlier_spelling, read_approval
from ..agent.replies.formats import FORMATS
from ..agent.run import TOKENS, TURNS, Budget
from ..journal import default_path, open_journal
from ..journal.pruning import keep_small
from ..mcp.client.sources import find
from ..models.endpoints.retries import Timeouts
from ..models.engines.launch import EngineOptions, FolderEngine
from ..models.engines.llama.options import read_llama_options
from ..models.engines.supervisor import SupervisionPolicy
from ..models.engines.transformers.settings import read_options
from ..models.open import KEY_VARIABLE
from ..notebooks.project import ProjectFolders
from ..notebooks.tools import check
from ..options import RunOptions
from ..traits import ServersTraits, SettingsTraits
from .completion import Completer, CompletionHandler
from .conversations import Conversations
from .library import LibraryHandler
from .mcp import McpHandler, McpServer
from .models import Models, open_models
from .served_notebooks import ServedNotebooks
from .servers import withhold
from .setup import Setup
from .socket import CodeActSocket

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


class CodeActExtension(SettingsTraits, ServersTraits, ExtensionApp):
    """Lets an agent work in the notebooks of this server."""

    name = "jupyter_codeact"

    model = Unicode(
        help="The model to use: a name that `jupyter codeact models` lists, the path of a GGUF file, or the "
        "name under which the endpoint knows it. Empty for the one chosen on the page, at first the one "
        "that suits the machine (auto)."
    ).tag(config=True)
    endpoint = Unicode(
        help="Base URL of an OpenAI-compatible server to use instead of a model on this machine, such as "
        "http://localhost:8000/v1, or the name of one of the endpoints."
    ).tag(config=True)
    api_key = Unicode(
        help="Key for the endpoint. Better set JUPYTER_CODEACT_API_KEY in the server's environment."
    ).tag(config=True)
    endpoints = Dict(
        help="OpenAI-compatible servers to choose from on the page, by name: each with a url and, where "
        "needed, a model, an api_key_env (the environment variable with the key) or an api_key, "
        "supports_images (true or false), guidance (small or capable), approval (always, risky or never), "
        "settings (reasoning_effort, temperature, top_p, reply_tokens, extra_body), and models, the same for "
        "single models by name."
    ).tag(config=True)
    context = Int(
        0,
        min=0,
        help="Tokens that a conversation with a model on this machine may have, at most what the model was "
        "trained for; 0 for 16,384, and twice that for a model that thinks.",
    ).tag(config=True)
    gpu_layers = Int(
        -1,
        min=-1,
        help="Layers of a GGUF model that llama.cpp keeps on the GPU; -1 for as many as there is memory for.",
    ).tag(config=True)
    engine: Enum[FolderEngine] = Enum(
        get_args(FolderEngine),
        "auto",
        help="What runs models that are no GGUF files; auto is vLLM on a GPU where that is installed.",
    ).tag(config=True)
    llama = Dict(
        help="How llama.cpp runs a model: threads, batch, cache_type_k, cache_type_v, flash_attention, "
        "cache_reuse."
    ).tag(config=True)
    transformers = Dict(
        help="How transformers runs a model on a GPU: dtype, attn_implementation, quantization (8bit or "
        "4bit), adapter (the folder of a PEFT adapter), memory_share, offload, max_replies, batching, "
        "compile."
    ).tag(config=True)
    idle_seconds = Float(
        SupervisionPolicy().idle_seconds,
        min=0,
        help="Seconds without a reply after which a model on this machine is unloaded; 0 for never.",
    ).tag(config=True)
    first_token_seconds = Float(
        Timeouts().first_token_seconds, min=1, help="Seconds that a model may take to begin a reply."
    ).tag(config=True)
    next_token_seconds = Float(
        Timeouts().next_token_seconds, min=1, help="Seconds that a model may pause within a reply."
    ).tag(config=True)
    retry_seconds = Float(
        Timeouts().retry_seconds,
        min=0,
        help="Seconds that a reply may wait, in all, for an endpoint that is overloaded or unreachable, "
        "before the run ends; 0 for no second attempt.",
    ).tag(config=True)
    open_panel = Bool(help="Open the agent's panel when a page is opened.").tag(config=True)
    journal = Unicode(help="File that conversations are kept in.").tag(config=True)
    journal_days = Float(
        0.0, min=0, help="Days without work in a conversation after which it is deleted; 0 keeps it."
    ).tag(config=True)
    journal_megabytes = Float(
        1000.0,
        min=0,
        help="Megabytes that conversations may take up before the oldest are deleted; 0 for no limit.",
    ).tag(config=True)
    max_turns = Int(
        None,
        allow_none=True,
        min=1,
        help=f"Model replies that one run may take; by default {TURNS['small']} for small models, "
        f"{TURNS['capable']} for capable ones.",
    ).tag(config=True)
    max_tokens = Int(
        None,
        allow_none=True,
        min=1,
        help="Tokens that one run may use, prompts and replies together, without those from a prefix cache; "
        f"by default {TOKENS['small']:,} for small models, {TOKENS['capable']:,} for capable ones.",
    ).tag(config=True)
    max_seconds = Float(Budget().seconds, min=1, help="Seconds that one run may take.").tag(config=True)

    project = Bool(
        True,
        help="Tell the model what AGENTS.md says, in the notebook's folder and those above it up to the "
        "server's root, and which skills there are, in their .agents/skills and in your home's.",
    ).tag(config=True)
    read_ahead = Bool(
        True,
        help="Let a loaded model of this machine read the notebook while the panel is open, so that it "
        "answers sooner. Endpoints are never asked; on battery power nothing is read ahead.",
    ).tag(config=True)
    approval = Unicode(
        "risky",
        help="Which of the agent's cells wait for approval, in a notebook whose user has not chosen: all of "
        "them (always), those that may do harm or reach outside the notebook (risky), or none (never).",
    ).tag(config=True)
    action_format = Enum(
        tuple(FORMATS),
        "markdown",
        help="How the model writes code to run: in fenced blocks (markdown), in the CodeActAgent models' own "
        "tags (execute), or by the endpoint's function calling (tools).",
    ).tag(config=True)
    guidance = Enum(
        ("", *get_args(Guidance)),
        "",
        help="How much help the model gets: all there is (small), or only what never changes its code "
        "unasked (capable). Empty for what suits the model.",
    ).tag(config=True)
    tools = List(
        Unicode(),
        help="Functions that the model may call, each as module:function. They are imported in the kernel "
        "when a run begins; the module must be in the kernel's environment or in the notebook's folder.",
    ).tag(config=True)
    content_policy = Bool(
        help="Send all pages of this server a content policy, with which browsers fetch scripts, pictures "
        "and data from this server alone, whatever an output or an extension asks for. Widgets and maps that "
        "come from other servers do not work then. A policy in ServerApp.tornado_settings goes before it."
    ).tag(config=True)
    reconnect_seconds = Float(
        600.0, min=1, help="Seconds that a run waits for a page when its page was closed or reloaded."
    ).tag(config=True)

    @validate("llama", "transformers")
    def _check_engine_options(self, proposal: Any) -> Any:
        try:
            {"llama": read_llama_options, "transformers": read_options}[proposal["trait"].name](
                proposal["value"]
            )
        except ModelError as error:
            raise TraitError(str(error)) from error
        return proposal["value"]

    @validate("approval")
    def _check_approval(self, proposal: Any) -> Any:
        try:
            read_approval(proposal["value"])
        except ValueError as error:
            raise TraitError(str(error)) from error
        return proposal["value"]

    @validate("tools")
    def _check_tools(self, proposal: Any) -> Any:
        try:
            check(proposal["value"])
        except NotebookError as error:
            raise TraitError(str(error)) from error
        return proposal["value"]

    def initialize_settings(self) -> None:
        """Open the journal; a model is started only when it is first needed."""
        assert self.serverapp is not None
        server = self.serverapp
        if self.content_policy:
            server.web_app.settings.setdefault("headers", {}).setdefault(
                "Content-Security-Policy", CONTENT_POLICY
            )
        file = Path(self.journal) if self.journal else default_path()
        approval = read_approval(self.approval)
        if is_earlier_spelling(self.approval):
            server.log.warning("CodeActExtension.approval: %r is called %r now.", self.approval, approval)
        self.models = self._open_models(file.parent)
        root = Path(server.root_dir)
        withhold(server.kernel_manager, lambda: find(self.mcp_servers, root, self._settings_folder()).servers)
        if self.open_panel:
            server.web_app.settings.setdefault("page_config_data", {})["codeactOpen"] = "true"
        self.conversations = Conversations(
            Setup(
                models=self.models,
                journal=open_journal(file),
                kernels=server.kernel_manager,
                contents=server.contents_manager,
                root=server.root_dir.rstrip(os.sep),
                options=RunOptions(
                    max_turns=self.max_turns,
                    max_tokens=self.max_tokens,
                    timeout=self.max_seconds,
                    approval=approval,
                    action_format=self.action_format,
                    tools=tuple(self.tools),
                    mcp_servers=self.mcp_servers,
                    mcp_seconds=self.mcp_seconds,
                    guidance=self.guidance or None,
                    settings=self.model_settings,
                    project=self.project,
                ),
                settings_folder=self._settings_folder,
                project=ProjectFolders(Path(server.root_dir), Path.home()),
                reconnect_seconds=self.reconnect_seconds,
                read_ahead=self.read_ahead,
            )
        )
        events = self.serverapp.event_logger
        assert events is not None
        events.add_listener(schema_id=CONTENTS_EVENTS, listener=self._on_contents_event)
        self._pruning: asyncio.Task[None] | None = None
        server.io_loop.add_callback(self._begin)

    def _settings_folder(self) -> Path | None:
        """Return where the JupyterLab, or Notebook, of this server keeps the user's settings."""
        assert self.serverapp is not None
        applications = self.serverapp.extension_manager.extension_apps
        folders = [getattr(app, "user_settings_dir", "") for apps in applications.values() for app in apps]
        return next((Path(folder) for folder in folders if folder), None)

    async def _begin(self) -> None:
        # What the server has loaded stays. To search it for garbage takes up to 0.2 s, in which nobody is
        # answered, and any run may cause that.
        gc.collect()
        gc.freeze()
        journal = self.conversations.journal
        if journal.problem:
            self.log.error("%s", journal.problem)
        work = keep_small(
            journal,
            max_age_days=self.journal_days or None,
            max_bytes=int(self.journal_megabytes * 1e6) or None,
            in_use=self.conversations.in_use,
        )
        self._pruning = asyncio.create_task(work)

    def _open_models(self, folder: Path) -> Models:
        assert self.serverapp is not None
        try:
            return open_models(
                folder,
                self.serverapp.io_loop.add_callback,
                model=self.model,
                endpoint=self.endpoint,
                api_key=self.api_key,
                endpoints=self.endpoints,
                supervision=SupervisionPolicy(idle_seconds=self.idle_seconds),
                engine_options=EngineOptions(
                    context=self.context or None,
                    gpu_layers=None if self.gpu_layers < 0 else self.gpu_layers,
                    engine=self.engine,
                    llama=read_llama_options(self.llama),
                    transformers=read_options(self.transformers),
                ),
                timeouts=Timeouts(
                    first_token_seconds=self.first_token_seconds,
                    next_token_seconds=self.next_token_seconds,
                    retry_seconds=self.retry_seconds,
                ),
            )
        finally:
            named = (endpoint.get("api_key_env") for endpoint in self.endpoints.values())
            for variable in filter(None, (KEY_VARIABLE, *named)):
                os.environ.pop(variable, None)  # kernels inherit the environment

    def initialize_handlers(self) -> None:
        """Add the page's WebSocket, and what answers the inline completer."""
        conversations, setup = self.conversations, self.conversations.setup
        completer = Completer(self.models, lambda kernel: setup.kernel(lambda: kernel), conversations)
        assert self.serverapp is not None
        server = self.serverapp
        notebooks = ServedNotebooks(conversations, server.session_manager, server.kernel_spec_manager)
        self._mcp = McpServer(notebooks)
        self.handlers.extend(
            [
                (r"/codeact/ws", CodeActSocket, {"conversations": conversations}),
                (r"/codeact/conversations(?:/(\w+))?", LibraryHandler, {"setup": setup}),
                (r"/codeact/complete", CompletionHandler, {"completer": completer}),
                (r"/codeact/mcp", McpHandler, {"server": self._mcp}),
            ]
        )

    async def stop_extension(self) -> None:
        """End all runs and the models."""
        if self._pruning is not None:
            self._pruning.cancel()
        await self._mcp.close()
        await self.conversations.close()
        await self.models.close()

    async def _on_contents_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data["action"] == "rename":
            await self.conversations.moved(data["source_path"].strip("/"), data["path"].strip("/"))
        elif data["action"] == "delete":
            await self.conversations.deleted(data["path"].strip("/"))
