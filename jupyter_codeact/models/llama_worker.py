"""The worker that runs one model with llama.cpp, as an OpenAI-compatible server on loopback."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypedDict, cast
from urllib.parse import urlsplit

from .lifeline import Lifeline


class Settings(TypedDict):
    """What the parent decides. ``context`` is in tokens, for each of ``slots`` replies at a time."""

    path: str
    name: str
    api_key: str
    context: int
    slots: int
    threads: int | None


def main() -> None:
    """Be the child process."""
    lifeline = Lifeline()
    try:
        import xllamacpp

        server = xllamacpp.Server(_parameters(xllamacpp, cast(Settings, lifeline.settings)))
    except (ImportError, RuntimeError) as error:
        lifeline.fail(str(error))
    lifeline.serve(urlsplit(server.listening_address).port or 0)


def _parameters(xllamacpp: Any, settings: Settings) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = settings["path"]
    parameters.model_alias = {settings["name"]}
    parameters.api_keys = [settings["api_key"]]
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    # Nothing but the protocol: no pages, no look into other conversations, no other origins.
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.cors_origins = ""
    parameters.cors_credentials = False
    # Every slot has a context of its own: in a shared one, conversations that together outgrow it
    # abort each other. Those without a slot keep their prefix in the prompt cache (MiB).
    parameters.n_parallel = settings["slots"]
    parameters.n_ctx = settings["slots"] * settings["context"]
    parameters.cache_ram_mib = 1024
    # A request that is called off, or another that waits, gets its turn between batches.
    parameters.n_batch = parameters.n_ubatch = 256
    # The first prompt warms up as well as a made-up one does.
    parameters.warmup = False
    threads = settings["threads"] or cores()
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    return parameters


def cores() -> int:
    """Physical cores this process may use; more threads than that slow llama.cpp down."""
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    try:  # a container's share, as "microseconds period", or "max period" for no limit
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, int(quota) // int(period))
    except (OSError, ValueError):
        pass
    return max(cores, 1)


if __name__ == "__main__":
    main()
