"""A run on a page when something goes wrong around it: its end, its words, its record."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from jupyter_codeact.server.conversations import Conversations
from tests.faults import ENDPOINT_FAULTS, HUGE_IMAGE, block
from tests.scripted import Held, ScriptedModel, ScriptedReply
from tests.server.page import ScriptedPage

ENDLESS = "while True: print('x' * 100)"


@dataclass
class Fault:
    """What goes wrong after the first cell, and what the user reads then.

    ``stopped_in`` is the cell in which the user presses Stop.
    """

    replies: list[ScriptedReply]
    words: str
    ending: str = "failed"
    stopped_in: str | None = None


FAULTS = {
    **{name: Fault(fault.replies, fault.words, fault.ending) for name, fault in ENDPOINT_FAULTS.items()},
    "endpoint hangs": Fault([Held("Let me")], "Stopped.", "stopped"),
    "endless output": Fault([block(ENDLESS)], "Stopped.", "stopped", ENDLESS),
    "huge image": Fault([block(HUGE_IMAGE), "A picture."], "A picture.", "answered"),
}


def recorded(conversations: Conversations, told: dict[str, Any]) -> list[Any]:
    return list(conversations.journal.events(told["conversation"]))


@pytest.mark.parametrize("name", FAULTS)
async def test_a_run_ends_with_a_sentence_and_a_record_and_the_kernel_goes_on(
    name: str, page: ScriptedPage, model: ScriptedModel, conversations: Conversations
) -> None:
    fault = FAULTS[name]
    model.script([block("print('kept')"), *fault.replies])
    await page.ask()
    if fault.stopped_in is not None:
        await page.executes(fault.stopped_in)
        await page.request("stop")
    elif fault.ending == "stopped":
        await page.hears("reply_delta", turn=2)
        await page.request("stop")
    end = await page.end()

    assert end["ending"] == fault.ending
    assert fault.words in (end["answer"] or end["message"])
    assert "Traceback" not in end["message"]
    events = recorded(conversations, end)
    told = [message["event"] for message in page.heard if message["type"] == "event"]
    assert [event.type for event in events] == [one["type"] for one in told if one["type"] != "reply_delta"]
    assert events[-1].type == "run_ended"
    kept = next(event for event in events if event.type == "executed")
    assert "kept" in str(kept.outputs)
    if name == "endpoint hangs":
        assert await asyncio.to_thread(model.disconnected.wait, 60)
    assert (await page.execute("1"))["status"] == "ok"


async def test_a_journal_on_a_full_disk_ends_the_run_before_more_is_done(
    page: ScriptedPage, model: ScriptedModel, conversations: Conversations
) -> None:
    file = conversations.journal._file

    def fill(_messages: object) -> str:
        with file.writing() as db:
            db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
        return " ".join(map(str, range(4000))) + block("'never'")

    model.script([block("print('kept')"), fill])
    await page.ask()
    end = await page.end()
    assert end["ending"] == "failed"
    assert "database or disk is full. Make room on the disk, and try again." in end["message"]
    assert list(page.sources.values()) == ["print('kept')"]
    with file.writing() as db:
        db.execute("PRAGMA max_page_count=1000000")
    model.script(["Again."])
    before = len(page.heard)
    await page.ask()
    assert (await page.end(after=before))["answer"] == "Again."
    kinds = [event.type for event in recorded(conversations, end)]
    assert kinds[-1] == "run_ended"
    assert "executed" in kinds


async def test_a_run_goes_on_when_the_clock_is_set_back(
    page: ScriptedPage, model: ScriptedModel, conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time

    def set_back(_messages: object) -> str:
        monkeypatch.setattr(time, "time", lambda: now() - 24 * 3600)
        return block("print('then')")

    model.script([block("print('kept')"), set_back, "Done."])
    await page.ask()
    end = await page.end()
    assert end["answer"] == "Done."
    assert 0 < end["seconds"] < 3600
    events = recorded(conversations, end)
    assert (events[0].type, events[-1].type) == ("run_started", "run_ended")
    assert events[-1].time < events[0].time
    history = await page.open("a.ipynb")
    assert [event["type"] for event in history["events"]] == [event.type for event in events]


@pytest.fixture
def damaged(journal_path: Any) -> Any:
    journal_path.parent.mkdir()
    journal_path.write_bytes(b"no database " * 1000)
    return journal_path


async def test_a_damaged_journal_is_told_and_the_run_goes_on_without_it(
    damaged: Any, page: ScriptedPage, model: ScriptedModel
) -> None:
    told = await page.hears("refused")
    assert "The file is damaged" in told["message"]
    assert "Conversations are not kept" in told["message"]
    model.script(["Three."])
    await page.ask()
    assert (await page.end())["answer"] == "Three."
    assert damaged.read_bytes() == b"no database " * 1000
