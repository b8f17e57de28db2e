"""Small tasks on real data, each with a check that runs in the kernel the agent worked in."""

from __future__ import annotations

from dataclasses import dataclass

PENGUINS = "from palmerpenguins import load_penguins\npenguins = load_penguins()"
IRIS = "from sklearn.datasets import load_iris\niris = load_iris(as_frame=True).frame"


@dataclass(frozen=True)
class Task:
    """What is defined before, what is asked, and what must hold in the kernel afterwards."""

    name: str
    before: str
    request: str
    check: str


HEAVIEST = Task(
    "heaviest species",
    PENGUINS,
    "Which species of penguin has the highest mean body mass? Store its name in a variable named heaviest.",
    "heaviest == 'Gentoo'",
)
"""What is asked in the page, in tests/ui/test_real_model.py."""

TASKS = [
    Task(
        "complete rows",
        PENGUINS,
        "Drop the rows with missing values and store the rest in a variable named complete. "
        "How many rows are left?",
        "len(complete) == 333 and len(penguins) == 344",
    ),
    Task(
        "wine samples",
        "",
        "Load scikit-learn's wine data set and store its number of samples in a variable named samples.",
        "samples == 178",
    ),
    Task(
        "iris classifier",
        IRIS,
        "Train a logistic regression on 70% of the iris data "
        "and store its accuracy on the rest in a variable named accuracy.",
        "0.85 < accuracy <= 1",
    ),
]
