"""No task of an evaluation suite is among the tasks for training.

Two texts are compared by their shingles: all runs of five words, in lower case, with a zero for every
number. The containment of a text in another is the share of its shingles that the other has: 1.0 for a
copy, less than 0.3 for requests about different things in the same sober language.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from jupyter_codeact.evaluation.notebook import TASKS
from jupyter_codeact.training.tasks import all_kinds

LENGTH = 5


@cache
def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"[a-z_]+|\d+", re.sub(r"\d[\d.,]*", "0", text.lower()))
    runs = range(max(1, len(words) - LENGTH + 1))
    return frozenset(tuple(words[start : start + LENGTH]) for start in runs)


def containment(text: str, other: str) -> float:
    mine = shingles(text)
    return len(mine & shingles(other)) / len(mine)


def test_the_measure_finds_a_copy_with_other_numbers() -> None:
    request = TASKS[0].request
    assert containment(request, request.upper() + " Thanks!") > 0.9
    assert containment("Give me 10 rows of the table, sorted.", "give me 7 rows of the table sorted!") == 1.0
    assert containment(TASKS[0].request, TASKS[5].request) < 0.1


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_no_wording_is_that_of_an_evaluation_task(kind) -> None:
    templates = [re.sub(r"\{(\w+)\}", r"\1", wording) for of_step in kind.wordings for wording in of_step]
    written = [step.task for seed in range(3) for step in kind.make(seed).steps]
    for task in TASKS:
        for wording in (*templates, *written):
            assert containment(task.request, wording) < 0.3, (task.name, wording)
            assert containment(wording, task.request) < 0.3, (task.name, wording)


def test_no_data_and_no_solution_is_that_of_an_evaluation_task() -> None:
    cells = {cell for task in TASKS for cell in task.cells}
    references = [task.reference.code for task in TASKS if task.reference.code]
    for kind in all_kinds():
        for seed in range(2):
            task = kind.make(seed)
            assert not cells & set(task.cells), kind.name
            assert not any(b"penguin" in content.lower() for content in task.files.values()), kind.name
            actions = {action for step in task.steps for one in step.solutions for action in one.actions}
            assert not actions & set(references), kind.name
