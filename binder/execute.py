"""Has the agent do anew what the demos ask for: ``python binder/execute.py [NAME ...]``.

In a demo's text, each quotation is a task. The demo's own cells run first; what the agent writes comes after
them, each run followed by its answer.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

import nbformat

from jupyter_codeact.agent.agent import Agent
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.models.open import open_model
from jupyter_codeact.notebooks.executing import execute
from jupyter_codeact.notebooks.headless import HeadlessNotebook

DEMOS = Path(__file__).parent / "demos"
NAMES = ("explore", "clean", "fix", "compare", "tools")


def tasks(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what a demo's text asks for, in order."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"^> (.+)$", text, re.MULTILINE)


def own(name: str, notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return a demo's own cells, which are named after it."""
    return [cell for cell in notebook.cells if cell.id.startswith(f"{name}-")]


async def main(names: list[str]) -> None:
    """Execute demos."""
    model = open_model()
    try:
        for name in names:
            path = DEMOS / f"{name}.ipynb"
            demo = nbformat.read(path, as_version=4)
            asked = tasks(demo)
            demo.cells = own(name, demo)
            nbformat.write(demo, path)
            with tempfile.TemporaryDirectory() as folder:
                journal = SqliteJournal(Path(folder) / "journal.sqlite")
                async with HeadlessNotebook(path, path) as notebook:
                    await execute(notebook)
                    conversation = journal.begin(name)
                    for task in asked:
                        agent = Agent(model, notebook, journal)
                        end = await agent.run(conversation, task, title=name)
                        said = end.answer or end.message
                        await notebook.write_cell(f"*{task}*\n\n{said}", cell_type="markdown")
                        print(f"{name}: {end.ending}, {end.turns} turns, {end.seconds:.0f} s: {said}")
                journal.close()
    finally:
        await model.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(NAMES)))
