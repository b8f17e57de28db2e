"""After a run: its changes are gone through, kept, undone and redone; what is asked again takes its place."""

from __future__ import annotations

import re

import nbformat
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab


def block(source: str, name: str = "") -> str:
    return f"Here.\n\n```python{name}\n{source}\n```"


def test_a_run_is_reviewed_cell_by_cell_undone_and_redone_and_gives_way_to_the_task_asked_again(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    path = lab.write("review.ipynb", "price = [2, 3]", "'last'")
    first = nbformat.read(path, 4).cells[0].id
    served.script(
        [
            *(block("price = [2, 3, 4]\nprice", f" cell={first}"), block("total = sum(price)\ntotal")),
            *(block("'more'"), "The total is 9."),
            *(block("total = 0\nfor one in price: total += one\ntotal"), "It is 5."),
        ]
    )
    page = open_notebook("review.ipynb")
    page.ask("Add up the prices.")
    expect(page.conversation).to_contain_text("The total is 9.")
    after = page.sources
    run = page.conversation.get_by_role("group", name="What the run changed")
    expect(run).to_contain_text("2 added, 1 changed")

    run.get_by_role("button", name="Review this run").click()
    bar = page.notebook.get_by_role("group", name="What CodeAct changed")
    expect(bar).to_contain_text("“Add up the prices.”: 2 added, 1 changed")
    changed = page.cells.nth(0).get_by_role("group", name="Changed by CodeAct")
    expect(changed).to_contain_text("1 of 3")
    changed.get_by_role("button", name="Next change").click()
    expect(page.cells.nth(1)).to_have_class(re.compile("jp-mod-active"))
    added = page.cells.nth(1).get_by_role("group", name="Added by CodeAct")
    added.get_by_role("button", name="Keep").click()
    page.cells.nth(2).get_by_role("group", name="Added by CodeAct").get_by_role("button", name="Undo").click()
    expect(page.cells).to_have_count(3)
    assert page.sources == [*after[:2], "'last'"]
    run.get_by_role("button", name="Redo this run").click()
    expect(page.cells).to_have_count(4)
    assert page.sources == after

    bar.get_by_role("button", name="Done").click()
    expect(bar).to_be_hidden()
    expect(page.cells.nth(1)).to_be_focused()  # the button went away; the focus should not
    run.get_by_role("button", name="Review this run").click()
    bar.get_by_role("button", name="Undo All").click()
    expect(page.cells).to_have_count(2)
    expect(page.conversation).to_contain_text("The run was undone.")
    page.command("codeact:redo-run")
    expect(page.cells).to_have_count(4)
    assert page.sources == after
    expect(page.cells.nth(1)).to_contain_text("9")
    bar.get_by_role("button", name="Keep All").click()
    expect(bar).to_be_hidden()
    expect(run.get_by_role("button", name="Keep this run")).to_be_hidden()

    page.conversation.get_by_role("button", name="Edit and ask again").click()
    page.task.fill("Add them up in a loop.")
    page.task.press("Enter")
    expect(page.conversation).to_contain_text("It is 5.")
    expect(page.conversation).not_to_contain_text("Add up the prices.")
    loop = "total = 0\nfor one in price: total += one\ntotal"
    assert page.sources == ["price = [2, 3]", loop, "'last'"]
