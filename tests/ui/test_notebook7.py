"""The same agent in Notebook 7."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open, scripted_lab
from tests.ui.lab import Lab

ENDLESS = "Counting.\n\n```python\nprint('begun', flush=True)\nwhile True:\n    pass\n```"


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory: pytest.TempPathFactory, serving: ScriptedModel) -> Iterator[Lab]:
    with scripted_lab(tmp_path_factory.mktemp("notebook7"), serving, application="notebook") as server:
        yield server


def test_notebook_7_asks_runs_and_answers_and_stops(
    notebook7: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    notebook7.write("seven.ipynb", "price = [2, 3, 37]")
    served.script(["Adding.\n\n```python\nprint('total', sum(price))\n```", "It is **42**.", ENDLESS])
    page = open_notebook("seven.ipynb", on=notebook7)
    page.run_cell(0)

    page.ask("Add up the prices.")
    expect(page.page.get_by_role("button", name="New conversation")).to_be_visible()
    expect(page.page.get_by_role("button", name="Settings of CodeAct")).to_have_count(0)  # on another page

    expect(page.conversation).to_contain_text("It is 42.")
    expect(page.cells.nth(1)).to_contain_text("total 42")
    expect(page.cards).to_have_attribute("data-state", "done")

    page.ask("Count.")
    expect(page.cells.nth(2)).to_contain_text("begun")
    page.stop.click()
    expect(page.cells.nth(2)).to_contain_text("KeyboardInterrupt")
    expect(page.notice).to_have_text("Stopped.")
    page.run_cell(0)


def test_notebook_7_asks_at_the_cell_fixes_an_error_and_takes_the_run_back(
    notebook7: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    path = notebook7.write("waits.ipynb", "prices = [2, 3]\nsum(price)")
    broken = nbformat.read(path, 4).cells[0].id
    served.script([f"So.\n\n```python cell={broken}\nprices = [2, 3]\nsum(prices)\n```", "It works now."])
    page = open_notebook("waits.ipynb", on=notebook7)
    page.open_panel()
    page.page.get_by_label("Before running a cell").select_option(label="Always ask")
    page.run_cell(0)
    page.edit(0)
    page.page.keyboard.press("Control+G")
    box = page.notebook.get_by_role("group", name="Ask CodeAct at this cell")
    expect(box.get_by_role("textbox")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.cells.nth(0).get_by_role("button", name="Fix with CodeAct").click()

    page.approval.get_by_role("button", name="Run", exact=True).click()
    expect(page.conversation).to_contain_text("It works now.")
    expect(page.cells.nth(0).locator(".jp-OutputArea-output").last).to_have_text("5")
    expect(page.mark(0, "written")).to_be_visible()

    page.task.fill("/undo")
    page.task.press("Enter")
    expect(page.conversation).to_contain_text("The run was undone.")
    assert page.sources == ["prices = [2, 3]\nsum(price)"]
    expect(page.mark(0, "written")).to_be_hidden()
