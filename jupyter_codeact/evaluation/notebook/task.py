"""What a task of the notebook benchmark is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """What somebody does about a task: ``code`` runs in the kernel, ``answer`` is what they say then."""

    code: str = ""
    answer: str = "Done."


@dataclass(frozen=True, slots=True)
class NotebookTask:
    """A request in a notebook, and how its outcome is judged.

    Parameters
    ----------
    name : str
        Names the task within the suite.
    family : str
        What kind of work it is.
    cells : tuple of str
        The user's code cells. They have run before the request is made, errors included.
    request : str
        What the user asks for.
    check : str
        Python that runs in the kernel afterwards and raises `AssertionError` unless the request is met. It finds
        what was said in ``ANSWER``, and everything in `checking`.
    reference : Work
        A solution that passes.
    wrong : tuple of Work
        Plausible attempts that do not pass.
    """

    name: str
    family: str
    cells: tuple[str, ...]
    request: str
    check: str
    reference: Work
    wrong: tuple[Work, ...]
