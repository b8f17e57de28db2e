"""Completion while the user types, in JupyterLab's own inline completer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.scripted import Held, ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab, NotebookPage

GHOST = ".jp-GhostText"


@pytest.fixture
def page(lab: Lab, open_notebook: Open) -> Iterator[NotebookPage]:
    """Return a notebook in which completion is off, as it is until a user turns it on, and after the test."""
    lab.write("completion.ipynb", "price = [2, 3, 37]", "")
    page = open_notebook("completion.ipynb")
    yield page
    if is_on(page):
        page.command("codeact:toggle-completion")
        page.page.wait_for_function("() => !jupyterapp.commands.isToggled('codeact:toggle-completion')")


def is_on(page: NotebookPage) -> bool:
    return bool(page.page.evaluate("() => jupyterapp.commands.isToggled('codeact:toggle-completion')"))


def test_what_the_model_would_write_shows_while_typing_and_tab_accepts(
    page: NotebookPage, served: ScriptedModel
) -> None:
    keyboard = page.page.keyboard
    page.edit(1)
    keyboard.type("x = 1")  # it is off: the script has no reply for this
    assert not is_on(page)

    page.command("codeact:toggle-completion")
    page.page.wait_for_function("() => jupyterapp.commands.isToggled('codeact:toggle-completion')")
    held = Held("sum")
    served.script([held, "sum(price)\nprint(total)", "print(total)\n"])
    page.edit(1)
    keyboard.press("End")
    keyboard.press("Enter")
    keyboard.type("total =")
    assert held.reached.wait(60)
    keyboard.type(" ")  # typing on gives up what was asked
    assert held.disconnected.wait(60)
    expect(page.cells.nth(1).locator(GHOST)).to_have_text("sum(price)")
    assert page.sources[1] == "x = 1\ntotal = "
    keyboard.press("Tab")
    expect(page.cells.nth(1).locator(GHOST)).to_have_count(0)
    assert page.sources[1] == "x = 1\ntotal = sum(price)"
    [_, asked] = served.requests[:2]
    assert asked["messages"][-1]["content"] == "price = [2, 3, 37]\n\nx = 1\ntotal = <HERE>"
