"""Runs a notebook's own cells before an agent begins, so that it begins where the user is."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from nbformat import NotebookNode

from ..agent.observations.terminal import strip_terminal_codes
from ..agent.secrets import all_secrets, hide
from ..agent.source import asks_codeact
from .document import is_protected
from .headless import HeadlessNotebook

SKIP, MAY_FAIL = "skip-execution", "raises-exception"
"""Jupyter's tags of a cell that is not to be run, and of one whose error is expected; as in nbclient."""
_FIRST_LINE, _ERROR = 40, 300
_TELL_SECONDS = 2.0
"""Seconds from one report of progress to the next."""


@dataclass
class Executed:
    """What came of running a notebook's own cells.

    Attributes
    ----------
    count : int
        How many cells have run.
    seconds : float
        How long they took.
    failed : list of str
        The ids of those that failed.
    problems : list of str
        Sentences for the user, one for each cell that failed or did not run.
    """

    count: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """What was done, as a sentence."""
        failed = f"; {len(self.failed)} failed" if self.failed else ""
        return f"Ran {self.count} of the notebook's own cells in {self.seconds:.1f} s{failed}."


def own_cells(notebook: HeadlessNotebook) -> list[NotebookNode]:
    """Return the code cells of a notebook that have something in them."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


async def execute(
    notebook: HeadlessNotebook,
    *,
    refused: Collection[tuple[str, str]] = (),
    on_progress: Callable[[str], None] = lambda _text: None,
) -> Executed:
    """Run the notebook's own code cells in order, and go on past those that fail.

    Cells do not run that the user protects, that have Jupyter's tag ``skip-execution``, or that begin a run
    of their own (``%codeact``). When the kernel dies, those below do not run either. Cancelling it interrupts
    the cell that runs. Nothing is written yet: what the cells show is saved with the first change.

    Parameters
    ----------
    notebook
        The notebook, whose kernel has started.
    refused
        Cells that were not allowed to run, each by its id and source; they do not run here either.
    on_progress
        Called with what is being done, as a text for the user, at the first cell and from time to time.
    """
    done, began, told = Executed(), time.monotonic(), 0.0
    cells = own_cells(notebook)
    places = {cell.id: place for place, cell in enumerate(notebook.cells, 1)}
    for number, cell in enumerate(cells, 1):
        name = f"Cell {places[cell.id]} (“{_first_line(cell.source)}”)"
        if why := _why_not(cell, refused):
            done.problems.append(f"{name} did not run: {why}.")
            continue
        if time.monotonic() - told > _TELL_SECONDS or not done.count:
            on_progress(f"Running the notebook's own cells: {number} of {len(cells)}")
            told = time.monotonic()
        execution = await notebook.run_own_cell(cell.id)
        done.count += 1
        if execution.status == "dead":
            done.failed.append(cell.id)
            below = ", so the cells below it did not run" if number < len(cells) else ""
            done.problems.append(f"{name} ended the kernel{below}. What the cells above defined is gone.")
            break
        if execution.status != "ok" and MAY_FAIL not in cell.metadata.get("tags", ()):
            done.failed.append(cell.id)
            done.problems.append(f"{name} failed: {_error(notebook, cell)}.")
    done.seconds = time.monotonic() - began
    return done


def _why_not(cell: NotebookNode, refused: Collection[tuple[str, str]]) -> str:
    if is_protected(cell):
        return "you have protected it"
    if SKIP in cell.metadata.get("tags", ()):
        return f"it has the tag {SKIP}"
    if (cell.id, cell.source) in refused:
        return "it was not allowed to when CodeAct wrote it"
    return "it asks CodeAct itself" if asks_codeact(cell.source) else ""


def _first_line(source: str) -> str:
    line = source.strip().splitlines()[0]
    return line if len(line) <= _FIRST_LINE else f"{line[: _FIRST_LINE - 1].rstrip()}…"


def _error(notebook: HeadlessNotebook, cell: NotebookNode) -> str:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:  # as for a magic that does not exist, of which IPython prints a line
        return "without an error message"
    if errors[-1].ename == "StdinNotImplementedError":
        return "it asks for input, and nobody can be asked here"
    lines = strip_terminal_codes(f"{errors[-1].ename}: {errors[-1].evalue}").strip().splitlines() or [""]
    return hide(lines[0], all_secrets(notebook.secrets()))[:_ERROR].rstrip(".: ")
