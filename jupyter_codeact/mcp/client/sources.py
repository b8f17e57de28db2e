"""Where MCP servers are named: the configuration, JupyterLab's settings, a file beside the notebook."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...lab_settings import read_settings
from ...models.private import PrivateFile, data_folder
from .configuration import FILE, MOST_BYTES, McpError, ServerConfig, parse, read_servers


@dataclass(frozen=True)
class Proposal:
    """What a `.mcp.json` asks for.

    Attributes
    ----------
    path : Path
        The file.
    digest : str
        What a confirmation is bound to: the folder and the content, as a SHA-256 in hexadecimal.
    servers : dict
        The servers it names; none if it is not valid.
    problem : str
        What is wrong with it.
    """

    path: Path
    digest: str
    servers: dict[str, ServerConfig] = field(default_factory=dict)
    problem: str = ""

    def describe(self) -> list[str]:
        """Return a line for each server: what would be started or reached, with what."""
        return [f"{name}: {describe(server)}" for name, server in self.servers.items()]


@dataclass(frozen=True)
class Sources:
    """The servers of a notebook.

    Attributes
    ----------
    servers : dict
        Those that may be started.
    origins : dict
        Where each was named: ``"configuration"``, ``"settings"`` or ``"file"``.
    proposal : Proposal, optional
        What waits for the user's confirmation.
    problems : list of str
        What could not be read.
    """

    servers: dict[str, ServerConfig] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    proposal: Proposal | None = None
    problems: list[str] = field(default_factory=list)


class Confirmations:
    """The proposals that the user has confirmed, in a file of their data folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = PrivateFile((folder or data_folder()) / "mcp-confirmed.json")

    def has(self, proposal: Proposal) -> bool:
        """Tell whether exactly this content was confirmed in this folder."""
        return proposal.digest in self._file.read()

    def add(self, proposal: Proposal) -> None:
        """Confirm a proposal."""
        with self._file.change() as confirmed:
            confirmed[proposal.digest] = str(proposal.path)


def describe(server: ServerConfig) -> str:
    """Return what is started or reached, for the user who is to confirm it, with nothing in it unseen."""
    parts = [server.what]
    if server.env:
        parts.append("with " + " ".join(f"{name}={value}" for name, value in server.env.items()))
    if server.headers:
        parts.append("with " + ", ".join(f"{name}: {value}" for name, value in server.headers.items()))
    if server.cwd:
        parts.append(f"in {server.cwd}")
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in " ".join(parts)
    )


def find(configured: Mapping[str, Any], folder: Path, settings: Path | None = None) -> Sources:
    """Return the servers of a notebook in ``folder``.

    Of two with the same name, the configuration's counts, then the settings'. A file that is not confirmed
    adds none.

    Parameters
    ----------
    configured
        The configuration's, in the form of ``.mcp.json``.
    folder
        The notebook's folder.
    settings
        The folder of the user's settings for JupyterLab; by default where JupyterLab keeps them.
    """
    found = Sources()
    try:
        _add(found, read_servers(configured, "The configuration"), "configuration")
    except McpError as error:
        found.problems.append(str(error))
    of_lab = read_settings(settings)
    try:
        if of_lab.problem:
            raise McpError(of_lab.problem)
        _add(found, read_servers({"mcpServers": of_lab.servers}, "The settings"), "settings")
    except McpError as error:
        found.problems.append(str(error))
    proposal = propose(folder)
    if proposal is None:
        return found
    if proposal.problem:
        found.problems.append(proposal.problem)
    elif Confirmations().has(proposal):
        # A file may come from anybody: who is asked about its tools is the user's to say.
        _add(
            found, {n: s.model_copy(update={"always_allow": []}) for n, s in proposal.servers.items()}, "file"
        )
    elif any(name not in found.servers for name in proposal.servers):
        return Sources(found.servers, found.origins, proposal, found.problems)
    return found


def _add(sources: Sources, servers: Mapping[str, ServerConfig], origin: str) -> None:
    for name, server in servers.items():
        if name not in sources.servers:
            sources.servers[name] = server
            sources.origins[name] = origin


def propose(folder: Path) -> Proposal | None:
    """Return what the ``.mcp.json`` of a folder asks for; nothing is started because of it."""
    path = folder / FILE
    if path.exists() and not path.is_file():  # a pipe would make the notebook wait
        return Proposal(path, "", problem=f"{path} is no regular file.")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Proposal(path, "", problem=f"{path} cannot be read: {error.strerror or error}.")
    # the folder in which its commands run, wherever a link to the file leads
    place = str(folder.resolve() / FILE).encode("utf-8", "surrogateescape")
    digest = hashlib.sha256(place + b"\0" + content).hexdigest()
    try:
        return Proposal(path, digest, parse(content, str(path)))
    except McpError as error:
        return Proposal(path, digest, problem=str(error))
