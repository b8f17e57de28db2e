"""The agent from Python, as the documentation shows it, and as a widget in a kernel."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, cast

import nbformat
import pytest

import jupyter_codeact
from jupyter_codeact.agent.contracts import CodeActError
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.scripted import ScriptedModel

DOCS = Path(__file__).parents[2] / "docs" / "python.md"
SUM = "I will add them.\n\n```python\nprint('total', sum([2, 3, 37]))\n```"
DELETE = "Away with it.\n\n```python\nimport shutil\nshutil.rmtree('/nowhere/at/all')\n```"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_examples_of_the_documentation_run(number: int, served: ScriptedModel, tmp_path: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[number]
    prices = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("price = [2, 3, 37]")])
    nbformat.write(prices, tmp_path / "prices.ipynb")
    served.script([SUM, "It is 42."] if "shutil" not in example else [DELETE, "I may not."])
    said: list[str] = []
    code = example.replace("http://localhost:8000/v1", served.url)
    exec(code, {"__name__": "example", "print": lambda *words: said.append(" ".join(map(str, words)))})
    assert said
    assert any("42" in one or "deletes" in one for one in said)


async def test_it_can_be_awaited(served: ScriptedModel, tmp_path: Path) -> None:
    served.script([SUM, "It is 42."])
    result = await jupyter_codeact.arun("Add.", output=tmp_path / "new.ipynb", endpoint=served.url)
    assert (result.ok, result.answer, result.turns) == (True, "It is 42.", 2)
    assert result.path == tmp_path / "new.ipynb"
    written = nbformat.read(result.to_notebook(tmp_path / "told.ipynb"), as_version=4)
    assert [cell.cell_type for cell in written.cells] == ["markdown", "code", "markdown"]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        result.to_notebook(tmp_path / "pipe")
    with pytest.raises(CodeActError, match=r"task is empty"):
        await jupyter_codeact.arun(" ", endpoint=served.url)


async def test_names_of_the_first_release_are_understood_with_a_warning(
    served: ScriptedModel, tmp_path: Path
) -> None:
    served.script([SUM, "It is 42."])
    asked: list[str] = []

    def ask(source: str, reasons: list[str]) -> bool:
        asked.append(source)
        return True

    with pytest.warns(FutureWarning) as warned:
        result = await jupyter_codeact.arun(
            "Add.", output=tmp_path / "new.ipynb", endpoint=served.url, approve="ask", ask=ask
        )
    assert result.ok
    assert asked == ["print('total', sum([2, 3, 37]))"]
    assert [str(one.message) for one in warned] == [
        "approve= is now called approval=.",
        "approval “ask” is now called “always”.",
    ]
    assert {one.filename for one in warned} == {__file__}
    with pytest.raises(ValueError, match=r"approval is one of always, risky, never, not 'sometimes'\."):
        await jupyter_codeact.arun("Add.", output=tmp_path / "x.ipynb", approval=cast(Any, "sometimes"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"guidance": "large"}, "There is no guidance 'large'; there are capable, small."),
        ({"action_format": "xml"}, "There is no action format 'xml'; there are execute, markdown, tools."),
        ({"without": ["import"]}, "There is no hook or group 'import'; there are "),
    ],
    ids=["guidance", "format", "hook"],
)
async def test_a_name_that_does_not_exist_is_an_error_that_lists_those_that_do(
    served: ScriptedModel, tmp_path: Path, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(CodeActError, match=re.escape(message)):
        await jupyter_codeact.arun("Add.", output=tmp_path / "new.ipynb", endpoint=served.url, **wrong)
    assert not served.requests


async def test_one_hook_or_tool_needs_no_list(served: ScriptedModel, tmp_path: Path) -> None:
    served.script([SUM, "It is 42."])
    result = await jupyter_codeact.arun(
        "Add.", output=tmp_path / "new.ipynb", endpoint=served.url, without="nudges", tools="math:hypot"
    )
    assert result.ok
    opening = served.requests[0]["messages"][-1]["content"]
    assert "hypot" in opening
    assert "begin with a Python block" not in opening


async def test_the_widget_asks_waits_for_approval_and_shows_the_answer(
    served: ScriptedModel, tmp_path: Path
) -> None:
    served.script([DELETE, SUM, "It is 42."])
    async with HeadlessNotebook(output=tmp_path / "widget.ipynb") as notebook:

        async def run(source: str) -> str:
            cell = await notebook.write_cell(source)
            execution = await notebook.run_cell(cell, source=source, timeout=60)
            assert execution.status == "ok", execution.outputs
            return "".join(output.get("text", "") for output in execution.outputs)

        await run(f"import jupyter_codeact, os\nos.environ['JUPYTER_CODEACT_API_KEY'] = {served.api_key!r}")
        await run(f"agent = jupyter_codeact.CodeAct(endpoint={served.url!r})\nagent")
        await run(
            "import asyncio\n"
            "agent.ask('Add them up.')\n"
            "async def until(what):\n"
            "    async with asyncio.timeout(50):\n"
            "        while not what():\n"
            "            await asyncio.sleep(0.05)\n"
            "await until(lambda: agent.waiting_cell.layout.display != 'none')"
        )
        assert served.requests
        skip = "agent.waiting_cell.children[-1].children[1].click()"
        await run(f"{skip}\nawait until(lambda: agent.result is not None)")
        assert await run("print(agent.result.answer)") == "It is 42.\n"

        # The line for the task stays above the runs, the last of which comes first.
        served.script(["You are welcome."])
        await run(
            "entry, settings, *_, runs = agent.children\n"
            "agent.result, settings.children[1].value = None, 'another'\n"
            "entry.children[0].value = 'Thanks.'\n"
            "entry.children[1].children[0].click()\n"
            "await until(lambda: agent.result is not None)"
        )
        assert served.requests[0]["model"] == "another"
        shown = "print([run.children[-1].outputs[0]['data']['text/plain'] for run in runs.children])"
        last, first = eval(await run(shown))
        assert (last, "42" in first) == ("You are welcome.", True)
        assert await run("print(agent.children.index(runs))") == "4\n"
