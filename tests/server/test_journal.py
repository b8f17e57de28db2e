"""A server whose journal cannot be opened works on without it, and one whose journal is old makes room."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.agent.events import RunEnded, RunStarted
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.server.conversations import Conversations
from tests.scripted import ScriptedModel
from tests.server.page import Connect, ScriptedPage
from tests.waiting import until

LONG_AGO = 1000.0


def asked(journal: SqliteJournal, notebook: str, time: float) -> str:
    conversation = journal.begin(notebook)
    where: dict[str, Any] = {"conversation": conversation, "run": conversation, "time": time}
    journal.append(RunStarted(**where, task="t", notebook=notebook, model="m", system="s"))
    journal.append(RunEnded(**where, ending="answered", answer="a"))
    with journal._file.writing() as db:
        db.execute("UPDATE conversation SET updated = ? WHERE id = ?", (time, conversation))
    return conversation


@pytest.fixture
def codeact_config(request: pytest.FixtureRequest, model: ScriptedModel, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "folder").mkdir()
    return {"endpoint": model.url, "journal": str(tmp_path / request.param), "journal_days": 30}


@pytest.mark.parametrize("codeact_config", ["folder"], indirect=True)
async def test_without_a_journal_the_page_is_told_and_conversations_work_from_memory(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    told = await page.hears("refused")
    assert "cannot be opened" in told["message"]
    assert "forgotten when this program ends" in told["message"]
    model.script(["Three."])
    await page.ask("Count.")
    assert (await page.end())["answer"] == "Three."


@pytest.fixture
def old(tmp_path: Path) -> str:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    asked(journal, "/old.ipynb", LONG_AGO)
    new = asked(journal, "/new.ipynb", 10 * 365 * 24 * 3600 * 100.0)
    journal.close()
    return new


@pytest.mark.parametrize("codeact_config", ["journal.sqlite"], indirect=True)
async def test_old_conversations_are_deleted_when_the_server_starts(
    old: str, codeact_config: dict[str, Any], conversations: Conversations
) -> None:
    await until(lambda: len(conversations.journal.conversations()) == 1)
    assert [one.id for one in conversations.journal.conversations()] == [old]


@pytest.mark.parametrize("codeact_config", ["journal.sqlite"], indirect=True)
async def test_while_another_program_locks_the_journal_pages_are_answered_and_a_run_can_be_stopped(
    page: ScriptedPage, connect: Connect, model: ScriptedModel, conversations: Conversations, jp_fetch: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    model.script(["Never asked for."])
    with closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await page.ask()
        other_page = await connect()
        history = await other_page.open("a.ipynb")
        assert (await jp_fetch("api", "status")).code == 200
        await page.request("stop")
        assert (await page.end())["ending"] == "stopped"
        assert model.requests == []  # nothing is done before its reason is recorded
        other.execute("ROLLBACK")
    kept = conversations.journal
    await until(lambda: [event.type for event in kept.events(history["conversation"])][-1:] == ["run_ended"])
