"""The child process that runs one model with llama.cpp, as an OpenAI-compatible server on loopback.

It receives its `Settings` and reports as `child.Child` describes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

from ...catalog import machine
from ..child import Child
from .options import LlamaOptions

COPIED, DRAFTED = 6, 16
"""Tokens that have to repeat before the next ones are drafted, and how many are."""


class Settings(TypedDict):
    """What the parent process decides.

    ``context`` is in tokens, for each of ``slots`` replies at a time; ``cache`` is MiB for the prompts of
    conversations without a slot; ``projector`` is the name of the file beside the model that makes it see,
    if it has one; ``adapter`` is the path of a LoRA to put on the model, or empty; ``gpu`` tells whether
    there is a GPU, ``gpu_layers`` how much of the model it holds, by default as much as fits; ``options`` are
    `LlamaOptions`.
    """

    path: str
    name: str
    api_key: str
    context: int
    slots: int
    cache: int
    projector: str
    adapter: str
    thinks: bool
    gpu: bool
    gpu_layers: int | None
    options: dict[str, Any]


def main() -> None:
    """Run the child process."""
    child = Child()
    with open(child.settings["path"], "rb") as file:
        if file.read(4) != b"GGUF":  # llama.cpp says so in its log, and may end before that is written
            child.fail(f"{child.settings['path']} is not a valid GGUF file")
    try:
        import xllamacpp

        server = xllamacpp.Server(_parameters(xllamacpp, child.settings))
    except (ImportError, RuntimeError) as error:
        child.fail(str(error))
    child.report(port=urlsplit(server.listening_address).port)
    child.wait_for_parent()


def _parameters(xllamacpp: Any, settings: Settings) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = settings["path"]
    parameters.model_alias = {settings["name"]}
    parameters.api_keys = [settings["api_key"]]
    if hasattr(parameters, "hostnames"):
        parameters.hostnames = ["127.0.0.1"]
    else:  # xllamacpp before 2026.10
        parameters.hostname = "127.0.0.1"
    parameters.port = 0
    # Nothing but the protocol: no pages, no view of other conversations, no other origins.
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.cors_origins = ""
    parameters.cors_credentials = False
    # Every slot has a context of its own: in a shared one, conversations that together outgrow it abort each
    # other. The prefixes of conversations without a slot are in the prompt cache.
    parameters.n_parallel = settings["slots"]
    parameters.n_ctx = settings["slots"] * settings["context"]
    parameters.cache_ram_mib = settings["cache"]
    if settings["projector"]:
        parameters.mmproj.path = str(Path(settings["path"]).with_name(settings["projector"]))
    if settings["adapter"]:
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(settings["adapter"], 1.0)]
    if settings["thinks"]:
        # A default, which a request overrides (`chat_template_kwargs`: {"enable_thinking": false}): by itself
        # the server enables thinking only in the templates that it recognises.
        parameters.default_template_kwargs = {"enable_thinking": "true"}
    options = LlamaOptions.model_validate(settings["options"])
    _set_devices(parameters, settings)
    if options.batch:
        parameters.n_batch = parameters.n_ubatch = options.batch
    parameters.cache_type_k = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{options.cache_type_k.upper()}")
    parameters.cache_type_v = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{options.cache_type_v.upper()}")
    attention = {"auto": "AUTO", "on": "ENABLED", "off": "DISABLED"}[options.flash_attention]
    parameters.flash_attn_type = getattr(
        xllamacpp.llama_flash_attn_type, f"LLAMA_FLASH_ATTN_TYPE_{attention}"
    )
    parameters.n_cache_reuse = options.cache_reuse
    # A corrected cell is mostly a copy of the one that failed: after six tokens as before, the next ones are
    # drafted from there, and verified at once. Text that is new is not drafted, and is as fast as without.
    parameters.speculative.types = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
    parameters.speculative.ngram_simple.size_n = COPIED
    parameters.speculative.ngram_simple.size_m = DRAFTED
    # The first prompt warms the model up just as well.
    parameters.warmup = False
    threads = options.threads or machine.cores()
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    return parameters


def _set_devices(parameters: Any, settings: Settings) -> None:
    """Set what runs where, and in batches of what size."""
    layers = settings["gpu_layers"]
    if layers is not None:
        parameters.n_gpu_layers = layers
        parameters.fit_params = False
        parameters.mmproj_use_gpu = layers > 0
    # Otherwise as many layers go to the GPU as fit into its memory beside the contexts (`fit_params`).
    if settings["projector"]:
        # Some models look at an image as a whole, so that all its tokens have to be in one batch.
        parameters.n_batch = parameters.n_ubatch = 512
    elif not settings["gpu"]:
        # A cancelled request ends, and a waiting one begins, between two batches.
        parameters.n_batch = parameters.n_ubatch = 256


if __name__ == "__main__":
    main()
