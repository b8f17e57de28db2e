"""What is offered at a cell and at its output, by mouse, menu and palette."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PICTURE = f"import base64, IPython.display as d\nd.display(d.Image(base64.b64decode('{DOT}')))"


def test_an_output_is_explained_with_its_picture_and_menus_act_on_the_cell_they_were_opened_at(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("tools.ipynb", f"{PICTURE}\nprint('one dot')", "while True: pass", "'last'")
    served.script(
        [
            "It shows one dot.",
            "Gone.\n\n```python\nimport os\nos.remove('nothing')\n```",
            "Then not.",
        ]
    )
    page = open_notebook("tools.ipynb")
    page.run_cell(0)
    tools = page.cells.nth(0).get_by_role("toolbar", name="About this output")
    page.page.keyboard.press("Tab")  # to the cell's own toolbar
    page.page.keyboard.press("Tab")
    expect(tools.get_by_role("button", name="Explain")).to_be_focused()
    expect(tools).to_have_css("opacity", "1")
    page.edit(2)
    page.cells.nth(0).locator(".jp-OutputArea-output").first.hover()
    tools.get_by_role("button", name="Explain").click()
    expect(page.conversation).to_contain_text("It shows one dot.")
    asked = str(served.requests[0]["messages"][-1]["content"])
    assert "one dot" in asked
    assert "picture of cell 1" in asked
    page.page.mouse.move(0, 0)
    page.cells.nth(0).locator(".jp-OutputArea-output").first.hover()
    tools.get_by_role("button", name="Fix…").click()
    box = page.notebook.get_by_role("group", name="Ask CodeAct at this cell")
    expect(box.get_by_role("textbox")).to_be_focused()
    expect(box.get_by_role("combobox")).to_have_value("change")
    page.page.keyboard.press("Escape")

    page.edit(1)
    page.page.keyboard.press("Control+Enter")
    page.command("kernelmenu:interrupt")
    expect(page.cells.nth(1)).to_contain_text("KeyboardInterrupt")
    expect(page.cells.nth(1).get_by_role("group", name="Help with this error")).to_be_hidden()

    page.cells.nth(2).locator(".jp-InputPrompt").click()
    page.cells.nth(0).locator(".jp-OutputArea-output").first.click(button="right")
    page.page.locator(".lm-Menu-item", has_text=re.compile(r"^CodeAct$")).hover()
    page.page.get_by_role("menuitem", name="Protect This Cell from CodeAct").click()
    expect(page.mark(0, "protected")).to_be_visible()
    expect(page.mark(2, "protected")).to_be_hidden()

    page.ask("Remove it.")
    page.answer("Skip")
    expect(page.conversation).to_contain_text("Then not.")
    expect(page.notebook.locator("[data-mark=skipped]")).to_have_count(1)

    page.command("apputils:activate-command-palette")
    page.page.get_by_role("searchbox", name="Command Palette Section").or_(
        page.page.locator(".lm-CommandPalette-input")
    ).first.fill("codeact")
    hits = page.page.locator(".lm-CommandPalette-itemLabel")
    expect(hits.first).to_contain_text("Ask CodeAct")
    page.page.keyboard.press("Escape")
    page.command("docmanager:save")
    page.cells.nth(0).locator(".jp-InputPrompt").click()
    page.command("codeact:protect-cell")
