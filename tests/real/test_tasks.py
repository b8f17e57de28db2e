"""The default model, as a new user has it: small tasks on real data, worked on in a real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_codeact.agent.agent import Agent
from jupyter_codeact.agent.run import Budget
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.models.open import LocalModel
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.real.tasks import TASKS, Task

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]


async def solves(model: LocalModel, task: Task, folder: Path) -> str:
    """Give the agent a task and return what became of it, ``"solved"`` if the check holds."""
    journal = SqliteJournal(folder / "journal.sqlite")
    async with HeadlessNotebook(output=folder / "out.ipynb") as notebook:
        if task.before:
            cell = await notebook.write_cell(task.before)
            assert (await notebook.run_cell(cell, source=task.before)).status == "ok"
        agent = Agent(model, notebook, journal, budget=Budget(turns=8, seconds=300))
        end = await agent.run(journal.begin(task.name), task.request, title=task.name)
        check = f"assert {task.check}"
        checked = await notebook.run_cell(await notebook.write_cell(check), source=check)
    journal.close()
    if checked.status == "ok" and end.ending == "answered":
        return "solved"
    return f"{end.ending}: {end.answer or end.message} {checked.outputs}"


async def test_two_of_three_tasks_are_solved(model: LocalModel, tmp_path: Path) -> None:
    results: dict[str, str] = {}
    for number, task in enumerate(TASKS):
        if list(results.values()).count("solved") < 2:
            (folder := tmp_path / str(number)).mkdir()
            results[task.name] = await solves(model, task, folder)
    assert list(results.values()).count("solved") == 2, results
