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


def test_a_cell_with_a_task_can_be_run_again_and_nothing_is_there_twice(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    task = "%%codeact\nWhat do the prices add up to?"
    lab.write(
        "again.ipynb", LOAD, task, "'the last cell'", "n = %codeact --quiet How many prices?; n", "n.answer"
    )
    page = open_notebook("again.ipynb")
    page.run_cell(0)
    served.script([SUM, "It is **42**.", SUM.replace("total", "whole"), "It is **42**, again."])
    shown = page.cells.nth(1).locator(".jp-CodeAct-magicRun")

    page.run_cell(1)
    expect(shown).to_contain_text("It is 42.")
    assert page.sources[2].startswith("total = sum(price)")
    page.run_cell(1)
    expect(shown).to_contain_text("It is 42, again.")

    assert len(shown.all()) == 1
    assert [source.split("\n")[0] for source in page.sources[1:4]] == [
        *("%%codeact", "whole = sum(price)", "'the last cell'")
    ]
    opening = served.requests[2]["messages"]
    assert "total = sum" not in str(opening)  # neither in the conversation nor in the notebook
    expect(page.above).to_be_hidden()

    served.script(["There are **3**."])
    page.run_cell(4)
    expect(page.cells.nth(4)).to_contain_text("There are 3.")
    assert "Task: How many prices?\n" in str(served.requests[0]["messages"][-1]["content"]) + "\n"
    page.run_cell(5)
    expect(page.cells.nth(5).locator(".jp-OutputArea-output")).to_have_text("'There are **3**.'")


def test_the_widget_sends_with_enter_and_stays_where_it_is(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write(
        "widget.ipynb",
        f"import os, jupyter_codeact\nos.environ['JUPYTER_CODEACT_API_KEY'] = {served.api_key!r}\n"
        f"jupyter_codeact.CodeAct(endpoint={served.url!r})",
    )
    page = open_notebook("widget.ipynb")
    page.run_cell(0)
    task = page.cells.nth(0).get_by_placeholder("What would you like done?")
    place = task.bounding_box()
    served.script(["```python\nprint('one')\n```", "It is **1**.", "It is **2**."])

    task.click()
    page.page.keyboard.type("Print one,")
    page.page.keyboard.press("Shift+Enter")
    page.page.keyboard.type("then say so.")
    page.page.keyboard.press("Enter")
    expect(page.cells.nth(0)).to_contain_text("It is 1.")
    assert "Print one,\nthen say so." in str(served.requests[0]["messages"][-1]["content"])
    expect(task).to_have_value("")
    page.page.keyboard.type("And two?")
    page.page.keyboard.press("Enter")
    expect(page.cells.nth(0)).to_contain_text("It is 2.")
    assert task.bounding_box() == place
