"""What every suite of tasks offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..agent.contracts import ChatModel
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
