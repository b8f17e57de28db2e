"""Approval in place: the agent's cell is in the notebook and waits for the user's word."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab, NotebookPage

ASK = "Always Ask Before Running a Cell"


def counting(name: str) -> str:
    """Return an action that says how often it has run."""
    return f"On.\n\n```python\n{name} = globals().get('{name}', 0) + 1\nprint('{name} ran', {name})\n```"


def expect_ran_once(page: NotebookPage, index: int, name: str) -> None:
    """See that a cell has run, and the kernel is free, and it has not run again."""
    expect(page.cells.nth(index)).to_contain_text(f"{name} ran 1")
    expect(page.cells.nth(index).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
    expect(page.cells.nth(index).locator(".jp-OutputArea-child")).to_have_count(1)


def test_a_cell_waits_and_runs_once_by_button_or_key_as_edited_or_not_at_all(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("approve.ipynb", "'first'")
    names = ["button", "command", "editing", "edited", "skipped"]
    served.script([*map(counting, names), "That was all."])
    page = open_notebook("approve.ipynb")
    page.choose(ASK)
    expect(page.approval_setting).to_have_text("Always ask")
    page.ask("Count.")

    expect(page.approval).to_be_visible()
    expect(page.cells).to_have_count(2)
    expect(page.cells.nth(1).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    page.answer("Run")
    expect_ran_once(page, 1, "button")

    expect(page.waiting(2)).to_be_visible()
    page.cells.nth(2).locator(".jp-InputPrompt").click()
    page.page.keyboard.press("Shift+Enter")
    expect_ran_once(page, 2, "command")

    expect(page.waiting(3)).to_be_visible()
    page.edit(3)
    page.page.keyboard.press("Shift+Enter")
    expect_ran_once(page, 3, "editing")

    expect(page.waiting(4)).to_be_visible()
    page.answer("Edit")
    page.page.keyboard.press("Control+A")
    page.page.keyboard.type("print('mine instead')")
    page.page.keyboard.press("Shift+Enter")
    expect(page.cells.nth(4).locator(".jp-OutputArea")).to_have_text("mine instead\n")

    expect(page.waiting(5)).to_be_visible()
    page.answer("Skip")
    expect(page.conversation).to_contain_text("That was all.")
    expect(page.approval).to_be_hidden()
    expect(page.cells.nth(5).locator(".jp-InputPrompt")).to_have_text("[ ]:")

    told = [message["content"] for message in served.requests[-1]["messages"]]
    assert "mine instead" in told[9]
    assert "skipped it" in told[11]


def test_what_waits_is_there_again_after_a_reload_and_disturbs_nobody_and_the_rest_can_run_at_once(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("rest.ipynb", "()", *(f"'cell {number}'" for number in range(60)))
    second = served.held("", counting("two"))
    served.script([counting("one"), second, "All of it.", counting("three"), "And that."])
    page = open_notebook("rest.ipynb", fresh=True, workspace="rest")
    page.choose(ASK)
    page.ask("Count.")
    expect(page.waiting(1)).to_be_visible()
    page.wait_until_panel_is_remembered()
    page.page.add_init_script(
        """window.addEventListener('focusin', ({ target }) => {
            window.hadFocus = [...(window.hadFocus ?? []), target.ariaLabel];
        })"""
    )

    page.page.reload()
    page.wait_until_idle()
    expect(page.task).to_be_visible()
    expect(page.waiting(1)).to_be_visible()
    expect(page.approval_setting).to_have_text("Always ask")

    page.window_cells()
    page.edit(0)
    page.page.keyboard.press("Home")
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.type("abc")
    assert page.sources[0] == "(abc)"
    had_focus = page.page.evaluate("() => window.hadFocus")
    assert "Code Cell Content" in had_focus
    assert "Ask CodeAct" not in had_focus, "the panel, open again, took the focus from the notebook"
    page.cells.nth(0).locator(".jp-InputPrompt").click()
    page.scroll_to(60)
    expect(page.approval).to_be_hidden()
    page.scroll_to(0)

    page.answer("Run All from Here")
    expect_ran_once(page, 1, "one")
    chosen = page.page.get_by_label("Before running a cell").locator("option:checked")
    expect(chosen).to_have_text("Never ask in this run")
    expect(page.approval_setting).to_have_text("Never ask in this run")
    second.released.set()
    expect_ran_once(page, 2, "two")
    page.open_panel()
    expect(page.conversation).to_contain_text("All of it.")
    expect(chosen).to_have_text("Always ask")
    expect(page.approval_setting).to_have_text("Always ask")

    page.ask("Go on.")
    expect(page.approval).to_be_visible()
    page.answer("Run")
    expect(page.conversation).to_contain_text("And that.")


def test_only_what_is_risky_waits_and_the_bar_says_why(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("risky.ipynb", "'first'")
    kept = lab.root / "kept"
    kept.mkdir()
    delete = "Away.\n\n```python\nimport shutil\nshutil.rmtree('kept')\n```"
    served.script([counting("harmless"), delete, "As you like."])
    page = open_notebook("risky.ipynb")
    page.choose("Ask Before Running a Risky Cell")
    page.ask("Clean up.")

    expect_ran_once(page, 1, "harmless")
    expect(page.waiting(2)).to_contain_text("delete")
    page.answer("Skip")
    expect(page.conversation).to_contain_text("As you like.")
    assert kept.exists()
