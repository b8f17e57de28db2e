"""The numbers of cells in a kernel in which hidden code runs between them; imported by that kernel."""

from __future__ import annotations

from typing import Any


def next_is(shell: Any, number: int | None = None) -> None:
    """Let the next cell have this number; by default that of the cell which calls this.

    The number is set once the cell has ended: some releases of IPython count a cell before it runs, others
    after that.
    """

    def ended(_result: Any) -> None:
        shell.events.unregister("post_run_cell", ended)
        shell.execution_count = max(1, shell.execution_count - 1) if number is None else number

    shell.events.register("post_run_cell", ended)
