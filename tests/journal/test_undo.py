"""A run is taken back: the notebook is what it was before, save for what the user has done since."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import pytest_asyncio
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from jupyter_codeact.agent.contracts import NotebookCell
from jupyter_codeact.agent.events import Action, ApprovalResolved, CellWritten, Event, RunStarted
from jupyter_codeact.agent.gate.gate import digest
from jupyter_codeact.journal.undo import UndoError, last_run, redo, undo
from jupyter_codeact.notebooks.headless import HeadlessNotebook

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Recorded:
    """A notebook, and what the agent records of its runs in it."""

    def __init__(self, notebook: HeadlessNotebook) -> None:
        self.notebook, self.events, self.made = notebook, [], {}

    def start(self, run: str) -> None:
        self.made[run] = set()
        self._record(RunStarted, run, task="t", notebook="n", model="m", system="s")

    async def write(
        self, run: str, source: str, *, cell: str | None = None, after: str | None = None, kind: Any = "code"
    ) -> str:
        self._record(Action, run, source=source, cell_type=kind)
        before = await self.notebook.read_cell(cell) if cell and cell not in self.made[run] else None
        written = await self.notebook.write_cell(source, cell_type=kind, cell_id=cell, after=after)
        self.made[run].add(written)
        self._record(CellWritten, run, cell_id=written, rewritten=cell is not None, before=before)
        return written

    async def execute(self, cell: str) -> None:
        source = (await self.notebook.read_cell(cell))["source"]
        await self.notebook.run_cell(cell, source=source)

    async def undo(self, run: str, *cells: str) -> list[str]:
        undone = await undo(self.notebook, self.events, run, cells or None)
        self.events.append(undone)
        return undone.left

    async def redo(self, run: str, *cells: str) -> list[str]:
        redone = await redo(self.notebook, self.events, run, cells or None)
        self.events.append(redone)
        return redone.left

    async def cells(self) -> list[NotebookCell]:
        return [await self.notebook.read_cell(cell.id) for cell in (await self.notebook.state()).cells]

    def _record(self, kind: Any, run: str, **fields: Any) -> None:
        event: Event = kind(conversation="c", run=run, **fields)
        self.events.append(event)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HeadlessNotebook]:
    folder = tmp_path_factory.mktemp("undo")
    printed = new_output("stream", text="7\n")
    tagged = new_code_cell("print(7)", execution_count=7, outputs=[printed], metadata={"tags": ["mine"]})
    cells = [new_markdown_cell("# Mine"), tagged, new_code_cell("x = 1"), new_code_cell("")]
    nbformat.write(new_notebook(cells=cells), folder / "n.ipynb")
    async with HeadlessNotebook(folder / "n.ipynb", folder / "out.ipynb") as notebook:
        yield notebook


@pytest_asyncio.fixture(loop_scope="module")
async def recorded(shared: HeadlessNotebook) -> AsyncIterator[Recorded]:
    """A notebook that is put back after each test by other means than what is tested."""
    recorded = Recorded(shared)
    before = await recorded.cells()
    yield recorded
    for cell in list(shared._document.cells):
        shared._document.cells.remove(cell)
    for cell in reversed(before):
        await shared.restore_cell(cell)


async def test_sources_outputs_counts_metadata_and_order_come_back(recorded: Recorded) -> None:
    before = await recorded.cells()
    text, printing, assigning, _ = (cell["id"] for cell in before)
    recorded.start("r")
    new = await recorded.write("r", "1 / 0", after=printing)
    await recorded.execute(new)
    await recorded.write("r", "1 / 1", cell=new)
    await recorded.execute(new)
    await recorded.write("r", "print(8)", cell=printing)
    await recorded.execute(printing)
    await recorded.write("r", "x = 2", cell=assigning)
    await recorded.write("r", "x = 3", cell=assigning)
    await recorded.write("r", "Words", after=text, kind="markdown")
    await recorded.write("r", "# Theirs", cell=text, kind="markdown")
    assert [cell["source"] for cell in await recorded.cells()] == [
        "# Theirs", "Words", "print(8)", "1 / 1", "x = 3", "",
    ]  # fmt: skip
    assert await recorded.undo("r") == []
    assert await recorded.cells() == before
    assert await recorded.undo("r") == []
    assert await recorded.cells() == before


async def test_what_the_user_changed_since_stays_and_is_named(recorded: Recorded) -> None:
    _, printing, assigning, _ = (cell["id"] for cell in await recorded.cells())
    recorded.start("r")
    kept = await recorded.write("r", "y = 1", after=assigning)
    gone = await recorded.write("r", "y = 2", after=kept)
    rerun = await recorded.write("r", "y = 3", after=gone)
    await recorded.write("r", "print(8)", cell=printing)
    await recorded.write("r", "x = 2", cell=assigning)
    await recorded.notebook.write_cell("y = 1  # mine now", cell_id=kept)
    await recorded.notebook.delete_cell(gone)
    await recorded.execute(rerun)  # run again, but not changed
    await recorded.notebook.delete_cell(printing)
    assert await recorded.undo("r") == [kept, printing]
    sources = [cell["source"] for cell in await recorded.cells()]
    assert sources == ["# Mine", "x = 1", "y = 1  # mine now", ""]


async def test_a_cell_the_user_protects_now_is_left_alone(recorded: Recorded) -> None:
    recorded.start("r")
    cell = await recorded.write("r", "precious()")
    whole = await recorded.notebook.read_cell(cell)
    await recorded.notebook.restore_cell({**whole, "metadata": {"codeact": {"protected": True}}})
    assert await recorded.undo("r") == [cell]
    assert (await recorded.cells())[-1]["source"] == "precious()"


async def test_a_source_the_user_edited_before_approving_it_is_the_runs_own(recorded: Recorded) -> None:
    before = await recorded.cells()
    recorded.start("r")
    cell = await recorded.write("r", "delete(everything)")
    mine = "delete(nothing)"
    await recorded.notebook.write_cell(mine, cell_id=cell)
    resolved = {"cell_id": cell, "edited": mine, "sha256": digest(mine), "allowed": True}
    recorded._record(ApprovalResolved, "r", **resolved)
    assert await recorded.undo("r") == []
    assert await recorded.cells() == before


async def test_runs_on_the_same_cell_are_undone_the_newest_first(recorded: Recorded) -> None:
    before = await recorded.cells()
    recorded.start("one")
    shared = await recorded.write("one", "a = 1")
    recorded.start("other")
    other = await recorded.write("other", "b = 1")
    recorded.start("two")
    await recorded.write("two", "a = 2", cell=shared)
    assert last_run(recorded.events) == "two"
    with pytest.raises(UndoError, match="Undo that one first"):
        await recorded.undo("one")
    assert await recorded.undo("other") == []  # touches nothing of the later run's
    assert await recorded.undo("two") == []
    assert [cell["source"] for cell in await recorded.cells()][-1] == "a = 1"
    assert last_run(recorded.events) == "one"
    assert await recorded.undo("one") == []
    assert await recorded.cells() == before
    assert last_run(recorded.events) is None
    assert other not in [cell["id"] for cell in await recorded.cells()]


async def test_an_undo_that_was_cut_off_is_completed_by_the_next(recorded: Recorded) -> None:
    before = await recorded.cells()
    _, printing, assigning, _ = (cell["id"] for cell in before)
    recorded.start("r")
    await recorded.write("r", "print(8)", cell=printing)
    await recorded.write("r", "x = 2", cell=assigning)
    new = await recorded.write("r", "new")
    await recorded.notebook.delete_cell(new)
    await recorded.notebook.restore_cell(before[2])
    assert await recorded.undo("r") == []
    assert await recorded.cells() == before


async def test_a_record_without_what_was_before_loses_nothing(recorded: Recorded) -> None:
    _, printing, *_ = (cell["id"] for cell in await recorded.cells())
    recorded.start("r")
    await recorded.write("r", "print(8)", cell=printing)
    recorded.events[-1] = recorded.events[-1].model_copy(update={"before": None})
    assert await recorded.undo("r") == [printing]
    with pytest.raises(UndoError, match="not in the record"):
        await undo(recorded.notebook, recorded.events, "another")


async def test_a_cell_is_undone_by_itself_and_brought_back_where_it_was(recorded: Recorded) -> None:
    before = await recorded.cells()
    text, printing, assigning, _ = (cell["id"] for cell in before)
    recorded.start("r")
    new = await recorded.write("r", "print(9)", after=printing)
    await recorded.execute(new)
    newer = await recorded.write("r", "10", after=new)
    await recorded.write("r", "x = 2", cell=assigning)
    after = await recorded.cells()
    assert await recorded.undo("r", new) == []
    assert [cell["id"] for cell in await recorded.cells()] == [
        text,
        printing,
        newer,
        assigning,
        before[3]["id"],
    ]
    assert last_run(recorded.events) == "r"
    assert await recorded.undo("r", newer, assigning) == []
    assert await recorded.cells() == before
    assert last_run(recorded.events) is None
    assert await recorded.redo("r", newer) == []
    assert [cell["source"] for cell in await recorded.cells()] == ["# Mine", "print(7)", "10", "x = 1", ""]
    assert await recorded.redo("r") == []
    assert await recorded.cells() == after
    assert last_run(recorded.events) == "r"
    with pytest.raises(UndoError, match="nothing to redo"):
        await recorded.redo("r")


async def test_a_redo_leaves_alone_what_the_user_changed_since_the_undo(recorded: Recorded) -> None:
    _, printing, assigning, _ = (cell["id"] for cell in await recorded.cells())
    recorded.start("r")
    await recorded.write("r", "x = 2", cell=assigning)
    await recorded.write("r", "print(8)", cell=printing)
    await recorded.undo("r")
    await recorded.notebook.write_cell("x = 'mine'", cell_id=assigning)
    assert await recorded.redo("r") == [assigning]
    assert [cell["source"] for cell in await recorded.cells()] == ["# Mine", "print(8)", "x = 'mine'", ""]


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_runs_did_undoing_them_backwards_leads_back(recorded: Recorded, seed: int) -> None:
    chance = random.Random(seed)
    history, after = [], []
    for run in ("a", "b", "c"):
        history.append(await recorded.cells())
        recorded.start(run)
        for number in range(chance.randrange(1, 6)):
            ids = [cell["id"] for cell in await recorded.cells()]
            cell = chance.choice([None, *ids])
            below = chance.choice([None, *ids])
            kind = chance.choice(["code", "code", "markdown"])
            await recorded.write(run, f"{run}{number}", cell=cell, after=below, kind=kind)
        after.append(await recorded.cells())
    for run in "cba":
        assert await recorded.undo(run) == []
        assert await recorded.cells() == history.pop()
    for run, cells in zip("abc", after, strict=True):
        assert await recorded.redo(run) == []
        assert await recorded.cells() == cells


async def test_the_file_is_what_it_was(recorded: Recorded, tmp_path: Path) -> None:
    await recorded.notebook.save()
    before = recorded.notebook.path.read_bytes()
    recorded.start("r")
    cell = await recorded.write("r", "40 + 2")
    await recorded.execute(cell)
    await recorded.undo("r")
    await recorded.notebook.save()
    assert nbformat.reads(recorded.notebook.path.read_text(), 4).cells == nbformat.reads(before, 4).cells
