"""The configuration of the server extension. Importing this is cheap: every start of a server does."""

from __future__ import annotations

from typing import Any, get_args

from traitlets import Bool, Dict, Enum, Float, Int, List, TraitError, Unicode, validate

from ..agent.gate.setting import read_approval
from ..agent.run_limits import SECONDS, TOKENS, TURNS, Guidance
from ..models.endpoints.access import Timeouts
from ..models.engines.policy import FolderEngine, SupervisionPolicy
from ..traits import ServersTraits, SettingsTraits

FORMATS = ("markdown", "execute", "tools")
"""The names of all action formats."""


class CodeActConfiguration(SettingsTraits, ServersTraits):
    """How an agent works in the notebooks of this server."""

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
    max_seconds = Float(SECONDS, min=1, help="Seconds that one run may take.").tag(config=True)

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
        FORMATS,
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
        from ..agent.contracts import ModelError
        from ..models.engines.llama.options import read_llama_options
        from ..models.engines.transformers.settings import read_options

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
        from ..agent.contracts import NotebookError
        from ..notebooks.tools import check

        try:
            check(proposal["value"])
        except NotebookError as error:
            raise TraitError(str(error)) from error
        return proposal["value"]
