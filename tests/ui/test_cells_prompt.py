"""Asked at the cell: a box opens there, what changes shows as a difference, and the focus comes back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

SEEING = {"meta": {"n_params": 1_500_000_000}, "capabilities": ["multimodal"]}


def block(source: str) -> str:
    return f"Here.\n\n```python\n{source}\n```"


def test_a_cell_is_changed_and_written_by_asking_at_it_and_kept_undone_or_asked_again(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("at-cell.ipynb", "price = [2, 3]\nprint(price)", "'last'")
    served.script(
        [
            *(block("price = [2, 3]\nprint(sum(price))"), "It prints the sum."),
            *(block("price = [2, 3]\nprint(max(price))"), "It prints the largest."),
            *(block("'new'"), "There it is."),
            "The cell prints the largest price.",
        ]
    )
    page = open_notebook("at-cell.ipynb")
    keys = page.page.keyboard
    box = page.notebook.get_by_role("group", name="Ask CodeAct at this cell")
    text = box.get_by_role("textbox")
    page.edit(0)
    keys.press("Control+G")
    expect(text).to_be_focused()
    keys.press("Escape")
    expect(box).to_be_hidden()
    expect(page.cells.nth(0).locator(".cm-content")).to_be_focused()

    keys.press("Control+G")
    expect(text).to_be_focused()
    keys.type("Print the sum, a dd b")  # letters that are keys of the notebook elsewhere
    keys.press("Enter")
    change = page.cells.nth(0).get_by_role("group", name="Changed by CodeAct")
    expect(change).to_be_visible()
    expect(box).to_be_hidden()
    expect(page.cells.nth(0).locator(".cm-content")).to_be_focused()
    expect(page.cells).to_have_count(2)
    assert page.sources[0] == "price = [2, 3]\nprint(sum(price))"
    expect(page.cells.nth(0).locator(".cm-changedLine, .cm-changedText").first).to_be_visible()
    assert "Your code replaces cell=" in served.requests[0]["messages"][-1]["content"]

    change.get_by_role("button", name="Again").click()
    expect(page.cells.nth(0)).to_contain_text("print(max(price))")
    expect(change).to_be_visible()
    change.get_by_role("button", name="Undo").click()
    expect(page.cells.nth(0).get_by_role("group", name="Undone")).to_be_visible()
    assert page.sources[0] == "price = [2, 3]\nprint(price)"

    keys.press("Escape")
    keys.press("Control+G")
    box.get_by_role("combobox").select_option(label="New cell below")
    expect(text).to_be_focused()
    keys.type("Write a new cell")
    keys.press("Enter")
    added = page.cells.nth(1).get_by_role("group", name="Added by CodeAct")
    added.get_by_role("button", name="Undo").click()
    expect(page.cells).to_have_count(2)

    page.cells.nth(0).locator(".jp-InputPrompt").click()
    keys.press("Control+G")
    expect(text).to_be_focused()
    keys.type("What does it do?")
    keys.press("Enter")
    expect(box.get_by_role("status")).to_contain_text("The cell prints the largest price.")
    keys.press("Escape")
    expect(box).to_be_hidden()
    expect(page.task).to_be_hidden()  # the chat was not needed
