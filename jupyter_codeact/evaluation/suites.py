"""The interface of suites of tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ..agent.contracts import ChatModel, CodeActError
from .records import Case, Played, SelfTest, Setting


class Suite(Protocol):
    """A suite: tasks, and how to play and judge them."""

    @property
    def name(self) -> str:
        """The suite's name in results."""
        ...

    @property
    def formats(self) -> Mapping[str, Sequence[str]]:
        """The action formats of each protocol that the suite knows, the default first."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Sentences about what the user's checkout lacks, once `cases` has been called."""
        ...

    async def cases(self) -> list[Case]:
        """Return the tasks, in a fixed order."""
        ...

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Play one episode, from a fresh state."""
        ...

    async def self_test(self) -> SelfTest:
        """Judge known right answers, without a model."""
        ...

    async def close(self) -> None:
        """End what the suite has started."""
        ...


def open_suite(name: str, source: Path | None) -> Suite:
    """Return a suite by name, from the user's checkout if it needs one.

    Raises
    ------
    CodeActError
        If it needs a checkout and there is none.
    """
    if name == "notebook":
        from .notebook.suite import NotebookSuite

        return NotebookSuite()
    if source is None:
        raise CodeActError(f"The {name} suite needs --source, your checkout of its repository.")
    from .api_bank import ApiBank
    from .dabench import DABench
    from .dseval import DSEval
    from .m3tooleval import M3ToolEval
    from .mint import Mint

    suites: dict[str, Callable[[Path], Suite]] = {
        "api-bank": ApiBank,
        "dabench": DABench,
        "dseval": DSEval,
        "m3tooleval": M3ToolEval,
        "mint": Mint,
    }
    return suites[name](source)
