"""Kinds of tasks, and how they are registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .programs import reference_program
from .task import Mistake, Solution, Step, Task


@dataclass(frozen=True, slots=True)
class Plan:
    """A step as a kind's function writes it.

    Parameters
    ----------
    task
        The user's words.
    solutions
        Each a cell or a list of cells; the first is the reference.
    mistakes
        Each a wrong cell and the name of the exception that it raises, or an empty name.
    check
        The check. In it, ``expected`` has the variables that the truth leaves behind.
    answer
        The answer to all solutions, as the text of an f-string.
    truth
        Python that finds out what is expected, from the task's files and cells; the reference, if empty. For
        a plot it is given and draws nothing, lest the check should see its own figure.
    """

    task: str
    solutions: Sequence[str | Sequence[str]]
    mistakes: Sequence[tuple[str, str]]
    check: str
    answer: str = "Done."
    truth: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A task as a kind's function returns it."""

    steps: Sequence[Plan]
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    cells: Sequence[str] = ()


class Say:
    """Words a kind's steps, one after the other, each with one of its wordings."""

    def __init__(self, rng: Random, wordings: tuple[tuple[str, ...], ...]) -> None:
        self._rng, self._rest = rng, iter(wordings)

    def __call__(self, **fields: Any) -> str:
        """Return a wording of the next step, its fields filled in."""
        return self._rng.choice(next(self._rest)).format(**fields)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of task.

    Parameters
    ----------
    name : str
        The kind's name, unique.
    family : str
        The kind of work.
    wordings : tuple of tuple of str
        For each step, at least four wordings with fields in braces.
    write : callable
        Writes a task, given a random generator and the wordings.
    """

    name: str
    family: str
    wordings: tuple[tuple[str, ...], ...]
    write: Callable[[Random, Say], Draft]

    def make(self, seed: int) -> Task:
        """Return the task of a seed."""
        rng = Random(f"{self.name}:{seed}")  # noqa: S311
        draft = self.write(rng, Say(rng, self.wordings))
        files = {
            path: text if isinstance(text, bytes) else text.encode() for path, text in draft.files.items()
        }
        done, steps = list(_cells(draft.cells)), []
        for plan in draft.steps:
            solutions = tuple(
                Solution(_cells([actions] if isinstance(actions, str) else actions), plan.answer)
                for actions in plan.solutions
            )
            check = plan.check
            if "expected" in check:
                truth = (plan.truth,) if plan.truth else solutions[0].actions
                check = f"{reference_program(files, (*done, *truth))}\n{check}"
            done += (plan.truth,) if plan.truth else solutions[0].actions
            mistakes = tuple(Mistake(action.strip("\n"), error) for action, error in plan.mistakes)
            steps.append(Step(plan.task, solutions, mistakes, check, "answer" in plan.check))
        name = f"{self.name}/{seed}"
        return Task(self.name, self.family, seed, name, files, _cells(draft.cells), tuple(steps))


def _cells(sources: Sequence[str]) -> tuple[str, ...]:
    return tuple(source.strip("\n") for source in sources)


registered: dict[str, Kind] = {}
"""All kinds by name, in the order of the families' files."""


def kind(
    family: str, *wordings: Sequence[str]
) -> Callable[[Callable[[Random, Say], Draft]], Callable[[Random, Say], Draft]]:
    """Register the function below as a kind, under its own name; give the wordings of each of its steps."""

    def register(write: Callable[[Random, Say], Draft]) -> Callable[[Random, Say], Draft]:
        name = write.__name__.replace("_", "-")
        if name in registered:
            raise ValueError(f"There are two kinds called {name}.")
        registered[name] = Kind(name, family, tuple(tuple(of_step) for of_step in wordings), write)
        return write

    return register
