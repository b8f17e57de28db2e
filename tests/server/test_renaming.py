"""A conversation belongs to its notebook: through renames, deletions and restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

from jupyter_codeact.agent.events import RunStarted
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.protocol import History, Open
from jupyter_codeact.server.conversations import Conversations
from jupyter_codeact.server.setup import Setup
from tests.scripted import ScriptedModel
from tests.server.page import Connect, ScriptedPage
from tests.waiting import until


async def rename(jp_fetch: Any, old: str, new: str) -> None:
    await jp_fetch("api", "contents", old, method="PATCH", body=json.dumps({"path": new}))


async def delete(jp_fetch: Any, path: str) -> None:
    await jp_fetch("api", "contents", path, method="DELETE")


async def answers(page: ScriptedPage, model: ScriptedModel, answer: str, notebook: str = "a.ipynb") -> None:
    """Let a run be answered."""
    before = len(page.heard)
    model.script([answer])
    await page.ask("Count.", notebook)
    assert (await page.end(after=before))["answer"] == answer


def answered(history: dict[str, Any]) -> list[str]:
    return [event["answer"] for event in history["events"] if event["type"] == "run_ended"]


@contextmanager
def restarted(path: Path, root: Path) -> Iterator[Conversations]:
    """Open a journal as a server does that starts anew."""
    journal = SqliteJournal(path)
    idle = Mock()  # nothing is asked of kernels and files
    idle.approval.return_value = None
    yield Conversations(Setup(models=idle, journal=journal, kernels=idle, contents=idle, root=str(root)))
    journal.close()


async def opened(conversations: Conversations, notebook: str) -> History:
    """Return what a page is told that opens a notebook."""
    said: list[Any] = []
    conversations.receive(conversations.join("page", said.append), Open(id="1", notebook=notebook))
    await until(lambda: said)
    [history] = said
    assert isinstance(history, History)
    return history


async def test_a_conversation_follows_its_renamed_notebook(
    page: ScriptedPage, connect: Connect, model: ScriptedModel, jp_fetch: Any, jp_create_notebook: Any,
    journal_path: Path, jp_root_dir: Path,
) -> None:  # fmt: skip
    jp_create_notebook("a.ipynb")
    jp_create_notebook("in/c.ipynb")
    await answers(page, model, "One.")
    await rename(jp_fetch, "a.ipynb", "b.ipynb")
    await answers(page, model, "Two.", "b.ipynb")
    await rename(jp_fetch, "b.ipynb", "in/b.ipynb")
    await rename(jp_fetch, "in", "out")
    other = await connect()
    assert answered(await other.open("out/b.ipynb")) == ["One.", "Two."]
    assert answered(await other.open("a.ipynb")) == []
    with restarted(journal_path, jp_root_dir) as conversations:
        events = (await opened(conversations, "out/b.ipynb")).events
        assert [event.type for event in events].count("run_ended") == 2


async def test_a_run_goes_on_while_its_notebook_is_renamed(
    page: ScriptedPage, model: ScriptedModel, jp_fetch: Any, jp_create_notebook: Any
) -> None:
    jp_create_notebook("a.ipynb")
    held = model.held("```python\n1 +", " 1\n```")
    model.script([held, "It is 2."])
    await page.ask()
    await page.hears("reply_delta")
    await rename(jp_fetch, "a.ipynb", "b.ipynb")
    held.released.set()
    assert (await page.hears("write_cell"))["notebook"] == "b.ipynb"
    assert (await page.hears("run_cell"))["notebook"] == "b.ipynb"
    assert (await page.end())["answer"] == "It is 2."
    assert page.heard[-1]["notebook"] == "b.ipynb"


async def test_a_notebook_that_takes_a_name_brings_its_conversation_whatever_had_the_name_before(
    page: ScriptedPage, model: ScriptedModel, jp_fetch: Any, jp_create_notebook: Any, kernel: str,
    journal_path: Path, jp_root_dir: Path,
) -> None:  # fmt: skip
    jp_create_notebook("a.ipynb")
    await answers(page, model, "Mine.")
    await page.open("b.ipynb", kernel)
    await answers(page, model, "Of a notebook that is no more.", "b.ipynb")
    before = len(page.heard)
    await rename(jp_fetch, "a.ipynb", "b.ipynb")
    assert answered(await page.open("b.ipynb", kernel)) == answered(page.heard[-1]) == ["Mine."]
    assert before < len(page.heard)
    with restarted(journal_path, jp_root_dir) as conversations:
        events = (await opened(conversations, "b.ipynb")).events
        [end] = [event for event in events if event.type == "run_ended"]
        assert end.answer == "Mine."


async def test_a_notebook_deleted_and_made_anew_starts_afresh(
    page: ScriptedPage, connect: Connect, model: ScriptedModel, jp_fetch: Any, jp_create_notebook: Any,
    kernel: str, journal_path: Path, jp_root_dir: Path,
) -> None:  # fmt: skip
    jp_create_notebook("a.ipynb")
    jp_create_notebook("in/c.ipynb")
    await answers(page, model, "One.")
    await page.open("in/c.ipynb", kernel)
    await answers(page, model, "Two.", "in/c.ipynb")
    await delete(jp_fetch, "a.ipynb")
    await delete(jp_fetch, "in")
    with restarted(journal_path, jp_root_dir) as conversations:
        for notebook in ("a.ipynb", "in/c.ipynb"):
            assert (await opened(conversations, notebook)).events == []
    other = await connect()
    assert answered(await other.open("a.ipynb")) == answered(await other.open("in/c.ipynb")) == []


async def test_a_run_whose_notebook_is_deleted_stops_and_the_next_starts_afresh(
    page: ScriptedPage, connect: Connect, model: ScriptedModel, jp_fetch: Any, jp_create_notebook: Any,
    kernel: str,
) -> None:  # fmt: skip
    jp_create_notebook("a.ipynb")
    model.script([model.held("It will be ")])
    await page.ask()
    await page.hears("reply_delta")
    await delete(jp_fetch, "a.ipynb")
    end = await page.end()
    assert (end["ending"], end["message"]) == ("stopped", "The notebook was deleted, so the run stopped.")
    other = await connect()
    assert (await other.open("a.ipynb", kernel))["events"] == []
    await answers(other, model, "Afresh.")
    assert len(model.requests) == 1


async def test_a_run_that_was_cut_off_is_ended_by_the_next_server(tmp_path: Path) -> None:
    path, notebook = tmp_path / "journal.sqlite", f"{tmp_path}/a.ipynb"
    journal = SqliteJournal(path)
    conversation = journal.begin(notebook)
    journal.append(
        RunStarted(
            conversation=conversation, run="r", task="Count.", notebook=notebook, model="m", system="s"
        )
    )
    journal.close()
    for _ in range(2):
        with restarted(path, tmp_path) as conversations:
            history = await opened(conversations, "a.ipynb")
        assert [event.type for event in history.events] == ["run_started", "run_ended"]
        end: Any = history.events[-1]
        assert (end.run, end.ending) == ("r", "failed")
        assert end.message == "The program ended in the middle of this run. What was done until then is kept."
        assert not history.running


async def test_a_server_that_ends_says_so_in_the_journal(
    page: ScriptedPage, model: ScriptedModel, conversations: Conversations, journal_path: Path,
    jp_root_dir: Path,
) -> None:  # fmt: skip
    model.script([model.held("It will be ")])
    await page.ask()
    await page.hears("reply_delta")
    await conversations.close()
    with restarted(journal_path, jp_root_dir) as anew:
        end: Any = (await opened(anew, "a.ipynb")).events[-1]
    assert (end.ending, end.message) == ("stopped", "Stopped, because the program was shutting down.")
