"""From the notebook: an error is fixed or explained, a cell asked about, another one kept from CodeAct."""

from __future__ import annotations

import re

import nbformat
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab


def test_an_error_is_explained_and_fixed_in_its_cell(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("fix.ipynb", "price = [2, 3]", "print('total', sum(prices))", "'last'")
    served.script(
        [
            "There is no `prices`, only `price`.",
            "Let me look.\n\n```python\nprint(price)\n```",
            "Here.\n\n```python\nprint('total', sum(price))\n```",
            "It works now.",
        ]
    )
    page = open_notebook("fix.ipynb")
    page.run_cell(0)
    page.run_cell(1)
    page.edit(2)
    help_with_error = page.cells.nth(1).get_by_role("group", name="Help with this error")
    help_with_error.get_by_role("button", name="Explain").click()
    expect(page.conversation).to_contain_text("There is no prices, only price.")
    assert page.sources[1] == "print('total', sum(prices))"

    help_with_error.get_by_role("button", name="Fix with CodeAct").click()

    expect(page.conversation).to_contain_text("It works now.")
    expect(page.conversation).to_contain_text("Fix the NameError in this cell.")
    expect(page.cells).to_have_count(3)
    assert page.sources[1] == "print('total', sum(price))"
    expect(page.cells.nth(1)).to_contain_text("total 5")
    expect(help_with_error).to_be_hidden()
    asked = served.requests[1]["messages"][-1]["content"]
    assert "print('total', sum(prices))" in asked
    assert "Your code replaces cell=" in asked

    change = page.cells.nth(1).get_by_role("group", name="Changed by CodeAct")
    expect(page.cells.nth(1).locator("del")).to_have_text("s")
    change.get_by_role("button", name="Undo").click()
    undone = page.cells.nth(1).get_by_role("group", name="Undone")
    undone.get_by_role("button", name="Redo").click()
    expect(change).to_be_visible()
    assert page.sources[1] == "print('total', sum(price))"
    expect(page.cells.nth(1)).to_contain_text("total 5")
    change.get_by_role("button", name="Keep").click()
    expect(change).to_be_hidden()
    expect(page.cells.nth(1).locator("del")).to_have_count(0)


def test_a_cell_that_the_user_keeps_for_themselves_is_not_touched_though_the_model_names_it(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    path = lab.write("secret.ipynb", "secret = 42", "'last'")
    kept = nbformat.read(path, 4).cells[0].id
    served.script([f"Mine now.\n\n```python cell={kept}\nsecret = 0\n```", "I leave it."])
    page = open_notebook("secret.ipynb")
    page.cells.nth(0).locator(".jp-InputPrompt").click(button="right")
    page.page.locator(".lm-Menu-item", has_text=re.compile(r"^CodeAct$")).hover()
    page.page.get_by_role("menuitem", name="Protect This Cell from CodeAct").click()
    expect(page.mark(0, "protected")).to_be_visible()

    page.ask("Change the secret.")

    expect(page.conversation).to_contain_text("I leave it.")
    assert page.sources[0] == "secret = 42"
    expect(page.cells.nth(0).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    page.command("docmanager:save")
    page.command("codeact:protect-cell")
