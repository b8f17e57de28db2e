"""The model is told of the user's changes in the notebook, and not of its own."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.context.snapshot import NotebookSnapshot
from jupyter_codeact.agent.contracts import Cell, Kernel, NotebookState
from tests.agent.bench import Bench, block

IDS = ("aaaa1111", "bbbb2222", "cccc3333")


def cell(cell_id: str, source: str = "x = 1", **fields: object) -> Cell:
    return Cell(id=cell_id, cell_type="code", source=source, **fields)


def state(*cells: Cell, session: str = "one") -> NotebookState:
    return NotebookState(cells=list(cells), kernel=Kernel(language="python", session=session))


@pytest.fixture
def snapshot() -> NotebookSnapshot:
    return NotebookSnapshot(state(*map(cell, IDS)))


def test_without_changes_nothing_is_described(snapshot: NotebookSnapshot) -> None:
    assert snapshot.describe_changes(state(*map(cell, IDS))) == ""
    assert not snapshot.restarted


@pytest.mark.parametrize(
    ("now", "description"),
    [
        ([cell(IDS[0], "x = 2"), cell(IDS[1]), cell(IDS[2])], "edited [] cell=aaaa, which is now:\nx = 2"),
        ([cell(IDS[0], ""), cell(IDS[1]), cell(IDS[2])], "edited [] cell=aaaa, which is now (empty)"),
        ([*map(cell, IDS), cell("dddd", "y = 3")], "added [] cell=dddd:\ny = 3"),
        ([cell(IDS[0]), cell(IDS[2])], "deleted cell=bbbb"),
        ([cell(IDS[0], execution_count=4), cell(IDS[1]), cell(IDS[2])], "ran [4] cell=aaaa"),
        (
            [cell(IDS[0], protected=True), cell(IDS[1]), cell(IDS[2])],
            "protected [] cell=aaaa (protected by the user: never change it)",
        ),
    ],
)
def test_each_change_by_the_user_is_described_once(
    snapshot: NotebookSnapshot, now: list[Cell], description: str
) -> None:
    assert snapshot.describe_changes(state(*now)) == f"- the user {description}"
    assert snapshot.describe_changes(state(*now)) == ""


def test_the_runs_own_cells_are_no_changes_but_the_users_edits_of_them_are(
    snapshot: NotebookSnapshot,
) -> None:
    snapshot.record(cell("dddd", "y = 3", execution_count=1))
    cells = list(map(cell, IDS))
    assert snapshot.describe_changes(state(*cells, cell("dddd", "y = 3", execution_count=1))) == ""
    assert "edited [1] cell=dddd" in snapshot.describe_changes(
        state(*cells, cell("dddd", "y = 4", execution_count=1))
    )
    assert snapshot.created == {"dddd"}


def test_a_restarted_kernel_is_described_once(snapshot: NotebookSnapshot) -> None:
    assert snapshot.describe_changes(state(*map(cell, IDS), session="two")) == ""
    assert snapshot.restarted
    snapshot.describe_changes(state(*map(cell, IDS), session="two"))
    assert not snapshot.restarted


def test_a_kernel_with_an_unknown_session_does_not_count_as_restarted(snapshot: NotebookSnapshot) -> None:
    assert snapshot.describe_changes(state(*map(cell, IDS), session="")) == ""
    assert snapshot.describe_changes(state(*map(cell, IDS), session="one")) == ""


def test_of_many_changes_only_the_number_is_given(snapshot: NotebookSnapshot) -> None:
    many = [cell(f"n{number:04}") for number in range(50)]
    assert snapshot.describe_changes(state(*map(cell, IDS), *many)).endswith("- the user changed 50 cells")


def test_the_cell_above_takes_the_place_of_a_deleted_cell(snapshot: NotebookSnapshot) -> None:
    snapshot.describe_changes(state(cell(IDS[0])))
    assert [snapshot.nearest_remaining(name) for name in (*IDS, "made up", None)] == [IDS[0]] * 3 + [None] * 2
    snapshot.describe_changes(state())
    assert snapshot.nearest_remaining(IDS[2]) is None


async def test_the_next_message_describes_edits_and_the_run_continues_at_the_same_place(bench: Bench) -> None:
    notebook = bench.notebook
    above = await notebook.write_cell("a = 1")
    gone = await notebook.write_cell("b = 2")

    async def meanwhile() -> str:
        await notebook.write_cell("a = 10", cell_id=above)
        own = (await notebook.state()).cells[-1].id
        await notebook.delete_cell(gone)
        await notebook.delete_cell(own)
        return block("second = 2")

    await bench.run(block("first = 1"), meanwhile, block("third = 3"), "Done.")
    assert "Meanwhile" not in bench.last_message(1)
    assert "which is now:\na = 10" in bench.last_message(2)
    assert bench.last_message(2).count("deleted") == 2
    assert "Meanwhile" not in bench.last_message(3)
    assert await bench.cells() == ["a = 10", "second = 2", "third = 3"]


async def test_the_user_may_delete_a_failed_cell(bench: Bench) -> None:
    async def meanwhile() -> str:
        return block("nowhere")

    async def delete() -> str:
        await bench.notebook.delete_cell((await bench.notebook.state()).cells[-1].id)
        return block("print(1)")

    end = await bench.run(meanwhile, delete, "It is 1.")
    assert end.ending == "answered"
    assert await bench.cells() == ["print(1)"]
