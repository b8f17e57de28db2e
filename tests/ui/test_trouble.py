"""When something is wrong: one clear sentence in the panel, and nothing changed on disk."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.catalog.store import path_of
from tests.ports import free_port
from tests.scripted import ScriptedModel
from tests.ui.conftest import Open, scripted_lab
from tests.ui.lab import Lab, NotebookPage

DOOMED = """On it.

```python
import os, time
print('kernel', os.getpid(), flush=True)
time.sleep(600)
```"""
PID = "import os\nprint('kernel', os.getpid())"
WAITING = "Waiting.\n\n```python\nimport time\nprint('begun', flush=True)\ntime.sleep(600)\n```"


def kill_kernel(page: NotebookPage, cell: int) -> None:
    """Kill the kernel whose process id a cell shows."""
    output = page.cells.nth(cell).locator(".jp-OutputArea")
    expect(output).to_contain_text(re.compile(r"kernel \d+"))
    number = re.search(r"kernel (\d+)", output.inner_text())
    assert number
    os.kill(int(number[1]), signal.SIGKILL)


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return a Lab whose endpoint is not there, and whose kernels stay dead."""
    with Lab(
        tmp_path_factory.mktemp("lonely"),
        f"--CodeActExtension.endpoint=http://127.0.0.1:{free_port()}/v1",
        "--KernelRestarter.restart_limit=0",
        "--KernelRestarter.time_to_dead=0.5",
    ) as lab:
        yield lab


def test_a_kernel_killed_in_the_agents_cell_ends_the_run_and_its_successor_works(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    path = lab.write("killed.ipynb", "x = 1")
    before = path.read_bytes()
    served.script([DOOMED])
    page = open_notebook("killed.ipynb")
    page.ask("Wait for it.")

    kill_kernel(page, 1)

    expect(page.notice).to_contain_text("The kernel died while it ran the cell")
    expect(page.cards).to_have_attribute("data-state", "failed")
    expect(page.cards).to_contain_text("Kernel lost")
    expect(page.cells.nth(1)).to_contain_text(re.compile(r"kernel \d+"))
    assert path.read_bytes() == before

    page.page.get_by_role("button", name="Ok", exact=True).click()  # JupyterLab's own word about the restart
    page.command("kernelmenu:restart")
    page.page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.wait_until_idle()
    served.script(["Again.\n\n```python\nprint(6 * 7)\n```", "It is 42."])
    page.ask("What is 6 times 7?")
    expect(page.conversation).to_contain_text("It is 42.")
    expect(page.cards.last).to_have_attribute("data-state", "done")


def test_a_kernel_that_stays_dead_is_an_obstacle_until_there_is_another(
    lonely: Lab, open_notebook: Open
) -> None:
    path = lonely.write("dead.ipynb", PID)
    before = path.read_bytes()
    page = open_notebook("dead.ipynb", on=lonely)
    page.open_panel()
    page.run_cell(0)

    kill_kernel(page, 0)

    expect(page.obstacle).to_contain_text("The kernel of this notebook is dead.")
    expect(page.obstacle).to_contain_text("Restart Kernel")
    page.task.fill("Hello?")
    expect(page.send).to_be_disabled()
    assert path.read_bytes() == before

    page.command("kernelmenu:restart")
    page.page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(page.obstacle).to_contain_text("This notebook has no kernel.")  # the server has let go of it
    page.command("kernelmenu:change")
    page.page.get_by_role("button", name="Select Kernel").click()
    expect(page.obstacle).to_have_text("")
    expect(page.send).to_be_enabled()


def test_a_notebook_whose_kernel_was_shut_down_says_to_choose_one(lab: Lab, open_notebook: Open) -> None:
    path = lab.write("none.ipynb", "x = 1")
    before = path.read_bytes()
    page = open_notebook("none.ipynb")
    page.open_panel()

    page.command("kernelmenu:shutdown")

    expect(page.obstacle).to_contain_text("This notebook has no kernel. Choose a Python kernel")
    page.task.fill("Hello?")
    expect(page.send).to_be_disabled()
    assert path.read_bytes() == before


def test_a_kernel_of_another_language_is_told_by_its_name(lab: Lab, open_notebook: Open) -> None:
    lab.install_kernel("echo", "echo", Path(__file__).with_name("echo_kernel.py"))
    path = lab.write("echo.ipynb", "hello", kernel="echo")
    before = path.read_bytes()
    page = open_notebook("echo.ipynb", fresh=True)  # which knows the new kernel
    page.run_cell(0)
    expect(page.cells.nth(0).locator(".jp-OutputArea")).to_have_text("hello")

    page.ask("Hello?")

    expect(page.obstacle).to_contain_text("the kernel of this notebook runs echo")
    expect(page.obstacle).to_contain_text("Choose a Python kernel")
    expect(page.send).to_be_disabled()
    expect(page.task).to_have_value("Hello?")
    assert path.read_bytes() == before


def expect_failure(page: NotebookPage, path: Path, *words: str) -> None:
    """Ask something, and see that one alert says these words while nothing else has changed."""
    before = path.read_bytes()
    page.ask("What is in here?")
    for word in words:
        expect(page.notice).to_contain_text(word)
    expect(page.page.get_by_role("alert")).to_have_count(1)
    expect(page.cells).to_have_count(1)
    expect(page.send).to_be_visible()
    assert path.read_bytes() == before


def test_an_endpoint_that_refuses_the_connection_is_named(lonely: Lab, open_notebook: Open) -> None:
    path = lonely.write("refused.ipynb", "x = 1")
    page = open_notebook("refused.ipynb", on=lonely)
    expect_failure(page, path, "does not answer; check the address", "http://127.0.0.1:")


def test_a_wrong_key_is_said_without_the_key(
    tmp_path: Path, served: ScriptedModel, open_notebook: Open
) -> None:
    with Lab(
        tmp_path,
        f"--CodeActExtension.endpoint={served.url}",
        environment={"JUPYTER_CODEACT_API_KEY": "a-wrong-key"},
    ) as lab:
        path = lab.write("key.ipynb", "x = 1")
        page = open_notebook("key.ipynb", on=lab)
        expect_failure(page, path, "key", "JUPYTER_CODEACT_API_KEY")
        expect(page.conversation).not_to_contain_text("a-wrong-key")


def test_an_unknown_model_is_named_with_those_there_are(tmp_path: Path, open_notebook: Open) -> None:
    with Lab(tmp_path, "--CodeActExtension.model=nonesuch") as lab:
        path = lab.write("unknown.ipynb", "x = 1")
        page = open_notebook("unknown.ipynb", on=lab)
        page.page.set_viewport_size({"width": 900, "height": 800})
        page.open_panel()  # for the first time in this Lab, which gives it its width
        expect(page.model_button).to_be_visible()
        rest = page.notebook.bounding_box()["width"]
        expect_failure(page, path, "nonesuch", "smollm2-135m")
        assert rest > 280, "a narrow page has no room for the notebook any more"


def test_a_model_that_cannot_be_downloaded_says_so_and_starts_when_it_can_be_had(
    tmp_path: Path, open_notebook: Open
) -> None:
    with Lab(
        tmp_path,
        "--CodeActExtension.model=smollm2-135m",
        environment={
            "JUPYTER_CODEACT_MODELS": str(tmp_path / "models"),
            "HF_HOME": str(tmp_path / "hub"),
            "HF_HUB_OFFLINE": "1",
            "PIP_NO_INDEX": "1",
        },
    ) as lab:
        path = lab.write("offline.ipynb", "x = 1")
        page = open_notebook("offline.ipynb", on=lab)
        expect_failure(page, path, "smollm2-135m could not be downloaded", "Check the network connection")
        expect(page.model).to_have_attribute("data-state", "failed")
        expect(page.model).to_contain_text("smollm2-135m")

        here = path_of(find("smollm2-135m"))
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / here.name).symlink_to(here)
        page.model.get_by_role("button", name="Try Again").click()
        # which is the question again, now that there is a model
        expect(page.stop).to_be_visible()
        expect(page.model).not_to_have_attribute("data-state", "failed")
        expect(page.model_button).to_have_attribute("title", re.compile("llama.cpp"))
        page.stop.click()
        expect(page.send).to_be_visible()


