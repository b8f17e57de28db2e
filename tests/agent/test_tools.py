"""Tools are called and not redefined, and the model is reminded of those that it does not call."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.source import assigned_names, drop_assignments, is_bare_calls
from tests.agent.bench import Bench, block

TOOL_CELL = "from jupyter_codeact import tool\n@tool\ndef rate(name: str) -> float:\n    return 1.25"


async def test_a_tool_is_not_replaced_unless_the_task_names_it(bench: Bench) -> None:
    cell = await bench.notebook.write_cell(TOOL_CELL)
    await bench.notebook.run_cell(cell, source=TOOL_CELL)
    own = block("def rate(name):", "    return 0", "", "print(rate('x'))")
    await bench.run(own, "It is 1.25.")
    assert await bench.cells() == [TOOL_CELL, "print(rate('x'))"]
    assert (
        "rate: there already, so your own was left out. This ran instead:\n```python\nprint"
        in bench.last_message(1)
    )
    alone = block("def rate(name):", "    return 0")
    await bench.run(alone, alone, block("print(rate('y'))"), "It is 1.25.")
    assert "rate: there already, as you were told." in bench.last_message(1)
    assert "def rate(name)" not in str(bench.model.requests[2][3:])
    _, refused, allowed = bench.events("approval_resolved")
    assert (refused.allowed, refused.reasons, allowed.allowed) == (False, ["it would replace rate"], True)
    assert await bench.cells() == [TOOL_CELL, "print(rate('x'))", "print(rate('y'))"]
    await bench.run(own, "It is 0.", task="Make rate return 0.")
    assert "def rate" in (await bench.cells())[-1]


async def test_the_model_is_reminded_once_of_tools_that_it_did_not_call(bench: Bench) -> None:
    cell = await bench.notebook.write_cell(TOOL_CELL)
    await bench.notebook.run_cell(cell, source=TOOL_CELL)
    await bench.run(block("import nowhere_to_be_had"), block("print(8)"), "It is 8.")
    assert ["work (rate); get" in bench.last_message(n) for n in (1, 2)] == [True, False]
    await bench.run(block("print(rate('x'))"), block("print(8)"), "It is 8.")
    assert ["work (rate); get" in bench.last_message(n) for n in (1, 2)] == [False, False]


async def test_a_reply_of_bare_tool_calls_becomes_a_cell(bench: Bench) -> None:
    cell = await bench.notebook.write_cell(TOOL_CELL)
    await bench.notebook.run_cell(cell, source=TOOL_CELL)
    end = await bench.run("rate('x')", "It is 1.25.")
    assert (end.answer, await bench.cells()) == ("It is 1.25.", [TOOL_CELL, "rate('x')"])


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("f()", True),
        ("f()\ng(1, x='y')", True),
        ("f()\nIt says 1.", False),
        ("f().g()", False),
        ("f(); h()", False),
        ("f", False),
        ("", False),
    ],
)
def test_bare_calls_are_recognized(text, calls):
    assert is_bare_calls(text, {"f", "g"}) is calls


async def test_a_rejected_answer_names_the_tools_that_no_cell_has_called(bench: Bench) -> None:
    source = f"{TOOL_CELL}\n@tool\ndef look() -> str:\n    return 'nothing'"
    cell = await bench.notebook.write_cell(source)
    await bench.notebook.run_cell(cell, source=source)
    await bench.run(block("look()"), "It is 4711.", block("rate('x')"), "It is 1.25.")
    assert "None of your cells has called rate yet." in bench.last_message(2)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = b = 1\nc, (d, *e) = f()", {"a", "b", "c", "d", "e"}),
        ("def g(h):\n    i = 1", {"g"}),
        ("if j:\n    k = 1\nfor m in n: pass\nwith o as p: pass", {"k", "m", "p"}),
        ("import q.r, s as t\nfrom u import v", {"q", "t", "v"}),
        ("[w for w in x]; y[0] = 1; z.a = 2; (lambda b: b)", set()),
        ("%time a = 1", set()),
        ("a = (", set()),
    ],
)
def test_the_names_that_a_cell_assigns_are_found(source, names):
    assert assigned_names(source) == names


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("@keep\ndef f():\n    return 1\n\nf()", "f()"),
        ("f = lambda x: (\n    x\n)\ny = f(1)", "y = f(1)"),
        ("f = g = 1\nf, h = 1, 2", "f, h = 1, 2"),
        ("f = x = 1", "f = x = 1"),
        ("f = 1; x = 2", "f = 1; x = 2"),
        ("%time f = 1\nf = 2", "%time f = 1\nf = 2"),
        ("f = (", "f = ("),
        ("f = 1\rx = 2\r\nf(x)", "x = 2\nf(x)"),
    ],
)
def test_statements_that_only_redefine_tools_are_dropped(source, left):
    assert drop_assignments(source, {"f", "g"}) == left


async def test_a_cell_is_refused_if_the_redefinition_cannot_be_dropped(bench: Bench) -> None:
    cell = await bench.notebook.write_cell(TOOL_CELL)
    await bench.notebook.run_cell(cell, source=TOOL_CELL)
    both = block("def rate(name):", "    return 0", "rate, x = 1, 2", "print(x)")
    await bench.run(both, block("x = 2", "print(x)"), "It is 2.")
    assert "rate: there already, as you were told." in bench.last_message(1)
    assert await bench.cells() == [TOOL_CELL, "x = 2\nprint(x)"]


async def test_the_model_is_asked_to_begin_with_a_tool_without_parameters(bench: Bench) -> None:
    source = f"{TOOL_CELL}\n@tool\ndef look() -> str:\n    return 'nothing'"
    cell = await bench.notebook.write_cell(source)
    await bench.notebook.run_cell(cell, source=source)
    await bench.run("Done.")
    assert bench.last_message(0).endswith("First print what one of these returns, and nothing else: look().")
