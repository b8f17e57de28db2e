"""A kernel for the tests of observations, and a `Bench` for those of the loop."""

import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, settings
from nbclient import NotebookClient

from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.agent.bench import Bench
from tests.agent.observed import Run

# The same examples on every machine, and no deadline on a busy one.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Return a function that runs a cell in a shared kernel, in a folder with two modules of the user's."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "helpers.py").write_text("def half(x):\n    rest = 0\n    return x / rest\n")
    (folder / "broken.py").write_text("def f(:\n    pass\n")
    client = NotebookClient(
        nbformat.v4.new_notebook(), allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.nb.cells = []
    with client.setup_kernel():

        def run_cell(source: str) -> Execution:
            cell = nbformat.v4.new_code_cell(textwrap.dedent(source).strip())
            client.nb.cells.append(cell)
            client.execute_cell(cell, len(client.nb.cells) - 1)
            outputs = [dict(output) for output in cell.outputs]
            failed = any(output["output_type"] == "error" for output in outputs)
            return Execution(
                status="error" if failed else "ok", outputs=outputs, execution_count=cell.execution_count
            )

        run_cell("import matplotlib.pyplot as plt\nimport pandas as pd")
        yield run_cell


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    async with HeadlessNotebook(output=tmp_path / "out.ipynb", folder=tmp_path) as notebook:
        yield Bench(notebook, journal)
    journal.close()
