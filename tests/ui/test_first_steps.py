"""The first steps of a new user: a folder with a table, and no notebook yet."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import RESULTS
from tests.ui.lab import TOKEN, Lab, PanelPage

TABLE = "Tag;Umsatz\n1;2,5\n2;3,75\n"
LOAD = "```python\nimport pandas as pd\nsales = pd.read_csv('umsatz.csv', sep=';', decimal=',')\nsales\n```"


def test_from_a_table_without_a_notebook_to_answers_a_queue_and_files_of_ones_own(
    lab: Lab, served: ScriptedModel, browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    (lab.root / "umsatz.csv").write_text(TABLE)
    page = PanelPage(browser, lab)
    button = page.page.get_by_role
    page.page.locator(".jp-Launcher").get_by_text("Open CodeAct").click()
    expect(page.conversation).to_contain_text("I see umsatz.csv")
    expect(button("button", name="New Notebook")).to_be_visible()

    # a suggestion is there to be sent at once, and makes a notebook then, however often Enter is pressed
    second = served.held("", "```python\nsales.Umsatz.mean()\n```")
    total = "```python\nsales.Umsatz.sum()\n```"
    served.script([LOAD, "There are 2 rows.", second, "The mean is 3.125.", total, "It is 6.25."])
    button("button", name="Load umsatz.csv and show what is in it.").click()
    expect(page.task).to_have_value("Load umsatz.csv and show what is in it.")
    expect(page.task).to_be_focused()
    expect(page.page.get_by_role("list", name="Attached")).to_contain_text("umsatz.csv")
    notebook = page.page.get_by_role("tab", name=re.compile("ipynb"))
    expect(notebook).to_have_count(0)
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Enter")
    expect(page.conversation).to_contain_text("There are 2 rows.")
    expect(notebook).to_have_count(1)
    expect(page.task).to_be_focused()
    expect(page.page.get_by_label("Where CodeAct writes")).to_contain_text("below cell [1]")
    told = served.requests[0]["messages"][-1]["content"]
    assert "pd.read_csv('umsatz.csv', sep=';', decimal=',') reads it." in told
    expect(page.conversation.get_by_role("group", name="What the run changed")).to_contain_text("1 added")
    assert "3.75" in served.requests[1]["messages"][-1]["content"]
    path = str(page.page.evaluate("() => jupyterapp.shell.currentWidget.context.localPath"))

    # what is sent meanwhile waits, and outlives a reload together with what is being written
    page.task.fill("What is the mean?")
    page.page.keyboard.press("Enter")
    assert second.reached.wait(60)
    page.task.fill("And the sum?")
    page.page.keyboard.press("Enter")
    expect(page.page.get_by_role("list", name="To be done next")).to_contain_text("And the sum?")
    page.task.fill("Then a plot")
    page.page.goto(f"{lab.origin}/lab/tree/{quote(path)}?token={TOKEN}")
    page.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.isReady")
    # JupyterLab gives the notebook of its address the focus last: keys for the message box would go there
    page.page.wait_for_function("() => document.activeElement?.closest('.jp-Notebook')")
    if not page.task.is_visible():
        page.command("codeact:open")
    expect(page.task).to_have_value("Then a plot")
    expect(page.page.get_by_role("list", name="To be done next")).to_contain_text("And the sum?")
    assert len(served.requests) == 3
    second.released.set()
    expect(page.conversation).to_contain_text("It is 6.25.")
    assert "Task: And the sum?" in served.requests[4]["messages"][-1]["content"]
    page.task.fill("")
    page.task.press("ArrowUp")
    expect(page.task).to_have_value("And the sum?")
    page.task.fill("")

    # a file whose name is in use is asked about, and is beside the notebook then
    own = tmp_path / "umsatz.csv"
    own.write_bytes(b"a,b\n1,2\n")
    with page.page.expect_file_chooser() as chooser:
        button("button", name="Attach files from your computer").click()
    chooser.value.set_files(own)
    page.page.get_by_role("dialog").get_by_role("button", name="Keep Both").click()
    expect(page.page.get_by_role("list", name="Attached").last).to_contain_text("umsatz-1.csv")
    assert (lab.root / "umsatz-1.csv").read_bytes() == b"a,b\n1,2\n"
    assert (lab.root / "umsatz.csv").read_text() == TABLE

    # a cell is skipped with a word to the model
    served.script(["```python\nx = 1\n```", "Then y."])
    page.page.get_by_label("Before running a cell").select_option("always")
    page.task.fill("Set it.")
    page.task.press("Enter")
    button("button", name="Skip and Say Why…").click()
    page.page.get_by_role("textbox", name="Why, or what to do instead").fill("Call it y.")
    page.page.keyboard.press("Enter")
    expect(page.conversation).to_contain_text("Then y.")
    assert "pd.read_csv('umsatz-1.csv') reads it." in served.requests[0]["messages"][-1]["content"]
    expect(page.cards.last).to_contain_text("You: “Call it y.”")
    expect(page.task).to_be_focused()
    assert "says: Call it y." in served.requests[1]["messages"][-1]["content"]
    expect(page.page.get_by_text(re.compile("% of context|Context:"))).to_be_visible()
    page.close(RESULTS / f"{request.node.name}.png")
