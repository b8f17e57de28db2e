"""A record is done again as it was: edits by the user, cells of theirs, and runs that were undone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from jupyter_codeact.agent.events import (
    Action,
    ApprovalResolved,
    CellWritten,
    Event,
    Executed,
    RunStarted,
    RunUndone,
)
from jupyter_codeact.agent.gate.gate import digest
from jupyter_codeact.journal.replay import Step, replay
from jupyter_codeact.notebooks.compare import difference
from jupyter_codeact.notebooks.headless import HeadlessNotebook


@pytest_asyncio.fixture
async def notebook(tmp_path: Path) -> AsyncIterator[HeadlessNotebook]:
    async with HeadlessNotebook(output=tmp_path / "out.ipynb") as notebook:
        yield notebook


def printed(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


class Record(list[Event]):
    def add(self, kind: Any, run: str = "r", **fields: Any) -> None:
        self.append(kind(conversation="c", run=run, **fields))

    def cell(
        self, cell: str, source: str, *, approved: str | None = None, allowed: bool = True,
        rewritten: bool = False, before: Any = None, run: str = "r",
    ) -> None:  # fmt: skip
        ran = source if approved is None else approved
        self.add(Action, run, source=source)
        self.add(CellWritten, run, cell_id=cell, rewritten=rewritten, before=before)
        self.add(ApprovalResolved, run, cell_id=cell, edited=approved, sha256=digest(ran), allowed=allowed)

    def begin(self, run: str = "r") -> None:
        self.add(RunStarted, run, task=f"task of {run}", notebook="n", model="m", system="s")


async def done(notebook: HeadlessNotebook, record: Record) -> tuple[list[Step], list[tuple[str, str]]]:
    steps = await replay(notebook, record, difference=difference)
    return steps, [(cell.id, cell.source) for cell in (await notebook.state()).cells]


async def test_what_the_user_allowed_is_what_runs(notebook: HeadlessNotebook) -> None:
    record = Record()
    record.begin()
    record.cell("a", "print('risky')", approved="print('mine')")
    record.add(Executed, cell_id="a", status="ok", outputs=printed("mine\n"))
    record.cell("b", "print('denied')", allowed=False)
    steps, cells = await done(notebook, record)
    assert cells == [("a", "print('mine')"), ("b", "print('denied')")]
    assert [(step.kind, step.message) for step in steps] == [("run", ""), ("cell", "")]
    assert (await notebook.state()).cells[1].outputs == []


async def test_a_cell_of_the_users_is_there_again_when_the_run_is_undone(notebook: HeadlessNotebook) -> None:
    theirs = {"id": "u", "cell_type": "code", "source": "x = 1", "metadata": {"tags": ["t"]}, "outputs": []}
    record = Record()
    record.begin()
    record.cell("a", "1")
    record.cell("u", "x = 2", rewritten=True, before={**theirs, "execution_count": 3})
    record.add(Executed, cell_id="u", status="ok")
    record.begin("s")
    record.cell("b", "2", run="s")
    record.add(RunUndone)
    steps, cells = await done(notebook, record)
    assert [step.kind for step in steps] == ["run", "cell", "run", "undo"]
    assert [step.message for step in steps] == [""] * 4
    assert cells == [("u", "x = 1"), ("b", "2")]
    assert (await notebook.read_cell("u"))["metadata"] == {"tags": ["t"]}


async def test_another_end_is_told_and_an_interrupted_cell_is_interrupted(
    notebook: HeadlessNotebook,
) -> None:
    record = Record()
    record.begin()
    record.cell("a", "1 / 0")
    record.add(Executed, cell_id="a", status="ok")
    record.cell("b", "while True: pass")
    record.add(Executed, cell_id="b", status="interrupted", seconds=0.1)
    steps, _ = await done(notebook, record)
    assert [step.status for step in steps[1:]] == ["error", "interrupted"]
    assert steps[1].message == (
        "It failed: ZeroDivisionError: division by zero. When it was recorded, it ran."
    )
