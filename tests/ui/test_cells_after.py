"""After a run: what CodeAct wrote is marked, can be compared and taken back; the notebook can be checked."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab


def test_a_run_is_marked_compared_and_undone_but_for_what_the_user_changed_since(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    path = lab.write("undo.ipynb", "price = [2, 3]\ntotal = None", "'last'")
    first = nbformat.read(path, 4).cells[0].id
    served.script(
        [
            f"Better.\n\n```python cell={first}\nprice = [2, 3]\ntotal = sum(price)\n```",
            "More.\n\n```python\nprint('total', total)\n```",
            "And.\n\n```python\nprint('twice', 2 * total)\n```",
            "The total is 5.",
        ]
    )
    page = open_notebook("undo.ipynb")
    page.ask("Add up the prices.")
    expect(page.conversation).to_contain_text("The total is 5.")
    expect(page.cells).to_have_count(4)

    label = "Written by CodeAct with scripted. Click to see what changed"
    expect(page.mark(0, "written")).to_have_attribute("aria-label", label)
    expect(page.mark(3, "written")).to_be_hidden()

    page.mark(0, "written").click()
    dialog = page.page.get_by_role("dialog")
    expect(dialog).to_contain_text("What CodeAct changed for “Add up the prices.”")
    expect(dialog.get_by_role("textbox", name="Before the run")).to_contain_text("total = None")
    expect(dialog.get_by_role("textbox", name="Now")).to_contain_text("total = sum(price)")
    dialog.get_by_role("button", name="Close").last.click()

    page.edit(2)
    page.page.keyboard.press("Control+End")
    page.page.keyboard.type("  # mine")
    page.choose("Undo the Last CodeAct Run")

    expect(page.above).to_contain_text("1 cell that was changed since and was left alone")
    expect(page.cells).to_have_count(3)
    assert page.sources == ["price = [2, 3]\ntotal = None", "print('twice', 2 * total)  # mine", "'last'"]
    expect(page.mark(0, "written")).to_be_hidden()
    page.above.get_by_role("button", name="Dismiss").click()
    expect(page.above).to_be_hidden()


def test_a_check_marks_each_cell_until_it_is_edited_or_the_results_are_cleared_and_can_be_cancelled(
    lab: Lab, open_notebook: Open
) -> None:
    lab.write("check.ipynb", "x = 2\nx", "missing", "'after'")
    page = open_notebook("check.ipynb")
    page.run_cell(0)
    page.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-below')")
    page.choose("Check That the Notebook Reproduces")

    expect(page.mark(0, "same")).to_be_visible()
    sentence = "NameError: name 'missing' is not defined. No cell of the notebook defines it."
    expect(page.mark(1, "failed")).to_have_attribute("title", sentence)
    expect(page.mark(2, "not_run")).to_be_visible()
    expect(page.above.get_by_role("button", name="Clear")).to_be_visible()
    page.edit(1)
    page.page.keyboard.press("Control+A")
    page.page.keyboard.type("import time; time.sleep(600)")
    expect(page.mark(1, "failed")).to_be_hidden()
    page.above.get_by_role("button", name="Clear").click()
    expect(page.mark(0, "same")).to_be_hidden()

    page.choose("Check That the Notebook Reproduces")
    expect(page.mark(1, "running")).to_be_visible()
    page.above.get_by_role("button", name="Cancel").click()
    expect(page.above).to_contain_text("stopped")
    expect(page.mark(0, "same")).to_be_visible()
