"""The programs that judge a task in its kernel; they run hidden, beside the notebook's cells.

The last expression of each has a string as its value, of which the kernel shows the `repr`:
`ast.literal_eval` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_CHECKING = "__import__('jupyter_codeact.training.tasks.checking', fromlist=['checking'])"

PREPARE = f"{_CHECKING}.watch_figures(); ''"
"""To run before the task's cells: the checks of plots look at the figures made from then on."""

FORGET = """\
for _name in [one for one in globals() if not one.startswith("_")]:
    if _name not in ("In", "Out", "exit", "get_ipython", "open", "quit", "display"):
        del globals()[_name]
''"""
"""Deletes the user's variables, to use a kernel for the next task."""


def answer_program(answer: str) -> str:
    """Return the program that fills in a solution's answer; its value is the text."""
    return f"{_CHECKING}.fill_in({answer!r}, globals())"


def check_program(check: str, answer: str) -> str:
    """Return the program that judges a step; its value says what is wrong, and is empty if nothing is."""
    return f"{_CHECKING}.verdict({check!r}, {answer!r}, globals())"


def reference_program(files: Mapping[str, bytes], sources: Sequence[str]) -> str:
    """Return the beginning of a check: it runs the reference in a folder and a namespace of its own."""
    return f"expected = reference({dict(files)!r}, {tuple(sources)!r})"
