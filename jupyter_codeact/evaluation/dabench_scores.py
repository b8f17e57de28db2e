"""Grades answers in DABench's form, ``@name[value]``, and counts its three accuracies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

TOLERANCE = 1e-6
"""The absolute difference from the label below which a number is right, as in the benchmark's own script."""
LEVELS = ("easy", "medium", "hard")

_NAMED_VALUE = re.compile(r"@(\w+)\[(.*?)\]")
_NAME = re.compile(r"@(\w+)\[")


def named_values(answer: str) -> dict[str, str]:
    """Return the values that an answer names; the last one counts if a name occurs twice."""
    return dict(_NAMED_VALUE.findall(answer))


def names_in(form: str) -> set[str]:
    """Return the names that a question's form asks for."""
    return set(_NAME.findall(form))


def is_right(value: str | None, label: str) -> bool:
    """Tell whether a value is right: the label itself, or a number closer to it than `TOLERANCE`.

    Nothing else is forgiven: "0.210" and " 0.21" are the label "0.21"; "21 %", "1,234" for "1234", and "yes"
    for "Yes" are wrong.
    """
    if value is None:
        return False
    if value == label:
        return True
    with suppress(ValueError):
        return abs(float(value) - float(label)) < TOLERANCE
    return False


def grade(answer: str, labels: Mapping[str, str]) -> dict[str, bool]:
    """Tell for each label whether an answer has it; further values in an answer do no harm."""
    given = named_values(answer)
    return {name: is_right(given.get(name), label) for name, label in labels.items()}


@dataclass(frozen=True, slots=True)
class Accuracies:
    """The benchmark's three accuracies of a number of questions, from 0 to 1.

    ``by_question`` counts questions with all values right; ``proportional`` is the mean share of values that
    are right in a question; ``uniform`` the share of all values that are right.
    """

    questions: int
    by_question: float
    proportional: float
    uniform: float


def accuracies(graded: Iterable[Mapping[str, bool]]) -> Accuracies:
    """Count the accuracies of graded questions.

    The benchmark's script leaves out questions without a response. Here they count, as wrong.
    """
    questions = [list(each.values()) for each in graded]
    count, values = len(questions), sum(map(len, questions))
    return Accuracies(
        questions=count,
        by_question=sum(map(all, questions)) / count if count else 0.0,
        proportional=sum(sum(each) / len(each) for each in questions if each) / count if count else 0.0,
        uniform=sum(map(sum, questions)) / values if values else 0.0,
    )


def by_level_and_concept(
    graded: Sequence[tuple[Mapping[str, bool], str, Sequence[str]]],
) -> dict[str, Accuracies]:
    """Count the accuracies of all questions, of each level, of each concept, and of several concepts.

    Parameters
    ----------
    graded
        For each question the verdict on each of its values, its level, and its concepts.
    """
    levels = {level: [each for each, own, _ in graded if own == level] for level in LEVELS}
    names = sorted({concept for _, _, concepts in graded for concept in concepts})
    concepts = {name: [each for each, _, own in graded if name in own] for name in names}
    groups = {
        "all": [each for each, _, _ in graded],
        **levels,
        **concepts,
        "several concepts": [each for each, _, own in graded if len(own) > 1],
    }
    return {name: accuracies(group) for name, group in groups.items() if group}
