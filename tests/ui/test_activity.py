"""What a user sees of a run in a notebook that is not in front."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab

REMOVE = "```python\nimport os\nos.remove('old.csv')\n```"


def test_a_run_elsewhere_shows_at_its_tab_in_the_status_bar_and_in_a_notification(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("elsewhere.ipynb", "1")
    lab.write("front.ipynb", "2")
    (lab.root / "old.csv").write_text("x\n1\n")
    held = served.held("One moment. ", REMOVE)
    served.script([held, "The old table is **gone**."])
    page = open_notebook("elsewhere.ipynb")
    page.ask("Remove the old table.")
    expect(page.conversation).to_contain_text("One moment.")
    page.command("docmanager:open", path="front.ipynb")
    page.wait_until_idle()

    # it works
    tab = page.page.locator(".lm-TabBar-tab", has_text="elsewhere.ipynb")
    status = page.page.locator(".jp-CodeAct-activity")
    expect(status).to_have_text("CodeAct works in elsewhere.ipynb")
    expect(tab).to_have_class(re.compile("jp-mod-codeActWorking"))
    sidebar = page.page.locator(".jp-SideBar .lm-TabBar-tab[data-id=jp-CodeAct-sidebar]")
    expect(sidebar).to_have_class(re.compile("jp-mod-codeActWorking"))

    # it waits, and the notification leads there
    held.released.set()
    notification = page.page.locator(".Toastify__toast")
    expect(notification).to_contain_text("elsewhere.ipynb: CodeAct waits for you to decide about a cell.")
    expect(status).to_have_text("CodeAct waits in elsewhere.ipynb")
    expect(tab).to_have_class(re.compile("jp-mod-codeActWaiting"))
    notification.get_by_role("button", name="Show").click()
    expect(page.approval).to_be_visible()
    expect(notification).to_have_count(0)

    # it ends while the other notebook is in front
    page.answer("Run")
    page.command("docmanager:open", path="front.ipynb")
    expect(notification).to_contain_text("elsewhere.ipynb: The old table is gone.")
    expect(status).to_have_count(0)
    expect(tab).not_to_have_class(re.compile("jp-mod-codeAct"))
    notification.get_by_role("button", name="Show").click()
    expect(page.conversation).to_contain_text("The old table is gone.")
