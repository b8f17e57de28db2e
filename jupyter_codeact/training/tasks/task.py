"""A parametrised task: what the user asks, what solves it, what goes wrong, and how the outcome is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Solution:
    """A correct way to do a step.

    Parameters
    ----------
    actions : tuple of str
        Cells of Python, run one after the other. They show every value that the answer states.
    answer : str
        The final answer, as the text of an f-string: what stands in braces is evaluated in the kernel after
        the actions (see `programs.answer_program`).
    """

    actions: tuple[str, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """A plausible wrong action; the actions of one of the step's solutions correct it.

    Parameters
    ----------
    action : str
        A cell that fails, or that runs and shows a wrong result.
    error : str
        The name of the exception that it raises; empty if it runs and only its result is wrong.
    solution : int
        The index of the solution that corrects it. Its actions can run after the mistake as they are.
    """

    action: str
    error: str
    solution: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One request of the user's.

    Parameters
    ----------
    task : str
        The user's words.
    solutions : tuple of Solution
        At least two, in different styles; the first is the reference.
    mistakes : tuple of Mistake
        At least one.
    check : str
        Python that runs in the kernel after the answer and raises `AssertionError` with a sentence unless the
        request is met (see `programs.check_program`). ``answer`` is the final answer.
    asks : bool
        Whether the answer itself is judged, too.
    """

    task: str
    solutions: tuple[Solution, ...]
    mistakes: tuple[Mistake, ...]
    check: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A task, complete: the same kind and seed give the same task, byte for byte, on every machine.

    Parameters
    ----------
    kind : str
        The kind's name.
    family : str
        The kind's family.
    seed : int
        The seed of the task's names, values and wordings.
    name : str
        ``kind/seed``.
    files : mapping of str to bytes
        The files in the notebook's folder, by relative path with ``/``; some are in subfolders.
    cells : tuple of str
        The code cells that are already in the notebook. They run before the first step, even if with errors.
    steps : tuple of Step
        The requests, in order, in the same notebook and kernel.
    """

    kind: str
    family: str
    seed: int
    name: str
    files: Mapping[str, bytes]
    cells: tuple[str, ...]
    steps: tuple[Step, ...]
