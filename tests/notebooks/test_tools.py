"""Tools are functions in the kernel: marked there, or loaded from modules that a configuration names."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from jupyter_codeact import tool
from jupyter_codeact.agent.contracts import NotebookError
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from jupyter_codeact.notebooks.tools import check
from tests.notebooks.cells import printed, run

MODULE = '''
import math
print("being imported")
def find(text: str, most: int = 3) -> list:
    """Find a text.

    Returns at most so many places.
    """
    return [text] * most
class Shop:
    def buy(self, what): "Buy."
buy = Shop().buy
root = math.sqrt
value = 5
'''
OWN = """
from jupyter_codeact import tool
@tool
def double(x: int) -> int:
    "Double a number."
    return 2 * x
def plain(x): "Not a tool."
"""


@pytest.fixture
async def notebook(tmp_path: Path) -> AsyncIterator[HeadlessNotebook]:
    (tmp_path / "shop_tools.py").write_text(MODULE)
    (tmp_path / "broken_tools.py").write_text("1 / 0")
    cells = [new_code_cell("print('not run')")]
    metadata = {"codeact": {"tools": ["shop_tools:find", 7, "evil:run"]}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), tmp_path / "in.ipynb")
    async with HeadlessNotebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb") as notebook:
        yield notebook


async def test_tools_are_loaded_without_a_trace_and_described_with_their_docstrings(
    notebook: HeadlessNotebook,
) -> None:
    state = await notebook.state()
    assert state.tools == ["shop_tools:find", "evil:run"]
    assert state.variables == []
    await notebook.load_tools(["shop_tools:find", "shop_tools:buy", "shop_tools:root"])
    await notebook.load_tools(["shop_tools:find"])
    state = await notebook.state()
    assert {variable.name: variable.type for variable in state.variables} == dict.fromkeys(
        ("find", "buy", "root"), "tool"
    )
    assert state.variables[0].summary == (
        "(text: str, most: int = 3) -> list\nFind a text.\n\nReturns at most so many places."
    )
    assert [cell.outputs for cell in state.cells] == [[]]
    shown = await run(
        notebook, "print(find('a', 2), root(9.0), In, Out, 'math' in globals(), len(dir()) > 3)"
    )
    assert printed(shown).startswith("['a', 'a'] 3.0 ['', ")
    assert printed(shown).endswith("{} False True\n")
    assert shown.execution_count == 1


async def test_functions_that_the_user_marks_are_tools_too(notebook: HeadlessNotebook) -> None:
    assert (await run(notebook, OWN)).status == "ok"
    described = {variable.name: variable for variable in (await notebook.state()).variables}
    assert (described["double"].type, described["double"].summary) == (
        "tool",
        "(x: int) -> int\nDouble a number.",
    )
    assert described["plain"].type == "function"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing_tools:find", "No module named 'missing_tools'"),
        ("shop_tools:missing", "has no attribute 'missing'"),
        ("shop_tools:value", "it is not a function"),
        ("broken_tools:find", "ZeroDivisionError"),
    ],
)
async def test_a_tool_that_cannot_be_loaded_is_told_with_the_reason(
    notebook: HeadlessNotebook, name: str, reason: str
) -> None:
    with pytest.raises(NotebookError, match=reason):
        await notebook.load_tools([name])


async def test_what_the_user_has_by_that_name_is_not_replaced(notebook: HeadlessNotebook) -> None:
    await run(notebook, "find = 'mine'")
    with pytest.raises(NotebookError, match="something else of that name"):
        await notebook.load_tools(["shop_tools:find"])
    assert printed(await run(notebook, "print(find)")) == "mine\n"


@pytest.mark.parametrize("mark", ["x", [1], {"tools": "a:b"}, {"tools": {"a:b": 1}}, {}])
async def test_metadata_that_makes_no_sense_proposes_nothing(tmp_path: Path, mark: object) -> None:
    nbformat.write(new_notebook(metadata={"codeact": mark}), tmp_path / "in.ipynb")
    assert (await HeadlessNotebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb").state()).tools == []


@pytest.mark.parametrize("name", ["", "find", "a:b:c", "a.b", "os;x:y", "a:b()", "../a:b", "a:b\n", "é:b"])
def test_what_names_no_function_is_refused(name: str) -> None:
    with pytest.raises(NotebookError, match="does not name a tool"):
        check([name])


def test_marking_leaves_a_function_as_it_is_and_wraps_what_cannot_be_marked() -> None:
    def double(x: int) -> int:
        return 2 * x

    assert tool(double) is double
    root = tool(math.sqrt)
    assert root(9.0) == 3.0
    assert root.__name__ == "sqrt"
    with pytest.raises(TypeError, match="Only a function can be a tool"):
        tool(5)  # type: ignore[type-var]
