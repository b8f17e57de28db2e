"""What every suite of tasks offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ..agent.contracts import ChatModel, CodeActError
from .records import Case, Played, SelfTest, Setting


class Suite(Protocol):
    """Tasks with a way to play and to judge them."""

    @property
    def name(self) -> str:
        """What results call the suite."""
        ...

    @property
    def formats(self) -> Mapping[str, Sequence[str]]:
        """The action formats there are, the default one first, for each protocol it knows."""
        ...

    async def cases(self) -> list[Case]:
        """Return the tasks, in a fixed order."""
        ...

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Play one episode, from a fresh state."""
        ...

    async def self_test(self) -> SelfTest:
        """Judge what is known to be right, without a model."""
        ...

    async def close(self) -> None:
        """Let go of whatever the suite has started."""
        ...


def open_suite(name: str, source: Path | None) -> Suite:
    """Return a suite by name, from the user's checkout if it needs one.

    Raises
    ------
    CodeActError
        When it needs one and there is none.
    """
    if name == "notebook":
        from .notebook.suite import NotebookSuite

        return NotebookSuite()
    if source is None:
        raise CodeActError(f"The {name} suite needs --source, your checkout of its repository.")
    from .api_bank import ApiBank
    from .m3tooleval import M3ToolEval
    from .mint import Mint

    suites: dict[str, Callable[[Path], Suite]] = {"api-bank": ApiBank, "m3tooleval": M3ToolEval, "mint": Mint}
    return suites[name](source)
