"""Tasks that no training has seen, as a suite: of known kinds with new parameters, or of new kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from ...agent.context import history
from ...agent.contracts import ChatModel, Usage
from ...agent.events import Event, Reply
from ...evaluation.records import Case, Ending, Played, SelfTest, Setting
from ..playing import PlaySetting, open_player, play
from ..tasks import draw
from ..tasks.task import Task

HeldOut = Literal["held-out-parameters", "held-out-kinds"]
_ENDINGS: dict[str, Ending] = {
    "answered": "answered",
    "out_of_turns": "out_of_turns",
    "out_of_tokens": "out_of_tokens",
    "out_of_time": "out_of_time",
    "stuck": "stuck",
}


class HeldOutTasks:
    """Parametrised tasks of a split that is never trained on.

    Parameters
    ----------
    split : str
        ``held-out-parameters`` or ``held-out-kinds``.
    count : int
        How many are drawn.
    seed : int
        Which ones.
    kinds : sequence of str, optional
        Names of kinds; all that have tasks in the split if not given.

    Raises
    ------
    ValueError
        If a kind does not exist, or none of them has tasks in the split.
    """

    formats: Mapping[str, Sequence[str]] = MappingProxyType({"agent": ("markdown", "execute", "tools")})
    notes: Sequence[str] = ()

    def __init__(self, split: HeldOut, count: int, seed: int = 0, kinds: Sequence[str] | None = None) -> None:
        self.name: str = split
        drawn = draw(count, split=split, seed=seed, kinds=kinds)
        self._tasks: dict[str, Task] = {task.name: task for task in drawn}

    async def cases(self) -> list[Case]:
        """Return the tasks."""
        return [Case(name=task.name, family=task.kind) for task in self._tasks.values()]

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Let the agent work on a task, in a fresh kernel."""
        ways = PlaySetting(
            format=setting.format,
            guidance=setting.guidance,
            without=setting.without,
            temperature=setting.temperature,
            turns=setting.turns,
            tokens=setting.tokens,
            seconds=setting.seconds,
            reply_tokens=setting.reply_tokens,
        )
        async with open_player() as player:
            outcome = await play(player, self._tasks[case.name], lambda *_: model, ways)
        solved = not outcome.wrong
        return Played(
            strict=solved,
            success=solved,
            ending=_ENDINGS.get(outcome.ending, "failed"),
            turns=sum(isinstance(event, Reply) for event in outcome.events),
            usage=_usage(outcome.events),
            message=outcome.wrong,
            messages=history.messages(outcome.events),
        )

    async def self_test(self) -> SelfTest:
        """Return that there is nothing to test: each kind's own tests judge its solutions."""
        return SelfTest(count=len(self._tasks), summary=f"{len(self._tasks)} tasks.")

    async def close(self) -> None:
        """Do nothing: each task has closed its kernel."""


def _usage(events: Sequence[Event]) -> Usage:
    total = Usage()
    for event in events:
        if isinstance(event, Reply):
            total = total + event.usage
    return total
