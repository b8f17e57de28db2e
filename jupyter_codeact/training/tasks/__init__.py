"""Parametrised tasks for training: kinds of work in a notebook, with endless names, values and wordings.

`all_kinds` lists the kinds, `draw` draws tasks of a split; `programs` has what judges a task in its kernel.

A task is played like this. Its ``files`` are written into the notebook's folder, `programs.PREPARE` runs
hidden, and its ``cells`` become cells of the notebook and run. Then, for each of its ``steps``, the agent
gets ``step.task``, and its final answer goes into `programs.check_program`, which runs hidden and says what
is wrong. A reference model plays a step by running the actions of one of its solutions, perhaps after a
mistake, and answers with the value of `programs.answer_program`.
"""

from __future__ import annotations

from .drawing import SPLITS, Split, all_kinds, draw, get_kind, split_of
from .kinds import Kind
from .task import Mistake, Solution, Step, Task

__all__ = [
    "SPLITS",
    "Kind",
    "Mistake",
    "Solution",
    "Split",
    "Step",
    "Task",
    "all_kinds",
    "draw",
    "get_kind",
    "split_of",
]
