"""Calls on ``notebook``: the model reads, searches and changes the notebook itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import jupyter_codeact
from jupyter_codeact.agent import prompts
from jupyter_codeact.agent.contracts import ModelInfo
from jupyter_codeact.agent.events import ApprovalRequested, RunUndone
from jupyter_codeact.agent.gate.gate import ApprovalGate, Decision, decision, digest
from jupyter_codeact.agent.notebook_calls.parse import CallError, mentions_notebook, read_calls
from jupyter_codeact.journal.replay import replay
from jupyter_codeact.journal.undo import undo
from jupyter_codeact.models.probe import red_image
from tests.agent.bench import Bench, block
from tests.scripted import ScriptedModel

FACT = "churn_rate = 0.0731  # agreed with the finance team"


def long_notebook(folder: Path) -> list[str]:
    """Write a notebook of 60 cells and 30,000 characters, with a fact hidden in its seventh cell."""
    sources = [
        "\n".join(
            [f"value_{n} = {n}", *(f"# line {line} of cell number {n}: {'x' * 45}" for line in range(7))]
        )
        for n in range(60)
    ]
    sources[0], sources[30] = "# Churn study\n" + "Words. " * 70, "## Second part\n" + "Words. " * 70
    sources[6] += "\n" + FACT
    cells = [
        new_markdown_cell(source) if source.startswith("#") else new_code_cell(source) for source in sources
    ]
    nbformat.write(new_notebook(cells=cells), folder / "study.ipynb")
    assert sum(map(len, sources)) > 30_000
    return sources


def last(request: dict[str, Any]) -> str:
    return str(request["messages"][-1]["content"])


async def test_a_large_window_gets_the_whole_notebook(served: ScriptedModel, tmp_path: Path) -> None:
    sources = long_notebook(tmp_path)
    served.listed = {"max_model_len": 262_144}
    served.script(["It is 0.0731."])
    await jupyter_codeact.arun("What is the churn rate?", tmp_path / "study.ipynb", endpoint=served.url)
    asked = last(served.requests[0])
    assert all(source.strip() in asked for source in sources)
    assert "study.ipynb" in asked
    assert "not shown in full" not in asked


async def test_in_a_small_window_a_model_finds_a_hidden_fact_by_searching(
    served: ScriptedModel, tmp_path: Path
) -> None:
    sources = long_notebook(tmp_path)
    (tmp_path / "prices.csv").touch()
    (tmp_path / ".secret").touch()
    served.listed = {"max_model_len": 8192, "meta": {"n_params": 1_500_000_000}}

    def read(messages: list[dict[str, Any]]) -> str:
        found = str(messages[-1]["content"])
        heading = next(line for line in found.splitlines() if "cell=" in line)
        return block(f"print(notebook.read({heading.partition('cell=')[2]!r}))")

    served.script([block('notebook.search("Finance Team")'), read, "It is 0.0731."])
    result = await jupyter_codeact.arun(
        "What is the churn rate?", tmp_path / "study.ipynb", endpoint=served.url, execute=False
    )
    opening, searched, whole = (last(request) for request in served.requests)
    assert FACT not in opening
    assert len(opening) < 3700  # some 3,000 of it for cells
    assert sources[59] in opening
    assert "(files beside it: 'data/', 'prices.csv')" in opening
    assert "# Churn study" in opening  # a heading far away
    assert "cells are not shown in full" in opening
    assert f"line 9: {FACT}" in searched
    assert sources[6] in whole
    for earlier, later in zip(served.requests, served.requests[1:], strict=False):
        assert later["messages"][: len(earlier["messages"])] == earlier["messages"]
    assert (result.answer, result.cells) == ("It is 0.0731.", [])
    written = nbformat.read(result.path or "", 4)
    assert [cell.source for cell in written.cells] == sources


async def test_cells_are_inserted_edited_and_replaced_by_calls(bench: Bench) -> None:
    notebook = bench.notebook
    first = await notebook.write_cell("a = 1")
    second = await notebook.write_cell("b = a + 1\nprint(b)")
    await notebook.run_cell(first, source="a = 1")
    third = await notebook.write_cell("end = True")
    ended = await bench.run(
        block(
            f'notebook.insert("# Title", before={first!r}, cell_type="markdown")',
            f'print(notebook.edit("{second[:8]}", "a + 1", "a + 41"))',
            f'notebook.insert("print(b * 2)", after={second!r})',
            f"notebook.replace({third!r}, '''end = False\nend''')",
        ),
        block(f'notebook.edit("{second}", "b", "c")'),
        block('notebook.edit("[1]", "nothing like this", "c")', "notebook.outline()"),
        block("n = 5", f"notebook.delete({third!r})"),
        "Done.",
        guidance="capable",
    )
    assert ended.ending == "answered"
    assert await bench.cells() == [
        *("# Title", "a = 1", "b = a + 41\nprint(b)", "print(b * 2)", "end = False\nend")
    ]
    told = bench.last_message(1)
    assert [told.index(shown) for shown in ("42", "84", "False")] == sorted(
        told.index(shown) for shown in ("42", "84", "False")
    )
    assert "is there 2 times" in bench.last_message(2)
    assert "is not in the cell" in bench.last_message(3)
    assert "The call after it was not carried out." in bench.last_message(3)
    assert "must stand in a block of their own" in bench.last_message(4)
    assert len(bench.events("executed")) == 3
    [run] = {event.run for event in bench.events("action")}
    assert (await undo(notebook, list(bench.journal.events(bench.conversation)), run)).left == []
    assert await bench.cells() == ["a = 1", "b = a + 1\nprint(b)", "end = True"]


class Answers:
    """A user with prepared answers, who notes what they were asked."""

    def __init__(self, *answers: bool) -> None:
        self.answers, self.asked = list(answers), []

    async def __call__(self, requested: ApprovalRequested, source: str) -> Decision:
        assert requested.sha256 == digest(source)
        self.asked.append((source, requested.reasons))
        return decision(source, allowed=self.answers.pop(0), reasons=["the user skipped it"])


async def test_moving_and_deleting_passes_the_gate_and_is_undone(bench: Bench) -> None:
    notebook = bench.notebook
    sources = ["# Top", "import math", "print(math.pi)", "x = 4"]
    top, imports, shown, x = [
        await notebook.write_cell(source, cell_type="markdown" if "#" in source else "code")
        for source in sources
    ]
    for cell, source in zip((imports, shown), sources[1:3], strict=True):
        await notebook.run_cell(cell, source=source)
    before = [await notebook.read_cell(cell) for cell in (top, imports, shown, x)]
    user = Answers(True, False, True, True)
    await bench.run(
        block("y = 5"),
        block(f"notebook.move({imports!r}, before={top!r})"),
        block(f"notebook.delete({top!r})", f"notebook.delete({x!r})"),
        block("notebook.delete(2)", f"notebook.move({x!r}, after={imports!r})"),
        block(f"notebook.insert('z = y', after={x!r})", "notebook.delete('[3]')"),
        "Done.",
        gate=ApprovalGate(lambda: "risky", user),
    )
    assert user.asked == [
        (f"notebook.move({imports!r}, before={top!r})", ["moves your cell [1]"]),
        (f"notebook.delete({top!r})", ["deletes your text cell"]),
        ("notebook.delete(2)", ["deletes your cell [2]"]),
        (f"notebook.move({x!r}, after={imports!r})", ["moves your cell [ ]"]),
    ]  # its own cell [3] it deletes unasked
    after = ["import math", "x = 4", "z = y", "# Top"]
    assert await bench.cells() == after
    assert prompts.denied(["the user skipped it"]) in bench.last_message(3)
    assert "The call after it was not carried out." in bench.last_message(3)
    events = list(bench.journal.events(bench.conversation))
    for _ in range(2):  # also if it is done already
        assert (await undo(notebook, events, events[-1].run)).left == []
        events.append(RunUndone(conversation=bench.conversation, run=events[-1].run))
        assert await bench.cells() == sources
        assert [await notebook.read_cell(cell) for cell in (top, imports, shown, x)] == before
    await replay(notebook, events[:-2], difference=lambda _before, _now: "")
    assert await bench.cells() == after


async def test_a_protected_cell_is_neither_moved_nor_deleted(bench: Bench) -> None:
    cell = await bench.notebook.write_cell("mine = 1")
    whole = await bench.notebook.read_cell(cell)
    await bench.notebook.restore_cell({**whole, "metadata": {"codeact": {"protected": True}}})
    other = await bench.notebook.write_cell("other = 1")
    await bench.run(
        block(f"notebook.delete({cell!r})"), block(f"notebook.move({cell!r}, after={other!r})"), "No."
    )
    assert await bench.cells() == ["mine = 1", "other = 1"]
    assert "The user protects cell=" in bench.last_message(1)
    assert "The user protects cell=" in bench.last_message(2)


async def test_a_notebook_of_the_users_own_is_theirs(bench: Bench) -> None:
    source = "class Shelf:\n    def read(self, name):\n        return 'theirs: ' + name\nnotebook = Shelf()"
    cell = await bench.notebook.write_cell(source)
    await bench.notebook.run_cell(cell, source=source)
    await bench.run(block('print(notebook.read("a1b2"))'), "Done.")
    assert "theirs: a1b2" in bench.last_message(1)
    assert len(await bench.cells()) == 2


async def test_a_model_that_sees_is_sent_the_images_of_a_cell_that_it_reads(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.agent.bench.Script.info", ModelInfo(name="script", supports_images=True))
    image = red_image().partition(",")[2]
    shown = new_output("display_data", data={"image/png": image, "text/plain": "<Figure>"})
    cell = new_code_cell("plot()", outputs=[shown])
    await bench.notebook.restore_cell(cell)
    await bench.run(block(f"notebook.read({cell.id!r})"), "Red.")
    parts = bench.model.requests[1][-1]["content"]
    assert [part["image_url"]["url"] for part in parts if part["type"] == "image_url"] == [
        f"data:image/png;base64,{image}"
    ]


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ('notebook.read("a1b2")', ["read"]),
        ("print(notebook.search('x'), notebook.outline())", ["search", "outline"]),
        ("cell = notebook.read(7)\nprint(cell)", ["read"]),
        ("# look first\nnotebook.read(id='[7]')\nnotebook.delete(cell_id='a1b2')", ["read", "delete"]),
    ],
)
def test_calls_are_read(source: str, named: list[str]) -> None:
    assert mentions_notebook(source)
    assert [call.name for call in read_calls(source)] == named


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("for cell in ['a1b2']:\n    notebook.read(cell)", "block of their own"),
        ("x = 1\nnotebook.outline()", "block of their own"),
        ("print(notebook.read('a1b2').upper())", "block of their own"),
        ("notebook.read(name)", "must be literals"),
        ("notebook.cells()", "no notebook.cells; there are read, search"),
        ("notebook.read()", "missing a required argument: 'cell'"),
        ("notebook.read(1.5)", "cell cannot be 1.5"),
        ("notebook.move('a1b2')", "either after or before"),
        ("notebook.insert('1', cell_type='raw')", "cell_type cannot be 'raw'"),
    ],
)
def test_calls_that_cannot_be_carried_out_say_why(source: str, why: str) -> None:
    assert mentions_notebook(source)
    with pytest.raises(CallError, match=why):
        read_calls(source)


@pytest.mark.parametrize(
    "source",
    [
        "notebook = load()\nnotebook.read('x')",
        "import notebook\nnotebook.read('x')",
        "def f(notebook):\n    return notebook.read(1)",
        "[notebook.read() for notebook in shelf]",
        "my.notebook.read('x')",
        "print('notebook.read')",
        "%%writefile x.py\nnotebook.read('x')",
    ],
)
def test_other_code_that_names_a_notebook_is_code(source: str) -> None:
    assert not mentions_notebook(source)
