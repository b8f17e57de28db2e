"""The notebook benchmark: a data scientist's requests, judged by the state of the kernel afterwards."""

from __future__ import annotations

from . import notebooks, plotting, statistics, tables, text, wrangling
from .task import NotebookTask, Work

TASKS: tuple[NotebookTask, ...] = (
    *wrangling.TASKS,
    *tables.TASKS,
    *text.TASKS,
    *statistics.TASKS,
    *plotting.TASKS,
    *notebooks.TASKS,
)
"""All tasks, in a fixed order."""

__all__ = ["TASKS", "NotebookTask", "Work"]