def test_a_server_that_goes_away_is_missed_and_its_conversation_comes_back(
    tmp_path: Path, served: ScriptedModel, open_notebook: Open
) -> None:
    with scripted_lab(tmp_path, served) as lab:
        path = lab.write("away.ipynb", "x = 1")
        before = path.read_bytes()
        served.script(["Hello there.", served.held("Let me think. ")])
        page = open_notebook("away.ipynb", on=lab)
        page.ask("Hello?")
        expect(page.conversation).to_contain_text("Hello there.")
        page.ask("Think.")
        expect(page.conversation).to_contain_text("Let me think.")

        lab.stop()

        expect(page.obstacle).to_have_text("The CodeAct server cannot be reached. Trying again…")
        lab.start()
        expect(page.notice).to_contain_text("Stopped, because")
        expect(page.conversation).to_contain_text("Hello there.")
        expect(page.conversation).to_contain_text("Let me think.")
        expect(page.stop).to_be_hidden()
        assert path.read_bytes() == before


def test_a_second_page_sees_the_run_and_can_stop_it(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    path = lab.write("two.ipynb", "x = 1")
    before = path.read_bytes()
    first, second = open_notebook("two.ipynb"), open_notebook("two.ipynb", fresh=True)
    second.open_panel()
    served.script([WAITING])
    first.ask("Wait.")
    expect(first.cells.nth(1)).to_contain_text("begun")
    expect(second.conversation).to_contain_text("Waiting.")
    expect(second.obstacle).to_have_text("CodeAct is at work…")

    second.stop.click()

    for page in (first, second):
        expect(page.notice).to_have_text("Stopped.")
        expect(page.stop).to_be_hidden()
        expect(page.cards).to_have_attribute("data-state", "stopped")
    expect(first.cells.nth(1)).to_contain_text("KeyboardInterrupt")
    assert path.read_bytes() == before
