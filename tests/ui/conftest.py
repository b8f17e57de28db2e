"""A real JupyterLab in a real Chromium. The model is scripted unless a test wants the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
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


class SharedPage:
    """The page of the shared Lab in which one test after the other opens its notebook: loading takes long.

    A page that cannot be cleared is given up, and the next test loads another.
    """

    def __init__(self, browser: Browser, lab: Lab) -> None:
        self._browser, self._lab = browser, lab
        self._page: NotebookPage | None = None
        self._used = False

    def open(self, name: str) -> NotebookPage:
        """Open a notebook, the only one in the page."""
        assert not self._used, "a second notebook of a test needs a fresh page"
        self._used = True
        if self._page is None:
            self._page = NotebookPage(self._browser, self._lab, name)
        else:
            self._page.open(name)
        return self._page

    def clear(self, picture: Path) -> None:
        """Take a last picture and leave the page as it was in the beginning."""
        if not self._used:
            return
        page, self._page, self._used = self._page, None, False
        assert page is not None
        try:
            page.clear(picture)
        except BaseException:
            page.page.context.close()
            raise
        self._page = page


@pytest.fixture(scope="package")
def shared_page(browser: Browser, lab: Lab) -> SharedPage:
    return SharedPage(browser, lab)


@pytest.fixture
def open_notebook(
    request: pytest.FixtureRequest, browser: Browser, lab: Lab, shared_page: SharedPage
) -> Iterator[Open]:
    """Return a function that opens a notebook in the shared page.

    With ``fresh=True`` it opens one in a page of its own, for a test of how a page begins, goes or comes
    back, and so with ``on``, which is another Lab. A ``workspace`` of its own keeps what is open from pages
    that other tests have open at the same time.
    """
    pictures = (RESULTS / f"{request.node.name}-{number}.png" for number in count())
    with ExitStack() as closing:
        closing.callback(shared_page.clear, next(pictures))

        def open_one(
            name: str, *, fresh: bool = False, on: Lab | None = None, workspace: str | None = None
        ) -> NotebookPage:
            if not fresh and on is None:
                return shared_page.open(name)
            page = NotebookPage(browser, on or lab, name, workspace=workspace)
            closing.callback(page.close, next(pictures))
            return page

        yield open_one
