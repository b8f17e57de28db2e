"""The child process that runs one model with llama.cpp, as an OpenAI-compatible server on loopback.

It reads one line of JSON from standard input (`Settings`), loads the model, writes one line of JSON to
standard output (``{"port": 40123}``, or ``{"error": "..."}``), and serves until standard input ends,
which it does when the parent ends, however that happens.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, TypedDict
from urllib.parse import urlsplit

from . import machine


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
    parent = os.getppid()
    settings: Settings = json.loads(sys.stdin.buffer.readline())
    answer = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever else is printed belongs in the log
    _end_with_parent()
    try:
        import xllamacpp

        server = xllamacpp.Server(_parameters(xllamacpp, settings))
    except (ImportError, RuntimeError) as error:
        print(json.dumps({"error": str(error)}), file=answer)
        os._exit(1)
    print(json.dumps({"port": urlsplit(server.listening_address).port}), file=answer)
    # A process that somebody forked from the parent may hold our standard input open after its death.
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _end_with_parent() -> None:
    """End this process at once when standard input ends."""
    if sys.platform != "win32":
        # Loading a model holds the GIL for seconds, so the thread below cannot act then; the signal's
        # default action, which is to end the process, needs no Python.
        import fcntl

        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


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
    threads = settings["threads"] or machine.cores()
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    return parameters


if __name__ == "__main__":
    main()
