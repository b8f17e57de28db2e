"""What the server extension gives its conversations: models, a journal, kernels and the user's settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..agent.project import Project
from ..journal import SqliteJournal
from ..notebooks.project import ProjectFolders
from ..options import RunOptions
from .kernel import ServerKernel
from .models import Models


@dataclass(frozen=True)
class Setup:
    """What conversations and runs are set up with.

    Parameters
    ----------
    models
        The models that runs use.
    journal
        Where events are kept.
    kernels
        The server's kernel manager.
    contents
        The server's contents manager.
    root
        The folder that the notebooks' paths start from; it tells one server's notebooks from another's.
    options
        How runs are to be done, where the user has not chosen otherwise for a notebook or a task.
    reconnect_seconds
        How long a run waits for a page when none shows its notebook.
    project
        Where instructions and skills for the agent are looked for.
    read_ahead
        Whether a model of this machine reads a notebook before the user asks.
    """

    models: Models
    journal: SqliteJournal
    kernels: Any
    contents: Any
    root: str
    options: RunOptions = field(default_factory=RunOptions)
    reconnect_seconds: float = 600.0
    project: ProjectFolders = field(default_factory=ProjectFolders)
    read_ahead: bool = True

    def key(self, notebook: str) -> str:
        """Return the journal's name for a notebook."""
        return f"{self.root}/{notebook}"

    def folder(self, notebook: str) -> Path:
        """Return the folder that a notebook's kernel runs in."""
        return Path(self.root) / PurePosixPath(notebook).parent

    async def read_project(self, notebook: str) -> Project:
        """Return the instructions and skills that hold for a notebook."""
        return await self.project.read(self.folder(notebook)) if self.options.project else Project()

    def kernel(self, kernel_id: Callable[[], str | None]) -> ServerKernel:
        """Return the access to a kernel whose id may change."""
        return ServerKernel(self.kernels, kernel_id)
