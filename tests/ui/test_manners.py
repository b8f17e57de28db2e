"""The agent as a guest: the user's focus, place and habits are the user's, also while it works."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab, NotebookPage

TWO_STEPS = ["First.\n\n```python\na = 1\nprint('one')\n```", "Then.\n\n```python\nprint('two', a)\n```"]
WAIT = "Waiting.\n\n```python\nimport time\nprint('begun', flush=True)\ntime.sleep(600)\n```"

ABOVE_THE_TASK = [
    *("Conversations", "New conversation", "Settings of CodeAct", "Conversation", "Edit and ask again"),
    *("Show the code", "Go to Cell", "What came out"),
    *("Copy the answer", "Insert as text below the active cell"),
    *("Figures", "Try again", "Review this run", "Keep this run", "Undo this run"),
    *("Check the notebook", "Explain the code"),
]
BELOW_THE_TASK = [
    *("Attach files from your computer", "Attach cells or files"),
    *("Where CodeAct writes", "Before running a cell", "Choose a model: scripted", "Send"),
]
"""The stops of the Tab key in the panel, after a run with one cell."""


def in_focus(page: NotebookPage) -> str:
    """Return the name of what has the focus."""
    name: str = page.page.evaluate(
        """() => {
            const { ariaLabel, innerText, tagName, title } = document.activeElement;
            const words = tagName === 'SUMMARY' ? 'Figures' : innerText;
            const named = ['Send', 'Figures', 'Check the notebook', 'Explain the code'];
            return ariaLabel || (named.includes(words) ? words : title);
        }"""
    )
    return name


def cursor(page: NotebookPage) -> dict[str, object]:
    """Return where the user types: the cell, its text, the place in it, and the notebook's mode."""
    found: dict[str, object] = page.page.evaluate(
        """() => {
            const notebook = jupyterapp.shell.currentWidget.content;
            const { activeCell, activeCellIndex: index, mode } = notebook;
            const hasFocus = activeCell.node.contains(document.activeElement);
            const { column } = activeCell.editor.getCursorPosition();
            return { index, mode, hasFocus, column, text: activeCell.model.sharedModel.getSource() };
        }"""
    )
    return found


