"""The notebooks of this server, for other agents: found, created, and given a kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.gateway.managers import GatewayKernelManager
from tornado.web import HTTPError

from ..agent.contracts import CodeActError
from ..mcp.server.notebooks import Listed
from ..notebooks.kernelspecs import is_python
from .conversations import Conversations
from .other_agents import ServedNotebook
from .tasks import TaskSet

MOST_LISTED, MOST_FOLDERS = 200, 300
"""Notebooks in a list, and folders that are looked into for it."""
KERNEL_SECONDS = 60.0
"""Seconds that a kernel may take to start."""


class ServedNotebooks:
    """Finds notebooks for other agents, and gives them kernels.

    Parameters
    ----------
    conversations
        The sessions of this server's notebooks.
    sessions
        Jupyter's session manager: which notebook has which kernel, for every page.
    kernelspecs
        Jupyter's kernelspec manager.
    """

    def __init__(self, conversations: Conversations, sessions: Any, kernelspecs: Any) -> None:
        self._conversations, self._setup = conversations, conversations.setup
        self._jupyter_sessions, self._kernelspecs = sessions, kernelspecs
        self._starting = asyncio.Lock()
        self._tasks = TaskSet()

    async def close(self) -> None:
        """End the runs of other agents."""
        await self._tasks.close()

    async def listed(self, folder: str) -> Sequence[Listed]:
        """Return the notebooks in a folder and below it."""
        kernels = {session["path"]: session["kernel"] for session in await self._sessions()}
        waiting, found, seen = [_clean(folder)], list[Listed](), 0
        while waiting and seen < MOST_FOLDERS and len(found) < MOST_LISTED:
            seen += 1
            for entry in await self._entries(waiting.pop(0), is_first=seen == 1):
                path = str(entry["path"]).strip("/")
                if entry["type"] == "directory":
                    waiting.append(path)
                elif entry["type"] == "notebook":
                    found.append(Listed(path, tuple(self._notes(path, kernels.get(path)))))
        return found[:MOST_LISTED]

    async def open(self, path: str, *, create: bool = False) -> ServedNotebook:
        """Return a notebook, with a kernel; without a path, the one that is open."""
        path = _clean(path) or self._only_one()
        await self._require(path, create=create)
        session = await self._conversations.session(path)
        if not session.is_shown or session.kernel_id is None:
            session.kernel_id = await self._kernel(path)
        return ServedNotebook(self._conversations, session, self._tasks)

    def _only_one(self) -> str:
        """Return the path of the notebook that is meant where none is named."""
        shown = [session.notebook for session in self._conversations.sessions if session.is_shown]
        if len(shown) == 1:
            return shown[0]
        if shown:
            raise CodeActError(f"Say which notebook you mean; these are open: {', '.join(sorted(shown))}.")
        raise CodeActError("No notebook is open. Name one as list_notebooks shows it.")

    async def _require(self, path: str, *, create: bool) -> None:
        """Raise unless there is a notebook at a path below the server's folder."""
        if ".." in PurePosixPath(path).parts or not path.endswith(".ipynb"):
            raise CodeActError(
                f"{path!r} is no notebook here. Give a path below Jupyter's folder that ends in .ipynb, as "
                "list_notebooks shows it."
            )
        contents = self._setup.contents
        try:
            if not await ensure_async(contents.file_exists(path)):
                if not create:
                    raise CodeActError(
                        f"There is no notebook {path!r} in Jupyter's folder. list_notebooks shows those that "
                        "there are; open_notebook creates one with create=true."
                    )
                await ensure_async(contents.new({"type": "notebook"}, path))
            model = await ensure_async(contents.get(path, content=False))
        except HTTPError as error:
            raise CodeActError(f"{path!r} cannot be opened: {error.log_message or error.reason}.") from error
        if model["type"] != "notebook":
            raise CodeActError(f"{path!r} is a {model['type']}, no notebook.")

    async def _kernel(self, path: str) -> str:
        """Return the kernel of a notebook, started if it has none."""
        async with self._starting:
            for session in await self._sessions():
                if session["path"] == path and session["kernel"]["id"] in self._setup.kernels:
                    return str(session["kernel"]["id"])
            name = await self._kernel_name(path)
            try:
                created = await self._jupyter_sessions.create_session(
                    path=path, name=PurePosixPath(path).name, type="notebook", kernel_name=name
                )
                kernel = str(created["kernel"]["id"])
                await self._until_ready(kernel)
            except CodeActError:
                raise
            except Exception as error:
                raise CodeActError(f"The kernel “{name}” could not be started: {error}") from error
            return kernel

    async def _kernel_name(self, path: str) -> str:
        """Return the name of a notebook's own kernelspec, or the server's default."""
        try:
            model = await ensure_async(self._setup.contents.get(path, content=True, type="notebook"))
        except HTTPError as error:
            raise CodeActError(f"{path!r} cannot be opened: {error.log_message or error.reason}.") from error
        asked = model["content"].metadata.get("kernelspec", {}).get("name")
        specs = await ensure_async(self._kernelspecs.get_all_specs())
        name = asked if asked in specs else self._setup.kernels.default_kernel_name
        language = specs.get(name, {}).get("spec", {}).get("language", "python")
        if not is_python(language):
            raise CodeActError(
                f"{path!r} is for the kernel “{name}”, which runs {language}; CodeAct works with Python."
            )
        return str(name)

    async def _until_ready(self, kernel: str) -> None:
        """Wait until a kernel that was just started answers."""
        manager = self._setup.kernels.get_kernel(kernel)
        if isinstance(manager, GatewayKernelManager):
            return
        client = manager.client()
        client.start_channels(stdin=False, hb=False, control=False)
        try:
            await client.wait_for_ready(timeout=KERNEL_SECONDS)
        finally:
            client.stop_channels()

    async def _sessions(self) -> Sequence[dict[str, Any]]:
        sessions: Sequence[dict[str, Any]] = await ensure_async(self._jupyter_sessions.list_sessions())
        return sessions

    async def _entries(self, folder: str, *, is_first: bool) -> Sequence[dict[str, Any]]:
        try:
            model = await ensure_async(self._setup.contents.get(folder, content=True, type="directory"))
        except HTTPError as error:
            if is_first:
                raise CodeActError(f"There is no folder {folder!r} in Jupyter's folder.") from error
            return []
        return sorted(model["content"], key=lambda entry: str(entry["path"]))

    def _notes(self, path: str, kernel: dict[str, Any] | None) -> list[str]:
        """Say what is going on in a notebook."""
        session = next((one for one in self._conversations.sessions if one.notebook == path), None)
        notes = ["open in JupyterLab"] if session and session.is_shown else []
        if kernel:
            notes.append(f"has a kernel ({kernel.get('execution_state') or 'unknown'})")
        if session and session.running:
            who = session.other_agent.client if session.other_agent else "CodeAct"
            notes.append(f"{who} is at work")
        return notes


def _clean(path: str) -> str:
    return path.strip().strip("/")
