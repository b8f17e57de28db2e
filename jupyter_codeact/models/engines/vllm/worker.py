"""The child process that runs one model with vLLM's own server, on loopback.

It receives its `Settings` and reports as `child.Child` describes. The server is a process of its own in the
same process group, so that it ends with this one.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypedDict

import psutil

from ..child import Child
from .guard import KEY_VARIABLE, Guard

_POLL_SECONDS = 0.3
_RANKS = (8, 16, 32, 64, 128, 256, 512)
"""Ranks of adapters for which vLLM can make room."""


class Settings(TypedDict):
    """What the parent process decides.

    ``context`` is in tokens; ``memory_share`` is the share of each GPU that vLLM may take; ``gpus`` is over
    how many the model is spread, 0 for the CPU; ``replies`` are written at a time; ``adapter`` is a folder,
    or empty.
    """

    path: str
    name: str
    api_key: str
    context: int
    dtype: str
    quantization: str
    memory_share: float
    gpus: int
    replies: int
    adapter: str


def main() -> None:
    """Run the child process."""
    child = Child()
    settings: Settings = child.settings
    try:
        port = _free_port()
        server = subprocess.Popen(  # noqa: S603 - vLLM's own command
            [sys.executable, "-P", "-m", "vllm.entrypoints.cli.main", "serve", *arguments(settings, port)],
            stdin=subprocess.DEVNULL,
            env=environment(settings, os.environ),
        )
    except (OSError, ValueError) as error:
        child.fail(str(error))
    threading.Thread(target=child.wait_for_parent, daemon=True).start()
    while not _is_ready(server, port, settings["api_key"]):
        if server.poll() is not None:
            child.fail(f"vLLM ended while it was starting (exit code {server.returncode})")
        time.sleep(_POLL_SECONDS)
    child.report(port=port)
    # What it said last is in the log, which the parent reads.
    os._exit(server.wait() or 1)


def arguments(settings: Settings, port: int) -> list[str]:
    """Return the arguments of ``vllm serve``.

    Raises
    ------
    ValueError
        If the adapter cannot be used, with a sentence for the user.
    """
    path, name = Path(settings["path"]), settings["name"]
    found = ["--model", str(path), "--host", "127.0.0.1", "--port", str(port)]
    found += ["--max-model-len", str(min(settings["context"], _trained_for(path) or settings["context"]))]
    found += ["--max-num-seqs", str(settings["replies"]), "--dtype", settings["dtype"]]
    found += ["--gpu-memory-utilization", f"{settings['memory_share']:.3f}"]
    found += ["--tensor-parallel-size", str(max(settings["gpus"], 1))]
    if not settings["gpus"]:  # to compile for a CPU takes minutes at each start
        found += ["--enforce-eager"]
    if settings["quantization"] == "4bit":
        found += ["--quantization", "bitsandbytes"]
    if adapter := settings["adapter"]:
        # A request for the model's name gets the model with its adapter.
        rank = next((rank for rank in _RANKS if rank >= _rank(adapter)), _RANKS[-1])
        found += ["--served-model-name", f"{name}-base", "--enable-lora", "--max-lora-rank", str(rank)]
        found += ["--lora-modules", json.dumps({"name": name, "path": adapter})]
    else:
        found += ["--served-model-name", name]
    # The client sends what the model's folder recommends, and asks how much of a prompt was cached.
    found += ["--generation-config", "vllm", "--enable-prompt-tokens-details"]
    # Nothing but the protocol: no pages, no other origins, and nothing is fetched for a request.
    found += ["--middleware", f"{Guard.__module__}.{Guard.__qualname__}", "--disable-fastapi-docs"]
    found += ["--allowed-origins", "[]", "--allowed-media-domains", "none.invalid"]
    return [*found, "--disable-uvicorn-access-log"]


def environment(settings: Settings, current: Mapping[str, str]) -> dict[str, str]:
    """Return the server's environment: with the key, which a list of processes would show, and silent."""
    return {
        **current,
        KEY_VARIABLE: settings["api_key"],
        # The model is here, so nothing has to be asked or sent.
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def _trained_for(path: Path) -> int | None:
    """Return the longest context that a model was trained for, if its folder says so."""
    config = _read(path / "config.json")
    text = config.get("text_config")
    found = (text if isinstance(text, dict) else config).get("max_position_embeddings")
    return found if isinstance(found, int) and found > 0 else None


def _rank(adapter: str) -> int:
    config = Path(adapter) / "adapter_config.json"
    if not config.is_file():
        raise ValueError(f"There is no PEFT adapter in {adapter}: it has no adapter_config.json.")
    found = _read(config).get("r")
    return found if isinstance(found, int) else _RANKS[0]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _is_ready(server: subprocess.Popen[bytes], port: int, api_key: str) -> bool:
    """Tell whether the server answers, and that it is ours: another program may have taken the port."""
    with suppress(psutil.Error):
        process = psutil.Process(server.pid)
        for each in (process, *process.children(recursive=True)):
            if any(c.laddr and c.laddr.port == port for c in each.net_connections("tcp4")):
                return _is_healthy(port, api_key)
    return False


def _is_healthy(port: int, api_key: str) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/health", headers={"Authorization": f"Bearer {api_key}"}
    )
    # No proxy for loopback, whatever the environment says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


if __name__ == "__main__":
    main()
