"""``jupyter codeact mcp``: other agents in the notebook, over standard input and output."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import click

from ..options import RunOptions

if TYPE_CHECKING:
    from ..agent.gate.setting import Approval
    from ..mcp.server.proxy import Address

TOKEN_VARIABLE = "JUPYTER_TOKEN"  # noqa: S105 - its name
NOT_INSTALLED = "This needs the package mcp: pip install 'jupyter-codeact[mcp]'."


@click.command()
@click.argument("notebook", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--approval",
    metavar="WHICH",
    help="Which cells wait for approval when no Jupyter server runs: always, risky (the default) or never. "
    "Nobody can approve one there, so a cell that waits does not run.",
)
@click.option(
    "--server",
    metavar="URL",
    help="The Jupyter server to work in; its token may stand in the URL (?token=…) or in JUPYTER_TOKEN. By "
    "default the running server whose folder has the notebook, or the current folder.",
)
@click.option("--model", metavar="NAME", help="The model of our own agent, when no Jupyter server runs.")
@click.option(
    "--endpoint", metavar="URL|NAME", help="Its OpenAI-compatible server instead, by address or saved name."
)
@click.option("--headless", is_flag=True, help="Work in NOTEBOOK itself, even if a Jupyter server runs.")
def mcp(
    notebook: Path | None,
    approval: str | None,
    server: str | None,
    model: str | None,
    endpoint: str | None,
    headless: bool,
) -> None:
    """Let another agent work in the notebook: an MCP server on standard input and output.

    Claude Code, Codex, VS Code and other MCP clients start this command. With a running Jupyter server, the
    agent works in the notebooks there, and the user sees and approves what it does in JupyterLab. Without
    one, it works in NOTEBOOK, with a kernel of its own.
    """
    try:
        import mcp as _sdk  # noqa: F401
    except ImportError:
        raise click.ClickException(NOT_INSTALLED) from None
    if headless and (notebook is None or server is not None):
        raise click.UsageError("--headless needs a NOTEBOOK, and no --server.")
    if notebook is not None and notebook.suffix != ".ipynb":
        raise click.UsageError(f"{notebook} is no notebook: its name must end in .ipynb.")
    if notebook is not None and server is None and (headless or not _servers(_folder(notebook))):
        options = RunOptions(approval=_read_approval(approval), model=model, endpoint=endpoint)
        asyncio.run(_serve_file(notebook, options))
        return
    if (approval, model, endpoint) != (None, None, None):
        note = "--approval, --model and --endpoint count only without a Jupyter server, which has its own."
        click.echo(note, err=True)
    asyncio.run(_serve_proxy(notebook, server))


def _read_approval(word: str | None) -> Approval | None:
    from ..approval import understand

    try:
        return None if word is None else understand(word, lambda note: click.echo(note, err=True))
    except ValueError as error:
        raise click.UsageError(str(error)) from None


async def _serve_file(notebook: Path, options: RunOptions) -> None:
    from ..mcp.server.headless import NotebookInFile
    from ..mcp.server.tools import build_server

    async with NotebookInFile(notebook, options) as opened:
        await build_server(opened).run_stdio_async()


async def _serve_proxy(notebook: Path | None, url: str | None) -> None:
    from mcp.server.stdio import stdio_server

    from ..mcp.server.proxy import build_proxy
    from ..mcp.server.tools import build_server

    tools: Any = build_server(None)  # type: ignore[arg-type]  # only its tools are shown
    server = build_proxy(tools, lambda: _find(notebook, url))
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _find(notebook: Path | None, url: str | None) -> Address:
    """Return the Jupyter server to work in.

    Raises
    ------
    CodeActError
        If there is none.
    """
    from ..agent.contracts import CodeActError
    from ..mcp.server.proxy import Address

    if url is not None:
        parts = urlsplit(url)
        token = parse_qs(parts.query).get("token", [os.environ.get(TOKEN_VARIABLE, "")])[0]
        path = parts.path.removesuffix("lab").removesuffix("tree")
        return Address(urlunsplit((parts.scheme, parts.netloc, path, "", "")), token, _named(notebook))
    folder = _folder(notebook)
    servers = _servers(folder)
    if not servers:
        raise CodeActError(
            f"No Jupyter server runs for the folder {folder}. Start JupyterLab there and call again, or name "
            "a notebook: jupyter codeact mcp NOTEBOOK."
        )
    best = max(servers, key=lambda one: len(one["root_dir"]))
    relative = "" if notebook is None else notebook.resolve().relative_to(_root(best)).as_posix()
    return Address(best["url"], best["token"], relative)


def _named(notebook: Path | None) -> str:
    """Return a notebook's path on a server whose folder is not known: as the user wrote it."""
    return "" if notebook is None else notebook.as_posix()


def _folder(notebook: Path | None) -> Path:
    return Path.cwd() if notebook is None else notebook.resolve().parent


def _root(server: dict[str, Any]) -> Path:
    return Path(server["root_dir"]).resolve()


def _servers(folder: Path) -> Sequence[dict[str, Any]]:
    """Return the user's running Jupyter servers whose folder has another one in it."""
    from jupyter_server.serverapp import list_running_servers

    return [one for one in list_running_servers() if folder.resolve().is_relative_to(_root(one))]
