"""What a run leaves in the journal's file: everything, and a cell's source no more often than it must be."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_codeact.agent.events import ApprovalRequested, RunStarted
from jupyter_codeact.agent.gate.gate import ApprovalGate, Decision, decision
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.agent.bench import Bench, block

FIRST_RELEASE = Path(__file__).parent / "first-release.sqlite"


@pytest.fixture
async def notebook(tmp_path: Path) -> AsyncIterator[HeadlessNotebook]:
    async with HeadlessNotebook(output=tmp_path / "out.ipynb", folder=tmp_path) as notebook:
        yield notebook


def containing(path: Path, text: str) -> list[str]:
    """Return the types of the stored events that contain a text."""
    db = sqlite3.connect(path)
    try:
        query = "SELECT json_extract(body, '$.type') FROM event WHERE instr(body, ?) ORDER BY seq"
        return [kind for (kind,) in db.execute(query, (text,))]
    finally:
        db.close()


async def test_a_source_is_in_the_reply_and_the_action_and_not_in_the_approval(
    notebook: HeadlessNotebook, tmp_path: Path
) -> None:
    async def approve(_requested: ApprovalRequested, source: str) -> Decision:
        return decision(source.replace("first_draft", "second_draft"), allowed=True)

    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    bench = Bench(notebook, journal)
    replies = (
        block("proposed = 'pro' + 'duced'", "print(proposed)"),
        block("first_draft = 1"),
        "It is produced.",
    )
    ended = await bench.run(*replies, gate=ApprovalGate(lambda: "always", approve))
    journal.close()
    assert ended.ending == "answered"
    assert containing(path, "proposed = 'pro'") == ["reply", "action"]
    assert containing(path, "first_draft") == ["reply", "action"]
    assert containing(path, "second_draft") == ["approval_resolved", "observation"]  # the model is told
    assert containing(path, "It is produced.") == ["reply", "run_ended"]
    assert containing(path, '"text":"produced\\n"') == ["executed"]


async def test_a_conversation_of_the_first_release_goes_on(
    notebook: HeadlessNotebook, tmp_path: Path
) -> None:
    shutil.copy(FIRST_RELEASE, tmp_path / "journal.sqlite")
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    bench = Bench(notebook, journal)
    [old] = journal.conversations("/home/user/sum.ipynb")
    bench.conversation = old.id
    [began, *_] = journal.events(old.id)
    ended = await bench.run(block("print(40 + 2)"), "It is 42.", task="And more?")
    heard = bench.model.requests[0]
    assert ended.answer == "It is 42."
    assert isinstance(began, RunStarted)
    assert heard[0]["content"] == began.system
    assert [message["content"] for message in heard if message["role"] == "assistant"][-2:] == [
        "```python\nprint(6)\n```",
        "Six.",
    ]
    assert "7.25" not in str([message for message in heard if message["role"] == "assistant"])
    assert journal.find(old.id).runs == 3
    journal.close()
