"""The notebook benchmark as a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ...agent.contracts import ChatModel
from .. import baselines, playing
from ..records import Case, Played, SelfTest, Setting
from . import TASKS
from .task import NotebookTask, Work

_WATCH = "from jupyter_codeact.evaluation.notebook import checking as _checking\n_checking.watch_figures()\ndel _checking"
_FORGET = """\
for _name in [one for one in globals() if not one.startswith("_")]:
    if _name not in ("In", "Out", "exit", "get_ipython", "open", "quit"):
        del globals()[_name]"""
"""What the user sees is gone; `%reset` does more than that, and takes its time."""
_CHECK = """\
def _judge():
    namespace = dict(globals())
    exec("from jupyter_codeact.evaluation.notebook.checking import *", namespace)
    namespace["ANSWER"] = {answer!r}
    try:
        exec({check!r}, namespace)
    except Exception:
        return False
    return True
_judge()"""


class NotebookSuite:
    """What a data scientist asks for, in a notebook with cells that have run; judged in the kernel."""

    name = "notebook"
    formats: Mapping[str, Sequence[str]] = MappingProxyType(
        {"agent": ("markdown", "execute", "tools"), "smolagents": ("code",)}
    )

    def __init__(self, tasks: Sequence[NotebookTask] = TASKS) -> None:
        self._tasks = {task.name: task for task in tasks}

    async def cases(self) -> list[Case]:
        """Return the tasks."""
        return [Case(name=task.name, family=task.family) for task in self._tasks.values()]

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Let the agent work on a task. A wrong answer ends the episode: here nobody tells."""
        task = self._tasks[case.name]
        async with playing.bench() as bench:
            await _prepare(bench, task)

            async def judge(answer: str) -> bool:
                return await passes(bench, task, answer)

            if setting.protocol == "smolagents":  # which does not see the notebook
                told = [*(f"```python\n{cell}\n```" for cell in task.cells), task.request]
                return await baselines.play(bench, "\n\n".join(told), setting, model, judge)
            return await playing.play(bench, task.request, setting, model, judge)

    async def self_test(self) -> SelfTest:
        """See that each check passes with its reference, and with nothing done or something wrong does not."""
        failed = []
        async with playing.bench() as bench:
            for task in self._tasks.values():
                attempts = [("the reference", task.reference, True), ("nothing done", Work(answer=""), False)]
                attempts += [(f"wrong attempt {n}", work, False) for n, work in enumerate(task.wrong, 1)]
                for what, work, right in attempts:
                    await bench.hidden(_FORGET)
                    for source in (_WATCH, *task.cells):
                        await bench.hidden(source)
                    if work.code:
                        await bench.hidden(work.code)
                    if await passes(bench, task, work.answer) is not right:
                        failed.append(f"{task.name}: the check {'fails' if right else 'passes'} with {what}.")
        count = len(self._tasks)
        summary = f"{count} tasks; {len(failed)} of their checks are wrong about something."
        return SelfTest(count=count, summary=summary, failed=failed)

    async def close(self) -> None:
        """Nothing is kept."""


async def _prepare(bench: playing.Bench, task: NotebookTask) -> None:
    await bench.hidden(_WATCH)
    for source in task.cells:
        await bench.cell(source)


async def passes(bench: playing.Bench, task: NotebookTask, answer: str) -> bool:
    """Tell whether a task's check passes in the kernel as it is now, with this answer."""
    checked = await bench.hidden(_CHECK.format(answer=answer, check=task.check))
    return any(output.get("data", {}).get("text/plain") == "True" for output in checked.outputs)
