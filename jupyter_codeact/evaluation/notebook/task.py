"""A task of the notebook benchmark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """An attempt at a task: ``code`` runs in the kernel, then ``answer`` is given."""

    code: str = ""
    answer: str = "Done."


@dataclass(frozen=True, slots=True)
class NotebookTask:
    """A request in a notebook, and how its outcome is judged.

    Parameters
    ----------
    name : str
        The task's name in the suite.
    family : str
        The kind of work.
    cells : tuple of str
        The user's code cells, which have run before the request, even if with errors.
    request : str
        The user's request.
    check : str
        Python that runs in the kernel afterwards and raises `AssertionError` unless the request is met. It can
        use the answer, as ``ANSWER``, and the functions of `checking`.
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
