"""Programs outside the kernel whose tools are functions in it; to the agent, whatever they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pydantic import Field

from .contracts import Frozen


class ToolServer(Frozen):
    """A program outside the kernel whose tools are functions in it.

    Attributes
    ----------
    name : str
        Its name in the user's configuration.
    module : str
        The name in the kernel that has its functions as attributes; empty if none could be defined.
    tools : list of str
        The functions.
    destructive : list of str
        Those that may change or delete something, by their own word.
    problem : str
        Why it, or one of its tools, cannot be used; empty if all is well.
    """

    name: str
    module: str = ""
    tools: list[str] = Field(default_factory=list)
    destructive: list[str] = Field(default_factory=list)
    problem: str = ""


class ServerDefinitions(Frozen):
    """Servers that have been started, and what a kernel needs to define their functions, in JSON's types."""

    servers: list[ToolServer]
    kernel: dict[str, Any]


class ToolServers(Protocol):
    """Programs outside the kernel, started for it, whose tools are functions in it."""

    @property
    def connected(self) -> Sequence[ToolServer]:
        """The servers as `defined` has told last."""
        ...

    @property
    def changed(self) -> bool:
        """Whether a server that runs has other functions than `connect` has told last."""
        ...

    async def connect(self) -> ServerDefinitions:
        """Start those that do not run, and tell what functions they have."""
        ...

    def defined(self, servers: list[ToolServer]) -> None:
        """Learn the names that the servers have in the kernel."""
        ...

    def cell(self, allowed: Collection[str] | None) -> AbstractContextManager[None]:
        """Tell that a cell of the agent's runs, and which destructive functions it may call.

        Each is written as ``module.function``; ``None`` stands for all.
        """
        ...
