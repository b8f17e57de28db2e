"""A cell that goes on from a failed one instead of correcting it."""

from __future__ import annotations

import nbformat
import pytest

from jupyter_codeact.notebooks.check import check, reproduces
from jupyter_codeact.notebooks.document import cell_of
from tests.agent.bench import Bench, block


@pytest.mark.parametrize(
    "failure",
    ["%nosuchmagic", "raise ExceptionGroup('several', [ValueError(1)])", "x.bad()", "[\n  1 / 0\n]"],
)
async def test_a_failed_cell_is_told_to_be_one_and_what_ran_of_it_is_kept_if_the_next_one_needs_it(
    bench: Bench, failure: str
) -> None:
    end = await bench.run(block("x = 41 + 1", failure, "never = 1"), block("print(x)"), "It is 42.")
    assert end.ending == "answered"
    told = bench.last_message(1)
    assert "The cell failed. Write the whole corrected cell" in told
    assert "Now either write the next cell" not in told
    assert await bench.cells() == ["x = 41 + 1", "print(x)"]
    cells = [cell_of(cell) for cell in nbformat.read(bench.notebook.path, 4).cells]
    assert reproduces(await check(cells, kernel="python3", folder=bench.notebook.folder))


async def test_a_correction_replaces_the_whole_failed_cell(bench: Bench) -> None:
    await bench.run(block("x = 1", "y"), block("x = 2", "print(x)"), "It is 2.")
    assert await bench.cells() == ["x = 2\nprint(x)"]
    await bench.run(block("x = 1", "if x:", "  y = ("), block("print(x)"), "It is 2.")
    assert await bench.cells() == ["x = 2\nprint(x)", "print(x)"]
