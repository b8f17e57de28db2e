"""What a headless notebook tells of a cell beyond its outputs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from jupyter_codeact.agent.contracts import Execution
from jupyter_codeact.agent.observations.observe import observe
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from jupyter_codeact.notebooks.widgets import describe_widget
from tests.notebooks.cells import printed, read, run

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def notebook(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HeadlessNotebook]:
    folder = tmp_path_factory.mktemp("told")
    async with HeadlessNotebook(output=folder / "told.ipynb", withhold=["PYTEST_CURRENT_TEST"]) as notebook:
        yield notebook


def told(execution: Execution) -> str:
    return observe(execution, nonce="7f3a9c21").text


async def test_help_is_an_output(notebook: HeadlessNotebook) -> None:
    execution = await run(notebook, "print('before')\nlen?")
    assert printed(execution) == "before\n"
    assert "Return the number of items in a container." in execution.outputs[-1]["data"]["text/plain"]


@pytest.mark.parametrize("leaving", ["exit()", "quit()", "import sys; get_ipython().ask_exit()"])
async def test_a_cell_does_not_end_its_kernel(notebook: HeadlessNotebook, leaving: str) -> None:
    execution = await run(notebook, f"x = 42\nprint(x)\n{leaving}")
    assert execution.status == "ok"
    assert printed(execution).startswith("42\nThis would end the session")
    assert printed(await run(notebook, "print(x)")) == "42\n"


async def test_the_exit_code_of_a_shell_command_that_failed_is_told(notebook: HeadlessNotebook) -> None:
    failed = await run(notebook, "!exit 3")
    assert (failed.status, failed.exit_code) == ("ok", 3)
    assert told(failed) == (
        "The cell ran without output (status: ok). Its last shell command failed (exit code 3)."
    )
    assert (await run(notebook, "print(1)")).exit_code is None
    assert (await run(notebook, "!true")).exit_code is None


async def test_an_error_that_only_the_kernels_reply_tells_is_an_output(notebook: HeadlessNotebook) -> None:
    execution = await run(notebook, "get_ipython().showtraceback = lambda *_, **__: None\n1 / 0")
    await run(notebook, "del get_ipython().showtraceback")
    assert execution.status == "error"
    assert execution.outputs[-1]["ename"] == "ZeroDivisionError"


async def test_widgets_are_told_as_they_are_at_the_end_of_the_cell(notebook: HeadlessNotebook) -> None:
    bar = await run(notebook, "from tqdm.notebook import tqdm\nfor i in tqdm(range(20)): pass")
    assert "[widget: 100% 20/20 [" in told(bar)
    captured = await run(
        notebook,
        "import ipywidgets as w\nout = w.Output()\ndisplay(out)\nwith out:\n    print('inside')\n"
        "    display('shown')\nprint('outside')",
    )
    assert "[widget: inside\n[display] 'shown']" in told(captured)
    await notebook.save()
    assert "100%" in read(notebook.path).cells[-2].outputs[0].data["text/plain"]


async def test_a_notebook_without_widgets_does_not_gain_any(tmp_path: Path) -> None:
    async with HeadlessNotebook(output=tmp_path / "plain.ipynb") as notebook:
        await run(notebook, "1")
    assert "widgets" not in read(notebook.path).metadata


STATES: dict[str, dict[str, Any]] = {
    "box": {
        "_model_name": "VBoxModel",
        "children": ["IPY_MODEL_slider", "IPY_MODEL_choice", "IPY_MODEL_box"],
    },
    "slider": {"_model_name": "IntSliderModel", "description": "n:", "value": 5},
    "choice": {"_model_name": "DropdownModel", "_options_labels": ["a", "b"], "index": 1},
    "bar": {"_model_name": "IntProgressModel", "value": 3, "max": 4},
    "html": {"_model_name": "HTMLModel", "value": "<b>A &amp; B</b>"},
    "partial": {"value": 3},
}


@pytest.mark.parametrize(
    ("widget", "text"),
    [("box", "n: 5\nb"), ("bar", "3 of 4"), ("html", "A & B"), ("partial", ""), ("unknown", "")],
)
async def test_the_text_of_widgets(widget: str, text: str) -> None:
    assert describe_widget(widget, STATES) == text
