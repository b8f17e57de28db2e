"""The model is told what the user did in the notebook meanwhile, and nothing of what it did itself."""

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
def known() -> NotebookSnapshot:
    return NotebookSnapshot(state(*map(cell, IDS)))


def test_where_nothing_happened_nothing_is_said(known: NotebookSnapshot) -> None:
    assert known.describe_changes(state(*map(cell, IDS))) == ""
    assert not known.restarted


@pytest.mark.parametrize(
    ("now", "said"),
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
def test_what_the_user_did_is_said_once_and_in_brief(
    known: NotebookSnapshot, now: list[Cell], said: str
) -> None:
    assert known.describe_changes(state(*now)) == f"Meanwhile in the notebook:\n- the user {said}"
    assert known.describe_changes(state(*now)) == ""


def test_what_the_run_itself_wrote_is_no_news_but_what_the_user_made_of_it_is(
    known: NotebookSnapshot,
) -> None:
    known.wrote(cell("dddd", "y = 3", execution_count=1))
    cells = list(map(cell, IDS))
    assert known.describe_changes(state(*cells, cell("dddd", "y = 3", execution_count=1))) == ""
    assert "edited [1] cell=dddd" in known.describe_changes(
        state(*cells, cell("dddd", "y = 4", execution_count=1))
    )
    assert known.made == {"dddd"}


def test_a_restarted_kernel_is_said_to_have_lost_everything(known: NotebookSnapshot) -> None:
    assert known.describe_changes(state(*map(cell, IDS), session="two")).startswith(
        "The kernel was restarted"
    )
    assert known.restarted
    assert known.describe_changes(state(*map(cell, IDS), session="two")) == ""


def test_a_kernel_of_which_nobody_knows_the_session_is_not_said_to_be_new(known: NotebookSnapshot) -> None:
    assert known.describe_changes(state(*map(cell, IDS), session="")) == ""
    assert known.describe_changes(state(*map(cell, IDS), session="one")) == ""


def test_of_many_changes_only_their_number_is_told(known: NotebookSnapshot) -> None:
    many = [cell(f"n{number:04}") for number in range(50)]
    assert known.describe_changes(state(*map(cell, IDS), *many)).endswith("- the user changed 50 cells")


def test_where_the_last_cell_was_deleted_the_one_above_it_takes_its_place(known: NotebookSnapshot) -> None:
    known.describe_changes(state(cell(IDS[0])))
    assert [known.standing(name) for name in (*IDS, "made up", None)] == [IDS[0]] * 3 + [None] * 2
    known.describe_changes(state())
    assert known.standing(IDS[2]) is None


async def test_the_next_message_tells_of_edits_and_the_run_goes_on_where_its_cell_was(bench: Bench) -> None:
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
    assert "Meanwhile" not in bench.told(1)
    assert "which is now:\na = 10" in bench.told(2)
    assert bench.told(2).count("deleted") == 2
    assert "Meanwhile" not in bench.told(3)
    assert await bench.cells() == ["a = 10", "second = 2", "third = 3"]


async def test_a_failed_cell_that_the_user_deletes_is_not_missed(bench: Bench) -> None:
    async def meanwhile() -> str:
        return block("nowhere")

    async def delete() -> str:
        await bench.notebook.delete_cell((await bench.notebook.state()).cells[-1].id)
        return block("print(1)")

    end = await bench.run(meanwhile, delete, "It is 1.")
    assert end.ending == "answered"
    assert await bench.cells() == ["print(1)"]
