"""The notebook scrolls along with the agent until the user scrolls away."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

LONG = "for number in range(90): print('line', number)"


def block(source: str) -> str:
    return f"Here.\n\n```python\n{source}\n```"


def test_the_cell_at_work_stays_in_view_after_long_outputs_and_approval_by_key_until_the_user_scrolls(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("follow.ipynb", "'first'", *["'filling'"] * 3)
    held = served.held("Here.", f"\n\n```python\n{LONG}\n'unseen'\n```")
    again = served.held("And here.", "\n\n```python\n'seen again'\n```")
    served.script([block(LONG), block(f"{LONG}\n'second'"), block(f"{LONG}\n'third'"), held, again, "Done."])
    page = open_notebook("follow.ipynb")
    page.choose("Always Ask Before Running a Cell")
    page.ask("Count.")
    expect(page.waiting(1)).to_be_in_viewport()
    page.edit(1)
    page.page.keyboard.press("Shift+Enter")
    expect(page.waiting(2)).to_be_in_viewport(ratio=1)
    page.answer("Run All from Here")
    expect(page.conversation.locator("[data-state=done]")).to_have_count(3)
    expect(page.cells.nth(3).locator(".jp-InputPrompt")).to_have_text("[3]:")
    assert held.reached.wait(60)
    expect(page.cells.nth(3).locator(".jp-OutputArea-output").last).to_be_in_viewport()

    page.notebook.locator(".jp-Notebook").hover()
    page.page.mouse.wheel(0, -20_000)
    expect(page.cells.nth(0)).to_be_in_viewport()
    held.released.set()
    assert again.reached.wait(60)
    expect(page.conversation.locator("[data-state=done]")).to_have_count(4)
    expect(page.cells.nth(0)).to_be_in_viewport()
    unseen = page.notebook.locator(".jp-Cell", has_text="'unseen'")
    expect(unseen).not_to_be_in_viewport()

    page.page.mouse.wheel(0, 20_000)  # back at the end
    expect(unseen).to_be_in_viewport()
    again.released.set()
    expect(page.conversation).to_contain_text("Done.")
    expect(page.notebook.locator(".jp-OutputArea-output", has_text="'seen again'")).to_be_in_viewport()


def test_a_question_drawn_below_a_cell_in_view_comes_into_view(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("asked-at-a-cell.ipynb", *["'filling'"] * 3)
    served.script([block("'asked about'"), "Done."])
    page = open_notebook("asked-at-a-cell.ipynb", fresh=True)
    page.edit(2)
    page.choose("Always Ask Before Running a Cell")
    page.open_panel()
    room = page.page.evaluate(
        """() => {
            const { outerNode, widgets } = jupyterapp.shell.currentWidget.content;
            const bottom = node => node.getBoundingClientRect().bottom;
            return bottom(outerNode) - bottom(widgets.at(-1).node);
        }"""
    )
    # room for one more cell, and not for what is asked about it
    page.page.set_viewport_size({"width": 1440, "height": round(800 - room) + 60})
    page.ask("Go on.")
    expect(page.waiting(3)).to_be_in_viewport(ratio=1)
    page.answer("Run")
    expect(page.conversation).to_contain_text("Done.")
