"""What a place with notebooks offers to other agents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...agent.contracts import Cell, NotebookCell, NotebookState
from ...agent.events import RunEnded
from .run import AgentRun

CONNECTION = "codeact-connection"
"""The header that tells two clients of one name apart, where the protocol has no sessions."""
Progress = Callable[[str], Awaitable[None]]
"""Tells a client, in a sentence, how far a call is."""


@dataclass(frozen=True)
class Client:
    """An agent that calls: its name, and what tells it from another of that name."""

    name: str
    connection: str = ""


@dataclass(frozen=True)
class Listed:
    """A notebook in a list; ``notes`` say whether it is open, has a kernel, or somebody works in it."""

    path: str
    notes: tuple[str, ...] = ()


class OpenNotebook(Protocol):
    """A notebook that an agent works in. Every method may raise `CodeActError` with a sentence."""

    @property
    def path(self) -> str:
        """The notebook's path, as a client names it."""
        ...

    async def state(self, *, brief: bool = False) -> NotebookState:
        """Return the cells, and unless ``brief`` the outputs and the variables."""
        ...

    async def read_cell(self, cell_id: str) -> NotebookCell:
        """Return a complete cell."""
        ...

    def secrets(self) -> Mapping[str, str]:
        """Return the secrets in the kernel's environment, as far as they are known."""
        ...

    def run_of(self, client: Client) -> AgentRun | None:
        """Return the run of a client that is under way, if there is one."""
        ...

    async def begin(self, client: Client) -> AgentRun:
        """Return the run of a client that is under way, or begin one.

        Raises
        ------
        CodeActError
            If somebody else is at work in the notebook.
        """
        ...

    async def interrupt(self, client: Client) -> None:
        """Interrupt the cell of a client's that runs; those of others are not the client's to end."""
        ...

    async def undo(self, client: Client) -> str:
        """Undo the last run of a client that is not undone, and say what was done."""
        ...

    async def check(self, cells: Sequence[Cell], progress: Progress) -> str:
        """Run cells in a fresh kernel, and say whether they show what they showed."""
        ...

    def would_ask(self, cell: Cell, state: NotebookState) -> list[str]:
        """Return why a cell would have to wait for the user before it runs; nothing if it would not."""
        ...

    async def ask(self, client: Client, task: str, progress: Progress) -> RunEnded:
        """Let our own agent do a task."""
        ...


class Notebooks(Protocol):
    """A place with notebooks: a Jupyter server, or one file."""

    async def listed(self, folder: str) -> Sequence[Listed]:
        """Return the notebooks in a folder and below it."""
        ...

    async def open(self, path: str, *, create: bool = False) -> OpenNotebook:
        """Return a notebook, with a kernel; ``path`` may be empty if there is no doubt which one is meant.

        Raises
        ------
        CodeActError
            If there is none.
        """
        ...
