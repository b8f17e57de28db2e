"""What is set in the settings editor, and what comes of it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.conftest import Open
from tests.ui.lab import Lab


def test_asking_at_cells_completion_and_instructions_are_set_among_the_settings(
    lab: Lab, open_notebook: Open
) -> None:
    lab.write("settings.ipynb", "price = [2, 3]\nprice")
    page = open_notebook("settings.ipynb", fresh=True)
    box = page.notebook.get_by_role("group", name="Ask CodeAct at this cell")
    tools = page.notebook.get_by_role("toolbar", name="About this output")
    page.run_cell(0)
    page.cells.nth(0).locator(".jp-OutputArea-output").hover()
    expect(tools).to_be_visible()

    page.open_panel()
    page.page.get_by_role("button", name="Settings of CodeAct").click()
    settings = page.page.locator(".jp-SettingsPanel")
    found = page.page.locator(".jp-PluginList")
    expect(found).to_contain_text("CodeAct")
    expect(found).not_to_contain_text("jupyter-codeact")
    completion = settings.get_by_role("checkbox", name="Complete code while typing")
    expect(completion).not_to_be_checked()
    completion.click()
    expect(completion).to_be_checked()
    page.page.wait_for_function("() => jupyterapp.commands.isToggled('codeact:toggle-completion')")
    completion.click()
    expect(completion).not_to_be_checked()
    settings.get_by_role("textbox", name="Instructions").fill("Use polars.\nLabel axes.")
    at_cell = settings.get_by_role("checkbox", name="Ask at the cell")
    at_cell.click()
    expect(page.page.get_by_role("button", name="your instructions")).to_be_visible()

    page.page.get_by_role("tab", name="settings.ipynb").click()
    expect(page.cells.nth(0)).to_be_visible()
    expect(tools).to_be_hidden()
    page.edit(0)
    page.page.keyboard.press("Control+G")
    expect(box).to_be_hidden()
    page.page.get_by_role("tab", name="Settings", exact=True).click()
    at_cell.click()
    settings.get_by_role("textbox", name="Instructions").fill("")
    page.page.get_by_role("tab", name="settings.ipynb").click()
    expect(tools).to_be_visible()
    page.edit(0)
    page.page.keyboard.press("Control+G")
    expect(box.get_by_role("textbox")).to_be_focused()

    page.command("settingeditor:open", query="Inline Completer")
    expect(page.page.locator(".jp-SettingsPanel").last).to_contain_text("CodeAct provider")
