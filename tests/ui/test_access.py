"""Nothing keeps anybody from using the panel: axe-core, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab, NotebookPage

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ONE = "One.\n\n```python\na = 1\nprint('one', a)\n```"


def violations(page: NotebookPage) -> list[str]:
    """Return what axe-core finds seriously wrong in the panel."""
    page.page.evaluate(AXE.read_text())
    found = page.page.evaluate("() => axe.run('.jp-CodeAct-panel')")
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {[node['html'][:150] for node in one['nodes']]}" for one in serious]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_serious_keeps_anybody_from_using_the_panel(
    lab: Lab, served: ScriptedModel, open_notebook: Open, theme: str
) -> None:
    name = f"{theme}.ipynb"
    lab.write(name, "'x'")
    served.script([ONE, 'It is **one**, as in\n\n```json\n{"one": 1}\n```'])
    page = open_notebook(name)
    page.command("apputils:change-theme", theme=theme)
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    expect(page.page.locator("#jupyterlab-splash")).to_have_count(0)
    page.ask("Count.")
    expect(page.conversation).to_contain_text("It is one")
    assert violations(page) == []
    page.page.get_by_role("button", name="Conversations", exact=True).click()
    expect(page.page.get_by_role("region", name="Conversations")).to_be_visible()
    assert violations(page) == []
    page.command("apputils:change-theme", theme="JupyterLab Light")  # a setting of the whole Lab
    expect(page.page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
