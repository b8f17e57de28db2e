"""``jupyter codeact lab``: JupyterLab with the agent ready, in one step."""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from ..agent.contracts import CodeActError
from ..models.engines.child import OUT_OF_REACH
from ..models.extras import install

FIRST_PORT = 8888
STARTUP = 120.0
"""Seconds JupyterLab may take until its page can be opened."""


@click.command()
@click.argument("notebook", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to serve on. Default: the first free one from 8888."
)
@click.option(
    "--model",
    help="Name of a model that `jupyter codeact models` lists, a GGUF file, or hf:owner/name/file.gguf.",
)
@click.option("--endpoint", metavar="URL", help="OpenAI-compatible server to use instead.")
@click.option("--browser/--no-browser", default=True, help="Open the page in a browser.")
def lab(
    notebook: Path | None, port: int | None, model: str | None, endpoint: str | None, browser: bool
) -> None:
    """Open JupyterLab with the agent, on NOTEBOOK or in the current folder.

    A model that is not on this machine yet is downloaded first.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise CodeActError(f"JupyterLab is not installed. Install it with: {install('lab')}")
    port = _port(port)
    if not endpoint:
        _have(model)
    root = notebook if notebook and notebook.is_dir() else (notebook or Path("x")).resolve().parent
    path = "" if notebook is None or notebook.is_dir() else f"/tree/{urllib.parse.quote(notebook.name)}"
    token = secrets.token_hex(24)
    click.echo("Starting JupyterLab …")
    signal.signal(signal.SIGTERM, _end)
    with _server(root, port, token, model, endpoint) as server:
        url = f"http://localhost:{port}/lab{path}?token={token}"
        click.echo(f"JupyterLab is ready: {url}  (Ctrl-C ends it)")
        if browser:
            webbrowser.open(url)
        raise SystemExit(server.wait())


def _port(wanted: int | None) -> int:
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe:
            # On Windows, SO_REUSEADDR is to share a port that another program listens at.
            option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
            probe.setsockopt(socket.SOL_SOCKET, option, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    if wanted:
        raise CodeActError(
            f"Port {wanted} is in use or not allowed. Choose another with --port (make lab PORT=…), "
            "or leave it out to take a free one."
        )
    raise CodeActError(f"No port from {FIRST_PORT} to {FIRST_PORT + 99} is free. Choose one with --port.")


@contextmanager
def _server(
    root: Path, port: int, token: str, model: str | None, endpoint: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the JupyterLab process; it ends when this one does."""
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"),
        *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={root.resolve()}"),
        *("--Application.log_level=WARN", "--CodeActExtension.open_panel=True"),
        *([f"--CodeActExtension.model={_model(model)}"] if model else []),
        *([f"--CodeActExtension.endpoint={endpoint}"] if endpoint else []),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]
    with tempfile.TemporaryDirectory() as folder:
        # a file that is gone before a kernel starts: neither `ps` nor a kernel shows the token
        secret = Path(folder, "token")
        secret.touch(mode=0o600)
        secret.write_text(token)
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            command,
            env=os.environ | {"JUPYTER_TOKEN_FILE": str(secret)},
            stdin=subprocess.DEVNULL,
            **OUT_OF_REACH,
        )
        try:
            _await_page(process, f"http://127.0.0.1:{port}/lab", token)
        except BaseException:
            process.terminate()
            raise
    try:
        yield process
    except KeyboardInterrupt:
        click.echo("\nJupyterLab has ended.")
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _have(model: str | None) -> None:
    """Download the model if it is not here yet; by default the one that suits the machine.

    Where nothing is installed that would run it, JupyterLab opens without one: the page says what to do.
    """
    from ..models.catalog import hub, store
    from ..models.catalog.auto import choose
    from ..models.catalog.catalog import find
    from ..models.catalog.machine import look
    from .models import fetch

    if (why := look().llama_missing) and model is None:
        click.echo(f"No model of this machine can run: {why}. Install that, or choose an endpoint.", err=True)
        return
    if model is not None and hub.is_reference(model):
        reference = hub.parse(model)
        if hub.local(reference) is None:
            fetch(hub.describe(reference))
        return
    if model is not None and model.endswith(".gguf"):
        if not Path(model).is_file():
            raise click.UsageError(f"There is no file {model}; give the path of a .gguf file.")
        return
    try:
        entry = find(model) if model else choose(look(), store.is_here).model
    except CodeActError as error:
        raise click.UsageError(str(error)) from error
    fetch(entry)


def _model(model: str) -> str:
    return str(Path(model).resolve()) if Path(model).is_file() else model


def _await_page(server: subprocess.Popen[bytes], url: str, token: str) -> None:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})  # noqa: S310 - http
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CodeActError("JupyterLab ended before its page could be opened; the lines above say why.")
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - http
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise CodeActError(f"JupyterLab did not come up within {STARTUP:.0f} seconds.")
