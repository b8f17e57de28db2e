"""The checks of the notebook benchmark distinguish right from wrong."""

from __future__ import annotations

from jupyter_codeact.evaluation.notebook import TASKS
from jupyter_codeact.evaluation.notebook.suite import NotebookSuite


def test_there_are_tasks_of_every_kind_each_with_three_wrong_attempts() -> None:
    families = {task.family for task in TASKS}
    assert len(TASKS) >= 40
    assert families >= {"wrangling", "joins", "dates", "text", "statistics", "plotting", "models", "sql"}
    assert families >= {"debugging", "functions", "follow-up", "care"}
    assert len({task.name for task in TASKS}) == len(TASKS)
    assert {task.name for task in TASKS if len(task.wrong) < 3} == set()


async def test_every_check_passes_only_with_its_reference() -> None:
    assert (await NotebookSuite().self_test()).failed == []
