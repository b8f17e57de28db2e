"""``%codeact`` in a notebook that JupyterLab shows: the page takes the task up, for the server's agent."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

SUM = "I will add them.\n\n```python\ntotal = sum(price)\nprint('total', total)\n```"
LOAD = "%load_ext jupyter_codeact\nprice = [2, 3, 37]"


def test_a_task_in_a_cell_is_taken_up_by_the_page_and_the_cells_appear_below(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    path = lab.write("magic.ipynb", LOAD, "%codeact Add up {price}.", "'the last cell'")
    held = served.held("```python\nimport time\nprint('begun', flush=True)\n", "time.sleep(0)\n```\n")
    served.script([SUM, held, "The prices add up to **42**."])
    page = open_notebook("magic.ipynb")
    other = open_notebook("magic.ipynb", fresh=True)  # shows the same notebook, and must not act
    page.run_cell(0)

    page.run_cell(1)

    shown = page.cells.nth(1).locator(".jp-CodeAct-magicRun")
    expect(shown).to_contain_text("at work, turn 2")
    assert held.reached.wait(60)
    held.released.set()
    expect(shown).to_contain_text("The prices add up to 42.")
    expect(page.cells).to_have_count(5)
    assert page.sources[2].startswith("total = sum(price)")
    expect(page.cells.nth(2)).to_contain_text("total 42")
    assert page.sources[4] == "'the last cell'"
    assert len(served.requests) == 3
    assert "Task: Add up [2, 3, 37]." in served.requests[0]["messages"][-1]["content"]
    expect(other.cells).to_have_count(3)

    page.page.keyboard.press("Control+s")
    page.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    [output] = nbformat.read(path, as_version=4).cells[1].outputs
    assert output.data["text/plain"] == "The prices add up to **42**."
    assert output.data["application/vnd.jupyter.codeact+json"]["state"] == "ended"
