"""A run through a page: what the page is told to do, what it sees, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from tests.scripted import Refusal, ScriptedModel
from tests.server.page import Connect, Message, ScriptedPage


def cell(source: str) -> str:
    return f"```python\n{source}\n```"


async def test_a_task_is_worked_on_through_the_page_in_its_kernel(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    await page.execute("year = 1953")
    page.sources["mine"] = "year = 1953"
    model.script(["I add.\n" + cell("later = year + 2\nlater"), "It is 1955."])
    await page.ask("  Add two years.  ")
    end = await page.end()
    assert (end["ending"], end["answer"], end["turns"]) == ("answered", "It is 1955.", 2)
    assert [command for command in page.commands if command != "read_state"] == ["write_cell", "run_cell"]
    assert [event for event in page.events if event != "hooks_applied"] == [
        *("run_started", "model_described", "observation"),
        *("reply", "action", "cell_written", "approval_resolved", "executed"),
        *("observation", "reply", "run_ended"),
    ]
    written = await page.hears("write_cell")
    assert written["source"] == "later = year + 2\nlater"
    assert written["metadata"] == {"codeact": {"run": end["run"], "turn": 1, "model": "scripted"}}
    assert (await page.hears("run_started"))["task"] == "Add two years."
    opening = model.requests[0]["messages"][-1]["content"]
    assert "year: int" in opening
    assert "later" not in opening
    assert (await page.execute("assert later == 1955"))["status"] == "ok"


async def test_only_the_page_that_asked_is_commanded_and_both_see_the_run(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel
) -> None:
    other = await connect()
    await other.open("a.ipynb", kernel)
    model.script([cell("1 + 1"), "It is 2."])
    await page.ask()
    assert (await other.end())["answer"] == "It is 2."
    await page.end()
    assert other.commands == []
    assert other.events == page.events
    await other.request("close")
    await other.say("not JSON")  # answered after the page was taken off
    await other.hears("refused")
    seen = len(other.events)
    model.script(["Still 2."])
    before = len(page.heard)
    await page.ask()
    await page.end(after=before)
    assert len(other.events) == seen


async def test_a_notebook_larger_than_a_usual_message_can_be_worked_in(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    page.sources["plot"] = "plot()"
    page.outputs = [{"output_type": "display_data", "data": {"image/png": "A" * 12_000_000}, "metadata": {}}]
    model.script(["I see."])
    await page.ask()
    assert (await page.end())["answer"] == "I see."


@pytest.mark.parametrize(
    "source", ["import time\ntime.sleep(600)", "import asyncio\nawait asyncio.sleep(600)"]
)
async def test_stop_interrupts_the_cell(
    page: ScriptedPage, kernel: str, model: ScriptedModel, jp_serverapp: ServerApp, source: str
) -> None:
    model.script([cell(source)])
    await page.ask()
    await page.executes(source)
    await page.request("stop")
    end = await page.end()
    assert (end["ending"], end["message"]) == ("stopped", "Stopped.")
    assert (await page.hears("executed"))["status"] == "interrupted"
    assert (await page.execute("1"))["status"] == "ok"


@pytest.mark.parametrize("command", ["read_state", "write_cell"])
async def test_stop_ends_a_run_whose_page_does_not_answer(
    page: ScriptedPage, model: ScriptedModel, command: str
) -> None:
    page.mute.add(command)
    model.script([cell("1 + 1")])
    await page.ask()
    await page.hears(command)
    await page.request("stop")
    end = await page.end()
    assert (end["ending"], end["message"]) == ("stopped", "Stopped.")


@pytest.mark.parametrize("command", ["read_state", "write_cell", "run_cell"])
async def test_what_the_page_cannot_do_ends_the_run_with_the_pages_sentence(
    page: ScriptedPage, model: ScriptedModel, command: str
) -> None:
    page.refuse[command] = "The cell is locked."
    model.script([cell("1 + 1")])
    await page.ask()
    end = await page.end()
    assert (end["ending"], end["message"]) == ("failed", "The cell is locked.")
    assert page.commands[-1] == command


async def test_an_incomplete_answer_ends_the_run_with_a_sentence(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    page.mute.add("write_cell")
    model.script([cell("1 + 1")])
    await page.ask()
    command = await page.hears("write_cell")
    await page.say({"type": "done", "id": command["id"]})
    assert (await page.end())["message"] == "The page gave an incomplete answer. Reload it and ask again."


NO_PYTHON: list[tuple[Message | None, str]] = [
    (
        {"language": "R"},
        "CodeAct acts by writing Python, but this notebook's kernel runs R. "
        "Choose a Python kernel with Kernel > Change Kernel.",
    ),
    (
        {"language": "python", "status": "dead"},
        "The kernel is dead. Restart it with Kernel > Restart Kernel and ask again.",
    ),
    (None, "This notebook has no kernel. Choose one with Kernel > Change Kernel."),
]


@pytest.mark.parametrize(("state", "sentence"), NO_PYTHON)
async def test_without_a_live_python_kernel_there_is_a_sentence_and_nothing_is_written(
    connect: Connect, model: ScriptedModel, state: Message | None, sentence: str
) -> None:
    page = await connect()
    await page.open("a.ipynb")
    page.kernel = state
    await page.ask()
    end = await page.end()
    assert (end["ending"], end["message"]) == ("failed", sentence)
    assert page.commands == ["read_state"]
    assert model.requests == []


async def test_a_kernel_that_died_can_still_be_interrupted(
    page: ScriptedPage, kernel: str, model: ScriptedModel, jp_serverapp: ServerApp
) -> None:
    page.mute.add("run_cell")
    model.script([cell("1 + 1")])
    await page.ask()
    command = await page.hears("run_cell")
    manager: Any = jp_serverapp.kernel_manager.get_kernel(kernel)
    manager.stop_restarter()
    await manager.shutdown_kernel(now=True)
    await page.request("stop")
    await page.say({"type": "failed", "id": command["id"], "message": "The kernel is gone."})
    end = await page.end()
    assert (end["ending"], end["message"]) == ("failed", "The kernel is gone.")


async def test_an_endpoint_that_refuses_ends_the_run_with_a_sentence(
    page: ScriptedPage, model: ScriptedModel
) -> None:
    model.script([Refusal(401, "Incorrect API key provided.")])
    await page.ask()
    end = await page.end()
    assert end["ending"] == "failed"
    assert "key" in end["message"]
    assert model.url in end["message"]
    assert page.commands == ["read_state"]


async def test_the_key_reaches_neither_page_nor_journal_nor_kernel(
    page: ScriptedPage, model: ScriptedModel, journal_path: Path
) -> None:
    await page.request("set_approval", approval="never")
    look = "import os\nkeys = [v for v in os.environ.values() if v.startswith('key-')]\nassert not keys, keys"
    model.script([cell(look), Refusal(401, f"Incorrect API key provided: {model.api_key}.")])
    await page.ask()
    assert (await page.end())["ending"] == "failed"
    assert (await page.hears("executed"))["status"] == "ok"
    assert model.api_key not in str(page.heard)
    files = [file.read_bytes() for file in journal_path.parent.iterdir()]
    assert any(b"run_ended" in file for file in files)
    assert not any(model.api_key.encode() in file for file in files)