def test_who_types_in_another_cell_keeps_focus_mode_cursor_and_text(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("typing.ipynb", "'first'", "()")
    first, second = served.held("", TWO_STEPS[0]), served.held("", TWO_STEPS[1])
    served.script([first, second, "Done with both."])
    page = open_notebook("typing.ipynb")
    page.edit(0)
    page.ask("Go on in two steps.")
    assert first.reached.wait(60)
    page.edit(1)
    page.page.keyboard.press("Home")
    page.page.keyboard.press("ArrowRight")

    first.released.set()
    page.page.keyboard.type("abcdefgh", delay=60)
    assert second.reached.wait(60)
    second.released.set()
    page.page.keyboard.type("ijklmnop", delay=60)
    expect(page.conversation).to_contain_text("Done with both.")

    assert cursor(page) == {
        "index": 3,
        "mode": "edit",
        "hasFocus": True,
        "column": 17,
        "text": "(abcdefghijklmnop)",
    }
    expect(page.cards.nth(1)).to_have_attribute("data-state", "done")


def test_cells_go_below_the_active_one_and_then_below_each_other(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("below.ipynb", "'first'", "'second'", "'third'")
    served.script([*TWO_STEPS, "Done with both."])
    page = open_notebook("below.ipynb")
    page.edit(1)

    page.ask("Go on in two steps.")

    expect(page.conversation).to_contain_text("Done with both.")
    assert page.sources == ["'first'", "'second'", "a = 1\nprint('one')", "print('two', a)", "'third'"]


def test_the_action_lands_in_its_notebook_whatever_tab_is_in_front(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("mine.ipynb", "'mine'")
    lab.write("other.ipynb", "'other'")
    first, second = served.held("Let me see. ", TWO_STEPS[0]), served.held("", "That was all.")
    served.script([first, second])
    page = open_notebook("mine.ipynb")
    page.ask("Do it here.")
    expect(page.conversation).to_contain_text("Let me see.")

    page.command("docmanager:open", path="other.ipynb")
    page.wait_until_idle()
    expect(page.page.get_by_role("region", name="CodeAct")).to_contain_text("other.ipynb")
    expect(page.conversation).not_to_contain_text("Let me see.")
    expect(page.obstacle).to_have_text("")
    first.released.set()
    assert second.reached.wait(60)  # the action is done
    expect(page.cards).to_have_count(0)
    assert page.sources == ["'other'"]

    page.page.get_by_role("tab", name="mine.ipynb").click()
    expect(page.obstacle).to_have_text("CodeAct is at work…")
    expect(page.cards).to_have_attribute("data-state", "done")
    expect(page.cells.nth(1)).to_contain_text("one")
    assert page.sources == ["'mine'", "a = 1\nprint('one')"]
    second.released.set()
    expect(page.conversation).to_contain_text("That was all.")

    page.page.get_by_role("button", name="Conversations", exact=True).click()
    sheet = page.page.get_by_role("region", name="Conversations")
    expect(sheet).to_be_focused()
    page.page.get_by_role("tab", name="other.ipynb").click()
    expect(sheet).to_be_hidden()  # it was about the other notebook
    expect(page.page.get_by_role("region", name="CodeAct")).to_contain_text("other.ipynb")
    expect(page.notebook.locator(".jp-Notebook:focus-within")).to_have_count(1)


def test_a_cell_far_out_of_view_runs_and_can_be_gone_to(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("long.ipynb", *(f"cell = {number}" for number in range(300)))
    served.script([TWO_STEPS[0], "Done far below."])
    page = open_notebook("long.ipynb")
    page.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 290 }")
    page.notebook.hover()
    page.page.mouse.wheel(0, -100_000)
    expect(page.notebook.get_by_text("cell = 0", exact=True)).to_be_in_viewport()

    page.ask("Do it.")

    expect(page.conversation).to_contain_text("Done far below.")
    expect(page.cards).to_contain_text("one")
    expect(page.notebook.get_by_text("cell = 0", exact=True)).to_be_in_viewport()  # nothing has scrolled
    assert page.sources.index("a = 1\nprint('one')") == 291
    page.cards.get_by_title("Go to Cell").click()
    cell = page.notebook.locator(".jp-Cell.jp-mod-active")
    expect(cell).to_contain_text("a = 1")
    expect(cell.locator(".jp-OutputArea")).to_be_in_viewport()


def test_a_cell_deleted_while_it_runs_ends_the_run_with_a_sentence(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("deleted.ipynb", "'kept'")
    served.script([WAIT])
    page = open_notebook("deleted.ipynb")
    page.ask("Work.")
    expect(page.cells.nth(1)).to_contain_text("begun")

    page.cells.nth(1).locator(".jp-InputPrompt").click()
    page.page.keyboard.press("d")
    page.page.keyboard.press("d")

    expect(page.notice).to_have_text("The cell was deleted while CodeAct was running it.")
    expect(page.stop).to_be_hidden()
    assert page.sources == ["'kept'"]
    page.run_cell(0)  # the deleted cell does not hold the kernel any more


def test_a_failed_cell_that_the_user_deleted_is_written_anew(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("anew.ipynb", "'kept'")
    correction = served.held("", TWO_STEPS[0])
    served.script(["Trying.\n\n```python\n1 / 0\n```", correction, "Done anew."])
    page = open_notebook("anew.ipynb")
    page.ask("Work.")
    expect(page.cells.nth(1)).to_contain_text("ZeroDivisionError")

    page.cells.nth(1).locator(".jp-InputPrompt").click()
    page.page.keyboard.press("d")
    page.page.keyboard.press("d")
    expect(page.cells).to_have_count(1)
    correction.released.set()

    expect(page.conversation).to_contain_text("Done anew.")
    assert page.sources == ["'kept'", "a = 1\nprint('one')"]
    page.cards.nth(0).get_by_title("Go to Cell").click()
    expect(page.notice).to_have_text("This cell is no longer in the notebook.")


def test_a_cell_that_asks_for_input_is_answered_by_the_user(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("input.ipynb", "'x'")
    served.script(
        ["Who is it?\n\n```python\nname = input('Your name? ')\nprint('Hello', name)\n```", "It was Ada."]
    )
    page = open_notebook("input.ipynb")
    page.ask("Ask for my name.")

    box = page.cells.nth(1).locator("input.jp-Stdin-input")
    status = page.conversation.get_by_role("group", name="Run under way")
    expect(status).to_contain_text("The cell asks for input")
    status.get_by_role("button", name="Show").click()
    expect(box).to_be_in_viewport()
    box.fill("Ada")
    box.press("Enter")

    expect(page.conversation).to_contain_text("It was Ada.")
    expect(page.cells.nth(1)).to_contain_text("Hello Ada")


def test_shift_enter_begins_a_line_and_enter_sends(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("enter.ipynb", "'x'")
    served.script(["Two lines."])
    page = open_notebook("enter.ipynb")
    page.open_panel()
    page.task.click()
    page.page.keyboard.type("one")
    page.page.keyboard.press("Shift+Enter")
    page.page.keyboard.type("two")
    expect(page.task).to_have_value("one\ntwo")
    expect(page.cells).to_have_count(1)

    page.page.keyboard.press("Enter")

    expect(page.conversation).to_contain_text("Two lines.")
    expect(page.task).to_have_value("")
    assert "one\ntwo" in served.requests[0]["messages"][-1]["content"]


def test_a_conversation_is_there_after_a_reload_until_a_new_one_begins(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("reloaded.ipynb", "'x'")
    served.script([TWO_STEPS[0], "That is **one**.", "Nothing before."])
    page = open_notebook("reloaded.ipynb", fresh=True)
    page.ask("Do it.")
    expect(page.conversation).to_contain_text("That is one.")
    page.command("docmanager:save")
    expect(page.page.locator(".jp-mod-dirty")).to_have_count(0)

    page.page.reload()
    page.wait_until_idle()
    page.open_panel()
    expect(page.conversation).to_contain_text("That is one.")
    expect(page.cards).to_have_attribute("data-state", "done")
    page.cards.get_by_title("Go to Cell").click()
    expect(page.notebook.locator(".jp-Cell.jp-mod-active")).to_contain_text("a = 1")
    nbformat.validate(nbformat.read(lab.root / "reloaded.ipynb", as_version=4))

    page.page.get_by_role("button", name="New conversation").click()
    expect(page.conversation).not_to_contain_text("That is one.")
    page.ask("What was before?")
    expect(page.conversation).to_contain_text("Nothing before.")
    assert len(served.requests[-1]["messages"]) == 2
    assert "Do it." not in str(served.requests[-1]["messages"])


def test_everything_in_the_panel_is_reached_and_used_with_the_keyboard(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("keyboard.ipynb", "'x'")
    served.script([TWO_STEPS[0], "Done.", WAIT])
    page = open_notebook("keyboard.ipynb")
    keyboard = page.page.keyboard
    page.command("codeact:open")
    expect(page.task).to_be_focused()
    keyboard.type("Do it.")
    keyboard.press("Enter")
    expect(page.conversation).to_contain_text("Done.")
    expect(page.task).to_be_focused()

    keyboard.type("Wait.")
    for _ in BELOW_THE_TASK:
        keyboard.press("Tab")
    expect(page.send).to_be_focused()
    seen = [in_focus(page)]
    while seen[-1] != "Conversations" and len(seen) < 30:
        keyboard.press("Shift+Tab")
        seen.append(in_focus(page))
    assert seen[::-1] == [*ABOVE_THE_TASK, "Ask CodeAct", *BELOW_THE_TASK]

    for _ in seen[1:]:
        keyboard.press("Tab")
    expect(page.send).to_be_focused()
    keyboard.press("Enter")
    expect(page.cells.nth(2)).to_contain_text("begun")
    page.task.focus()
    for _ in BELOW_THE_TASK:
        keyboard.press("Tab")
    expect(page.stop).to_be_focused()
    keyboard.press("Enter")
    expect(page.notice).to_have_text("Stopped.")
    expect(page.task).to_be_focused()
