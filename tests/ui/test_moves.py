"""Cells moved and deleted by the agent in JupyterLab: asked about, shown in the chat, undone."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab


def test_cells_are_moved_and_deleted_as_the_user_allows_and_undone(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    sources = ["'first'", "import math", "'plain text'", "math.pi"]
    path = lab.write("moves.ipynb", *sources)
    (lab.root / "0.csv").write_text("price\n7\n")  # a small model is told the first names
    first, imports, text, _ = (cell.id for cell in nbformat.read(path, 4).cells)
    served.script(
        [
            f"First I read.\n\n```python\nprint(notebook.read('{imports}'))\n```",
            f"Imports go first.\n\n```python\nnotebook.move('{imports}', before='{first}')\n"
            f"notebook.delete('{text}')\nnotebook.insert('print(math.e)', after='{imports}')\n```",
            "The notebook is in order.",
        ]
    )
    page = open_notebook("moves.ipynb")
    for index in (1, 3):
        page.run_cell(index)
    page.cells.nth(0).locator(".jp-InputPrompt").click()
    page.ask("Tidy up.")
    expect(page.approval).to_contain_text("Allow")
    expect(page.conversation).to_contain_text("Read cell [1].")
    expect(page.conversation).to_contain_text("moves your cell [1]")
    assert page.sources == sources
    page.answer("Allow")
    expect(page.conversation).to_contain_text("deletes your cell [ ]")
    expect(page.conversation).to_contain_text("Moved cell [1]")
    page.answer("Allow")
    expect(page.conversation).to_contain_text("The notebook is in order.")
    expect(page.conversation).to_contain_text("Deleted cell [ ]")
    assert page.sources == ["import math", "print(math.e)", "'first'", "math.pi"]
    expect(page.cells.nth(0).locator(".jp-InputPrompt")).to_have_text("[1]:")
    expect(page.cells.nth(1)).to_contain_text("2.718")
    expect(page.cells.nth(3)).to_contain_text("3.14159")
    opening = str(served.requests[0]["messages"][-1]["content"])
    assert "(file: 'moves.ipynb')" in opening
    assert "0.csv" in opening
    page.choose("Undo the Last CodeAct Run")
    expect(page.cells).to_have_count(4)
    expect(page.conversation).to_contain_text("Its cells are as they were before.")
    assert page.sources == sources
    expect(page.cells.nth(3)).to_contain_text("3.14159")
