"""Ports for servers that tests start."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_server(url: str, process: subprocess.Popen[Any], log: Callable[[], str]) -> None:
    """Wait until a server process answers; if it does not, fail with its log."""
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except urllib.error.URLError:
            alive = process.poll() is None and time.monotonic() < deadline
            assert alive, f"The server did not start:\n{log()}"
            time.sleep(0.1)
