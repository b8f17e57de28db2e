"""Whether a notebook reproduces: run from top to bottom in a fresh kernel, its cells show the same.

Nothing is written to the notebook. Whatever its cells do to files and services, they do again.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import nbformat

from ..agent.contracts import Cell, CellCheck, Output
from ..agent.observations.terminal import strip_terminal_codes
from ..agent.source import asks_codeact, assigned_names, calls_exit
from .compare import difference
from .document import plain_copy
from .kernel import KernelProcess
from .kernelspecs import kernelspec

GRACE_SECONDS = 5.0
PROTECTED = "It is protected, so it was not run. Cells below may miss what it does."
ASKS = "It asks CodeAct, so it was not run. Cells below may miss what it gives."
"""What a model answers and does is not the same twice, and nobody is there to approve it."""
ABOVE = "A cell above it failed, so it was not run."
EXITED = "It ended the kernel with exit()."
DIED = "The kernel died while it ran."
SILENT = "It failed without saying why."
NOTHING_BEFORE = "It had not been run before, so there was nothing to compare with."


async def check(
    cells: Sequence[Cell],
    *,
    kernel: str,
    folder: Path,
    on_progress: Callable[[list[CellCheck]], None] = lambda _checks: None,
    timeout: float | None = None,
    may_fail: Collection[str] = (),
    withhold: Collection[str] = (),
) -> list[CellCheck]:
    """Run the code cells in a fresh kernel and compare what they show with what they showed.

    Ends at the first cell that fails, as running all cells does in Jupyter. Cancelling it ends the kernel.

    Parameters
    ----------
    cells
        The notebook's, with their outputs; the result has its code cells.
    kernel
        Name of the kernelspec, in any language.
    folder
        The notebook's, where the kernel runs.
    on_progress
        Called with the states of all cells whenever one changes.
    timeout
        Seconds that a cell may take.
    may_fail
        Cells whose error does not end the check: those with Jupyter's tag ``raises-exception``.
    withhold
        Names of environment variables the kernel does not get to see.

    Raises
    ------
    NotebookError
        If there is no such kernel, or it cannot be started.
    """
    code = [cell for cell in cells if cell.cell_type == "code"]
    checks = {cell.id: CellCheck(cell_id=cell.id, state="waiting") for cell in code}
    order = _out_of_order(code)

    def report(cell: Cell, state: CellCheck | None = None) -> None:
        checks[cell.id] = state or CellCheck(cell_id=cell.id, state="running")
        on_progress(list(checks.values()))

    kernelspec(kernel)
    environment = {key: value for key, value in os.environ.items() if key not in withhold}
    fresh = KernelProcess(kernel, folder=folder, environment=environment, grace=GRACE_SECONDS)
    on_progress(list(checks.values()))
    await fresh.start()
    over = False
    try:
        for cell in code:
            if why := ABOVE if over else _left_out(cell):
                checks[cell.id] = CellCheck(cell_id=cell.id, state="not_run", message=why)
                continue
            report(cell)
            outcome = await _run(fresh, cell, code, timeout, expected=cell.id in may_fail)
            over = outcome.state == "failed"
            message = " ".join(filter(None, [outcome.message, order.get(cell.id)]))
            report(cell, outcome.model_copy(update={"message": message}))
        on_progress(list(checks.values()))
        return list(checks.values())
    finally:
        await fresh.close(now=True)


def reproduces(checks: Sequence[CellCheck]) -> bool:
    """Tell whether every cell that may be run shows what it showed before."""
    return all(one.state == "same" or one.message in {PROTECTED, ASKS} for one in checks)


def summary(checks: Sequence[CellCheck]) -> str:
    """Return the result of a check in a sentence."""
    if not checks:
        return "The notebook has no code to check."
    count = Counter(one.state for one in checks)
    same, rest = count["same"], count["not_run"] + count["waiting"] + count["running"]
    if reproduces(checks):
        protected = sum(one.message == PROTECTED for one in checks)
        kept = [f"{_cells(protected)} protected by you"] * bool(protected)
        asking = rest - protected
        kept += [f"{_cells(asking)} that {'asks' if asking == 1 else 'ask'} CodeAct"] * bool(asking)
        left_out = f" {' and '.join(kept)} did not run." if kept else ""
        return f"The notebook reproduces: in a fresh kernel {_cells(same)} showed the same.{left_out}"
    parts = [f"{_cells(count['different'])} showed something else"] * bool(count["different"])
    parts += [f"{_cells(count['failed'])} failed"] * bool(count["failed"])
    parts += [f"{_cells(rest)} did not run"] * bool(rest)
    return f"The notebook does not reproduce: {', '.join(parts)}, {_cells(same)} showed the same."


def _left_out(cell: Cell) -> str:
    """Return why a cell is not run; empty if it is."""
    if cell.protected:
        return PROTECTED
    return ASKS if asks_codeact(cell.source) else ""


async def _run(
    kernel: KernelProcess, cell: Cell, code: Sequence[Cell], timeout: float | None, *, expected: bool
) -> CellCheck:
    node = nbformat.v4.new_code_cell(cell.source)
    status = await kernel.run(cell.source, node, timeout)
    shown: list[Output] = plain_copy(node.outputs)
    if status == "dead":
        return CellCheck(cell_id=cell.id, state="failed", message=EXITED if calls_exit(cell.source) else DIED)
    if status == "interrupted":
        return CellCheck(cell_id=cell.id, state="failed", message=f"It took longer than {timeout:g} seconds.")
    errors = [output for output in shown if output["output_type"] == "error"]
    if status == "error" and not expected:
        return CellCheck(cell_id=cell.id, state="failed", message=_failure(kernel, errors, cell, code))
    if cell.execution_count is None and not cell.outputs:
        return CellCheck(
            cell_id=cell.id,
            state="same",
            message=NOTHING_BEFORE if shown else "",
        )
    different = difference(cell.outputs, shown)
    return CellCheck(cell_id=cell.id, state="different" if different else "same", message=different)


def _failure(kernel: KernelProcess, errors: Sequence[Output], cell: Cell, code: Sequence[Cell]) -> str:
    """Say what went wrong; of a missing name, where the notebook defines it."""
    if not errors:  # as for a magic that does not exist, of which IPython prints a line
        return f"{kernel.failure.splitlines()[0][:300].rstrip('.')}." if kernel.failure else SILENT
    name, value = errors[-1].get("ename", ""), strip_terminal_codes(str(errors[-1].get("evalue", ""))).strip()
    problem = (f"{name}: {value.splitlines()[0][:300]}" if value else name).rstrip(".")
    missing = re.match(r"name '(\w+)' is not defined", value)
    if not missing:
        return f"{problem}."
    defining = [other.id for other in code if missing[1] in assigned_names(other.source)]
    ids = [other.id for other in code]
    if not defining:
        return f"{problem}. No cell of the notebook defines it."
    below = ids.index(defining[0]) > ids.index(cell.id)
    return f"{problem}. It is defined only in a cell further down." if below else f"{problem}."


def _out_of_order(code: Sequence[Cell]) -> dict[str, str]:
    """Return a sentence for each cell that had been run before one above it."""
    sentences: dict[str, str] = {}
    highest = 0
    for cell in code:
        count = cell.execution_count
        if count is None:
            continue
        if count < highest:
            sentences[cell.id] = (
                f"In the notebook it was run before a cell above it ([{count}] below [{highest}])."
            )
        highest = max(highest, count)
    return sentences


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"
