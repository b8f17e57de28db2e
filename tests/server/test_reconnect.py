"""A page goes away in the middle of a run: the run goes on, and the next page has all its cells."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from jupyter_codeact.server.conversations import Conversations
from jupyter_codeact.server.page_notebook import REFRESH
from tests.scripted import ScriptedModel
from tests.server.page import Connect, Message, ScriptedPage
from tests.waiting import until


def cell(source: str) -> str:
    return f"```python\n{source}\n```"


class Gate:
    """A cell that says that it has begun, and goes on when it is let."""

    def __init__(self, folder: Path) -> None:
        self._open = folder / "open"
        self.source = (
            "import pathlib, time\n"
            "runs = globals().get('runs', 0) + 1\n"
            "print('begun')\n"
            f"while not pathlib.Path({str(self._open)!r}).exists():\n"
            "    time.sleep(0.01)\n"
            "print('done')"
        )

    def keep_silent(self) -> Path:
        """Let it print nothing until the file that is returned is there."""
        speak = self._open.with_name("speak")
        waits = f"while not pathlib.Path({str(speak)!r}).exists(): time.sleep(0.01)\n"
        self.source = self.source.replace("print('begun')\n", f"{waits}print('begun')\n")
        return speak

    def open(self) -> None:
        self._open.touch()


@pytest.fixture
def kernels(jp_serverapp: ServerApp) -> Any:
    return jp_serverapp.kernel_manager


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def printed(outputs: list[Message]) -> str:
    return "".join(output.get("text", "") for output in outputs)


async def run_over(conversations: Conversations) -> None:
    """Wait until the run is over, whether a page is there or not."""
    task = conversations._sessions["a.ipynb"].task
    assert task is not None
    await asyncio.wait_for(asyncio.shield(task), 60)


async def ran_once(page: ScriptedPage) -> bool:
    return (await page.execute("assert runs == 1, runs"))["status"] == "ok"


async def test_a_page_loaded_anew_sees_the_cell_that_still_runs_and_then_its_result(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, kernels: Any, gate: Gate
) -> None:  # fmt: skip
    model.script([cell("first = 1"), cell(gate.source), "Done."])
    await page.ask()
    await page.hears("run_cell", source=gate.source)
    await page.executes(gate.source)
    await page.leave()

    again = await connect()
    history = await again.open("a.ipynb", kernel)
    assert history["running"]
    await again.hears("restore_cell")
    await again.until(lambda: [printed(one["outputs"]) for one in again.shown.values()] == ["", "begun\n"])
    assert list(again.sources.values()) == ["first = 1", gate.source]
    gate.open()

    assert (await again.end())["answer"] == "Done."
    executed = await again.hears("executed")
    assert (executed["status"], printed(executed["outputs"])) == ("ok", "begun\ndone\n")
    assert executed["execution_count"] == again.shown[executed["cell_id"]]["execution_count"] > 1
    assert printed(again.shown[executed["cell_id"]]["outputs"]) == "begun\ndone\n"
    assert "run_cell" not in again.commands
    assert await ran_once(again)


async def test_outputs_that_come_while_a_page_loads_the_cells_are_shown_before_the_cell_ends(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, conversations: Conversations,
    gate: Gate,
) -> None:  # fmt: skip
    speak = gate.keep_silent()
    model.script([cell(gate.source), "Done."])
    await page.ask()
    await page.executes(gate.source)
    await page.leave()
    again = await connect()
    again.held["restore_cell"] = asyncio.Event()
    await again.open("a.ipynb", kernel)
    await again.hears("restore_cell")

    speak.touch()
    [ran] = conversations._sessions["a.ipynb"].cells._cells.values()
    await until(lambda: ran.execution and printed(ran.execution.outputs) == "begun\n")
    await asyncio.sleep(REFRESH)  # the server has seen them, and will see no others
    again.held.pop("restore_cell").set()

    await again.until(lambda: [printed(one["outputs"]) for one in again.shown.values()] == ["begun\n"])
    gate.open()
    assert (await again.end())["answer"] == "Done."


async def test_outputs_that_a_page_could_not_take_are_shown_to_it_again(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, gate: Gate
) -> None:
    speak = gate.keep_silent()
    model.script([cell(gate.source), "Done."])
    await page.ask()
    await page.executes(gate.source)
    await page.leave()
    again = await connect()
    await again.open("a.ipynb", kernel)
    await again.until(lambda: bool(again.shown))
    again.refuse["restore_cell"] = "The notebook is not ready."
    speak.touch()

    def refused() -> int:
        restored = [message["cell"] for message in again.heard if message["type"] == "restore_cell"]
        return sum(bool(cell["outputs"]) for cell in restored)

    await again.until(lambda: refused() > 1)
    again.refuse.clear()
    await again.until(lambda: [printed(one["outputs"]) for one in again.shown.values()] == ["begun\n"])
    gate.open()
    assert (await again.end())["answer"] == "Done."


@pytest.mark.parametrize("says_so", [True, False])
async def test_a_result_that_came_while_no_page_was_there_is_in_the_next_one(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, kernels: Any, gate: Gate,
    says_so: bool,
) -> None:  # fmt: skip
    page.began = says_so  # an executor that works on the server does not tell which request it is
    model.script([cell(gate.source), "Done."])
    await page.ask()
    await page.executes(gate.source)
    await page.leave()
    gate.open()
    await until(lambda: model.requests and kernels.get_kernel(kernel).execution_state == "idle")

    again = await connect()
    await again.open("a.ipynb", kernel)
    await again.hears("run_ended")
    [shown] = again.shown.values()
    assert printed(shown["outputs"]) == "begun\ndone\n"
    assert list(again.sources.values()) == [gate.source]
    assert await ran_once(again)


async def test_a_run_that_ended_without_a_page_is_seen_by_the_next_one(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, conversations: Conversations
) -> None:
    held = model.held("It will ", "be 2.")
    model.script([held])
    await page.ask()
    await page.hears("reply_delta")
    await page.leave()
    first = await connect()
    history = await first.open("a.ipynb", kernel)
    assert history["events"][-1]["prose"] == "It will"  # so far
    await first.leave()
    held.released.set()
    await run_over(conversations)
    history = await (await connect()).open("a.ipynb", kernel)
    assert history["events"][-1]["answer"] == "It will be 2."
    assert not history["running"]


async def test_a_second_page_takes_over_when_the_first_goes_and_no_cell_runs_twice(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, kernels: Any, gate: Gate
) -> None:  # fmt: skip
    other = await connect()
    await other.open("a.ipynb", kernel)
    model.script([cell("first = 1"), cell(gate.source), cell("last = first + 1"), "Done."])
    await page.ask()
    await page.hears("run_cell", source=gate.source)
    await page.executes(gate.source)
    assert other.commands == []
    await page.request("close")
    await other.hears("restore_cell")
    gate.open()
    assert (await other.end())["answer"] == "Done."
    assert list(other.sources.values()) == ["first = 1", gate.source, "last = first + 1"]
    assert [one["source"] for one in other.heard if one["type"] == "run_cell"] == ["last = first + 1"]
    assert await ran_once(other)


async def test_a_page_that_takes_over_has_the_cells_where_the_run_moved_them(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, gate: Gate
) -> None:
    other = await connect()
    for one in (page, other):
        one.sources.update(theirs="'theirs'", imports="import math", last="'last'")
    await other.open("a.ipynb", kernel)
    calls = "notebook.move('imports', before='theirs')\nnotebook.delete('last')"
    model.script([cell(calls), cell(gate.source), "Done."])
    await page.ask(approval="never")
    await page.executes(gate.source)
    assert list(page.sources.values()) == ["import math", "'theirs'", gate.source]
    await page.request("close")
    await other.hears("move_cell")
    gate.open()
    assert (await other.end())["answer"] == "Done."
    assert list(other.sources.values()) == ["import math", "'theirs'", gate.source]


async def test_a_cell_that_its_page_never_ran_is_run_by_the_next_one(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel
) -> None:
    page.mute.add("run_cell")
    model.script([cell("runs = globals().get('runs', 0) + 1"), "Done."])
    await page.ask()
    await page.hears("run_cell")
    await page.leave()
    again = await connect()
    await again.open("a.ipynb", kernel)
    assert (await again.end())["answer"] == "Done."
    assert again.commands.count("run_cell") == 1
    assert await ran_once(again)


async def test_a_page_whose_connection_is_back_is_told_again_what_it_has_not_answered(
    connect: Connect, kernel: str, model: ScriptedModel
) -> None:
    page = await connect("the page")
    await page.open("a.ipynb", kernel)
    page.mute.add("write_cell")
    model.script([cell("1 + 1"), "It is 2."])
    await page.ask()
    told = await page.hears("write_cell")
    await page.leave()
    again = await connect("the page")
    again.mute.add("write_cell")
    await again.open("a.ipynb", kernel)
    assert await again.hears("write_cell") == told
    again.sources["new"] = "1 + 1"
    await again.say({"type": "failed", "id": told["id"] - 1, "message": "An answer to another command."})
    await again.say({"type": "done", "id": told["id"], "cell_id": "new"})
    assert (await again.end())["answer"] == "It is 2."
    assert "restore_cell" not in again.commands


async def test_a_kernel_that_is_shut_down_while_no_page_is_there_ends_the_run(
    page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, kernels: Any, gate: Gate
) -> None:  # fmt: skip
    model.script([cell(gate.source)])
    await page.ask()
    await page.executes(gate.source)
    await page.leave()
    await kernels.shutdown_kernel(kernel, now=True)
    again = await connect()
    await again.open("a.ipynb", None)
    end = await again.end()
    assert end["ending"] == "failed"
    assert end["message"].startswith("The kernel died")


class TestWithAShortReconnectTime:
    @pytest.fixture
    def codeact_config(self, model: ScriptedModel, journal_path: Path) -> dict[str, Any]:
        return {"endpoint": model.url, "journal": str(journal_path), "reconnect_seconds": 1.0}

    async def test_a_run_whose_page_does_not_come_back_ends_and_frees_the_kernel(
        self, page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel, kernels: Any,
        gate: Gate, conversations: Conversations,
    ) -> None:  # fmt: skip
        model.script([cell(gate.source)])
        await page.ask()
        await page.executes(gate.source)
        await page.leave()
        await run_over(conversations)
        again = await connect()
        history = await again.open("a.ipynb", kernel)
        end = history["events"][-1]
        assert end["ending"] == "stopped"
        assert end["message"].startswith("No page has shown this notebook for")
        executed = next(event for event in history["events"] if event["type"] == "executed")
        assert (executed["status"], printed(executed["outputs"])) == ("interrupted", "begun\n")
        await again.hears("restore_cell")
        assert await ran_once(again)

    async def test_a_question_that_nobody_answers_ends_the_run(
        self, page: ScriptedPage, connect: Connect, kernel: str, model: ScriptedModel,
        conversations: Conversations,
    ) -> None:  # fmt: skip
        model.script([cell("1 + 1")])
        await page.ask(approval="always")
        await page.hears("approval_requested")
        await page.leave()
        await run_over(conversations)
        history = await (await connect()).open("a.ipynb", kernel)
        assert history["events"][-1]["ending"] == "stopped"
