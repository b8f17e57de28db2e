"""Nothing keeps anybody from using the page: axe-core, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab, NotebookPage

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ONE = "One.\n\n```python\na = 1\nprint('one', a)\n```"
RISKY = "Away.\n\n```python\nimport os\nos.remove('nothere')\n```"


def violations(page: NotebookPage, *places: str) -> list[str]:
    """Return what axe-core finds seriously wrong in these places, by default in the panel."""
    page.page.evaluate(AXE.read_text())
    found = page.page.evaluate(
        """async places => {
            // JupyterLab's body has no height: axe would take all in it for hidden, and test no contrast
            document.body.style.height = '100vh';
            const { passes, violations } = await axe.run(places);
            document.body.style.height = '';
            const tested = [...passes, ...violations].some(({ id }) => id === 'color-contrast');
            return { tested, violations };
        }""",
        list(places) or [".jp-CodeAct-panel"],
    )
    assert found["tested"]
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {[node['html'][:150] for node in one['nodes']]}" for one in serious]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nothing_serious_keeps_anybody_from_using_panel_sheets_and_bars(
    lab: Lab, served: ScriptedModel, open_notebook: Open, theme: str
) -> None:
    (lab.root / theme).mkdir()
    (lab.root / theme / "AGENTS.md").write_text("Count slowly.\n")
    lab.write(f"{theme}/access.ipynb", "price", "'x'")
    served.script([ONE, RISKY, 'It is **one**, as in\n\n```json\n{"one": 1}\n```'])
    page = open_notebook(f"{theme}/access.ipynb")
    button = lambda name: page.page.get_by_role("button", name=name, exact=True)  # noqa: E731
    page.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}")
    expect(page.page.locator("#jupyterlab-splash")).to_have_count(0)

    page.open_panel()
    page.task.press_sequentially("@")
    expect(page.page.get_by_role("option", name="cell 1 (active)")).to_be_visible()
    assert violations(page) == []
    page.task.fill("")
    page.run_cell(0)
    expect(button("Fix with CodeAct")).to_be_visible()
    assert violations(page, ".jp-CodeAct-panel", ".jp-CodeAct-cellErrorActions") == []
    page.edit(0)
    page.page.keyboard.press("Control+G")
    expect(page.notebook.get_by_role("group", name="Ask CodeAct at this cell")).to_be_visible()
    assert violations(page, ".jp-CodeAct-cellPrompt") == []
    page.page.keyboard.press("Escape")

    page.ask("Count.")
    expect(page.approval).to_be_visible()
    assert violations(page, ".jp-CodeAct-panel", ".jp-CodeAct-cellApproval") == []
    button("Skip and Say Why…").click()
    assert violations(page) == []
    page.page.get_by_role("textbox", name="Why, or what to do instead").fill("It is mine.")
    page.page.keyboard.press("Enter")
    expect(page.conversation).to_contain_text("It is one")
    button("Review this run").click()
    expect(page.notebook.get_by_role("group", name="What CodeAct changed")).to_be_visible()
    assert violations(page, ".jp-CodeAct-panel", ".jp-CodeAct-reviewBar", ".jp-CodeAct-cellChange") == []

    button("Conversations").click()
    expect(page.page.get_by_role("region", name="Conversations")).to_be_visible()
    assert violations(page) == []
    page.page.keyboard.press("Escape")
    button("AGENTS.md").locator("visible=true").last.click()
    expect(page.page.get_by_role("region", name="Instructions")).to_contain_text("Count slowly.")
    assert violations(page) == []
    page.page.keyboard.press("Escape")
    page.model_button.click()
    expect(page.page.get_by_role("list", name="On this machine")).to_be_visible()
    assert violations(page) == []
    button("Add an Endpoint…").click()
    page.page.get_by_text("Model settings").click()
    assert violations(page) == []

    page.command("apputils:change-theme", theme="JupyterLab Light")  # a setting of the whole Lab
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
