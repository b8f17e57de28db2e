"""The default model in the page, as a new user meets it after `make lab`."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.real.tasks import HEAVIEST
from tests.ui.conftest import RESULTS
from tests.ui.lab import Lab, NotebookPage

TIMEOUT = 300_000
"""Milliseconds; two slow cores read the first prompt for a good while."""


@pytest.mark.model
def test_the_default_model_answers_from_the_users_kernel(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Lab(tmp_path_factory.mktemp("real"), "--CodeActExtension.open_panel=True") as lab:
        lab.write("penguins.ipynb", HEAVIEST.before, f"print('solved:', {HEAVIEST.check})")
        page = NotebookPage(browser, lab, "penguins.ipynb")
        expect(page.task).to_be_visible()  # without a click: the panel is open from the start
        page.run_cell(0)

        page.task.fill(HEAVIEST.request)
        page.task.press("Enter")

        expect(page.conversation.locator("[data-ending]")).to_have_attribute(
            "data-ending", "answered", timeout=TIMEOUT
        )
        last = page.cells.count() - 1
        assert last >= 2
        page.run_cell(last)
        expect(page.cells.nth(last)).to_contain_text("solved: True")
        page.close(RESULTS / "real-model.png")
