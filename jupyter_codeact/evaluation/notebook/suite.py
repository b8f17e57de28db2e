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
"""Deletes the user's variables; `%reset` does more and is slower."""
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
    """A data scientist's requests in a notebook whose cells have run, judged in the kernel."""

    name = "notebook"
    notes: Sequence[str] = ()
    formats: Mapping[str, Sequence[str]] = MappingProxyType(
        {"agent": ("markdown", "execute", "tools"), "smolagents": ("code",)}
    )

    def __init__(self, tasks: Sequence[NotebookTask] = TASKS) -> None:
        self._tasks = {task.name: task for task in tasks}

    async def cases(self) -> list[Case]:
        """Return the tasks."""
        return [Case(name=task.name, family=task.family) for task in self._tasks.values()]

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Let the agent work on a task. A wrong answer ends the episode."""
        task = self._tasks[case.name]
        async with playing.open_workspace() as workspace:
            await _prepare(workspace, task)

            async def judge(answer: str) -> bool:
                return await passes(workspace, task, answer)

            if setting.protocol == "smolagents":  # it does not see the notebook
                parts = [*(f"```python\n{cell}\n```" for cell in task.cells), task.request]
                return await baselines.play(workspace, "\n\n".join(parts), setting, model, judge)
            return await playing.play(workspace, task.request, setting, model, judge)

    async def self_test(self) -> SelfTest:
        """Check that each task accepts its reference, but neither its wrong attempts nor no attempt at all."""
        failed = []
        async with playing.open_workspace() as workspace:
            for task in self._tasks.values():
                attempts = [("the reference", task.reference, True), ("nothing done", Work(answer=""), False)]
                attempts += [(f"wrong attempt {n}", work, False) for n, work in enumerate(task.wrong, 1)]
                for attempt, work, right in attempts:
                    await workspace.run_hidden(_FORGET)
                    for source in (_WATCH, *task.cells):
                        await workspace.run_hidden(source)
                    if work.code:
                        await workspace.run_hidden(work.code)
                    if await passes(workspace, task, work.answer) is not right:
                        failed.append(
                            f"{task.name}: the check {'fails' if right else 'passes'} with {attempt}."
                        )
        count = len(self._tasks)
        summary = f"{count} tasks; {len(failed)} of their checks are wrong about something."
        return SelfTest(count=count, summary=summary, failed=failed)

    async def close(self) -> None:
        """Do nothing: the suite holds no resources."""


async def _prepare(workspace: playing.Workspace, task: NotebookTask) -> None:
    await workspace.run_hidden(_WATCH)
    for source in task.cells:
        await workspace.run_cell(source)


async def passes(workspace: playing.Workspace, task: NotebookTask, answer: str) -> bool:
    """Tell whether a task's check passes with this answer in the kernel's present state."""
    checked = await workspace.run_hidden(_CHECK.format(answer=answer, check=task.check))
    return any(output.get("data", {}).get("text/plain") == "True" for output in checked.outputs)
