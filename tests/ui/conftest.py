"""A real JupyterLab in a real Chromium. The model is scripted unless a test wants the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.scripted import ScriptedModel
from tests.ui.lab import Lab, NotebookPage

expect.set_options(timeout=60_000)
CHROMIUM = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

RESULTS = Path(__file__).parents[2] / "test-results"
"""Where a picture of each tab as it was at the end goes; git ignores it."""

Open = Callable[..., NotebookPage]


# of the package: while Playwright is there, no other event loop can run in this thread
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def serving() -> Iterator[ScriptedModel]:
    with ScriptedModel([]) as model:
        yield model


@pytest.fixture
def served(serving: ScriptedModel) -> Iterator[ScriptedModel]:
    """Return the scripted model that tests share; a run that goes on would take the next test's replies."""
    serving.script([])
    yield serving
    assert not serving.overdrawn, "the test asked for more replies than its script has"


def scripted_lab(folder: Path, served: ScriptedModel, *arguments: str, **more: str) -> Lab:
    """Return a Lab, or another application, whose model is the scripted one."""
    return Lab(
        folder,
        f"--CodeActExtension.endpoint={served.url}",
        *arguments,
        environment={"JUPYTER_CODEACT_API_KEY": served.api_key},
        **more,
    )


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory, serving: ScriptedModel) -> Iterator[Lab]:
    """Return the Lab that tests share; it looks twice a second whether a kernel has died."""
    arguments = ["--KernelRestarter.time_to_dead=0.5"]
    with scripted_lab(tmp_path_factory.mktemp("lab"), serving, *arguments) as lab:
        yield lab


@pytest.fixture
def open_notebook(request: pytest.FixtureRequest, browser: Browser, lab: Lab) -> Iterator[Open]:
    """Return a function that opens a notebook in a tab of its own, in the shared Lab or the one given."""
    pages: list[NotebookPage] = []

    def open_one(name: str, *, on: Lab = lab) -> NotebookPage:
        pages.append(NotebookPage(browser, on, name))
        return pages[-1]

    yield open_one
    for number, page in enumerate(pages):
        page.close(RESULTS / f"{request.node.name}-{number}.png")
