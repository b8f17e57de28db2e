"""What the live door is given: a model, a journal, kernels, and the user's settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..agent.gate.gate import Approval
from ..agent.run import Budget
from ..journal import SqliteJournal
from .kernel import ServerKernel
from .models import Models


@dataclass(frozen=True)
class Setup:
    """What the live door is given.

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
        The folder that the pages' notebook paths start from; it tells one server's notebooks from another's.
    budget
        What a run may spend.
    approval
        Which cells wait for approval in a notebook whose user has not chosen.
    action_format
        Name of the format that the model writes actions in.
    tools
        Functions (``"module:function"``) that are loaded into kernels for the model.
    patience
        Seconds that a run waits for a page when none shows its notebook.
    """

    models: Models
    journal: SqliteJournal
    kernels: Any
    contents: Any
    root: str
    budget: Budget = field(default_factory=Budget)
    approval: Approval = "risky"
    action_format: str = "markdown"
    tools: Sequence[str] = ()
    patience: float = 600.0

    def key(self, notebook: str) -> str:
        """Return what the journal calls a notebook."""
        return f"{self.root}/{notebook}"

    def folder(self, notebook: str) -> Path:
        """Return the folder that a notebook's kernel runs in."""
        return Path(self.root) / PurePosixPath(notebook).parent

    def kernel(self, identity: Callable[[], str | None]) -> ServerKernel:
        """Return the way to a kernel whose id may change."""
        return ServerKernel(self.kernels, identity)
