"""Writing, running and reading cells, for tests."""

from __future__ import annotations

from pathlib import Path

import nbformat

from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.notebooks.headless import HeadlessNotebook


async def run(notebook: HeadlessNotebook, source: str, timeout: float | None = None) -> Execution:
    cell = await notebook.write_cell(source)
    return await notebook.run_cell(cell, source=source, timeout=timeout)


def printed(execution: Execution) -> str:
    return "".join(output["text"] for output in execution.outputs if output["output_type"] == "stream")


def read(path: Path) -> nbformat.NotebookNode:
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    return node
