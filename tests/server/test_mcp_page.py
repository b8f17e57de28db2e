"""Another agent in a notebook that a page shows: the user sees, approves, stops, and takes over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import nbformat
import pytest
from mcp import Client
from mcp.types import CallToolResult

from tests.server.mcp_client import Agent, address, agent, facts_of, notebook, text_of  # noqa: F401
from tests.server.page import Connect, ScriptedPage
from tests.waiting import until

RISKY = "import os\nos.system('true')\nprint('done')"


def begin(client: Client, code: str, **more: Any) -> asyncio.Task[CallToolResult]:
    return asyncio.ensure_future(client.call_tool("run_cell", {"code": code}, **more))


async def test_a_risky_cell_waits_in_the_page_and_its_output_comes_back(
    agent: Agent, notebook: Path, page: ScriptedPage
) -> None:
    words: list[str] = []

    async def hear(_progress: float, _total: float | None, message: str | None) -> None:
        words.append(message or "")

    async with agent("Codex") as client:
        call = begin(client, RISKY, progress_callback=hear)
        started = await page.hears("run_started")
        assert (started["agent"], started["model"]) == ("Codex", "Codex")
        asked = await page.hears("approval_requested")
        await until(lambda: "The cell waits for the user's approval in JupyterLab." in words)
        await page.resolve(asked, RISKY)
        result = await call
        assert not result.is_error
        assert "done" in text_of(result)
        assert page.sources[asked["cell_id"]] == RISKY
        await client.call_tool("undo")
        assert page.sources == {}
        await page.hears("run_undone", run=started["run"])


async def test_a_cell_that_the_user_declines_does_not_run(
    agent: Agent, notebook: Path, page: ScriptedPage
) -> None:
    async with agent() as client:
        call = begin(client, RISKY)
        asked = await page.hears("approval_requested")
        await page.resolve(asked, RISKY, approved=False, comment="Use subprocess.")
        result = await call
    assert result.is_error
    assert "Use subprocess." in text_of(result)
    assert facts_of(result)["status"] == "refused"
    assert "run_cell" not in page.commands


async def test_one_agent_works_at_a_time_and_the_others_are_told(
    agent: Agent, notebook: Path, page: ScriptedPage
) -> None:
    async with agent("Codex") as codex, agent("Claude Code") as claude:
        call = begin(codex, RISKY)
        asked = await page.hears("approval_requested")
        told = await claude.call_tool("run_cell", {"code": "1"})
        assert told.is_error
        assert "Codex is at work in a.ipynb" in text_of(told)
        assert "Codex is working" in await page.refused("ask", task="Count.")
        assert not (await claude.call_tool("read_notebook", {})).is_error
        await page.resolve(asked, RISKY)
        await call
        ran = await claude.call_tool("run_cell", {"code": "1"})  # Codex does nothing now
        assert not ran.is_error, text_of(ran)
        ended = await page.end()
        assert (ended["run"], ended["ending"]) == (asked["run"], "answered")
        await page.ask("Count.")
        await page.hears("run_started", task="Count.")


async def test_a_task_that_waits_pushes_out_an_agent_that_does_nothing(
    agent: Agent, notebook: Path, page: ScriptedPage
) -> None:
    async with agent("Codex") as codex:
        await codex.call_tool("run_cell", {"code": "1"})
        await page.request("make_way")
        assert (await page.end())["ending"] == "answered"
        call = begin(codex, RISKY)
        asked = await page.hears("approval_requested")
        await page.request("make_way")
        await page.resolve(asked, RISKY)
        assert not (await call).is_error
        await page.hears("run_ended", run=asked["run"])


async def test_the_user_stops_another_agent(agent: Agent, notebook: Path, page: ScriptedPage) -> None:
    code = "import time\ntime.sleep(600)"
    async with agent() as client:
        call = begin(client, code)
        await page.executes(code)
        await page.request("stop")
        result = await call
    assert result.is_error
    assert "Stopped." in text_of(result)
    assert (await page.end())["ending"] == "stopped"


async def test_a_page_that_opens_during_a_cell_takes_over(
    agent: Agent, notebook: Path, connect: Connect, jp_serverapp: Any
) -> None:
    waits = "while not os.path.exists('go'):\n    time.sleep(0.05)\nprint(x)"
    code = f"import os, time\nopen('begun', 'w').close()\n{waits}"
    async with agent() as client:
        await client.call_tool("run_cell", {"notebook": "a.ipynb", "cell": "six"})
        call = asyncio.ensure_future(client.call_tool("run_cell", {"notebook": "a.ipynb", "code": code}))
        await until(lambda: (notebook.parent / "begun").exists())
        [kernel] = jp_serverapp.kernel_manager.list_kernel_ids()
        page = await connect()
        history = await page.open("a.ipynb", kernel)
        assert history["running"]
        await page.until(lambda: code in page.sources.values())
        (notebook.parent / "go").touch()
        result = await call
        assert "6" in text_of(result)
        cell = facts_of(result)["cell"]
        await page.until(lambda: bool(page.shown.get(cell, {}).get("outputs")))
        before = nbformat.read(notebook, as_version=4)
        more = await client.call_tool("run_cell", {"code": "print('six', x)"})
        assert "six 6" in text_of(more)
    assert "run_cell" in page.commands
    assert nbformat.read(notebook, as_version=4) == before  # the page saves what it shows


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({}, 403, "The token is missing or wrong."),
        ({"Authorization": "token wrong"}, 403, "The token is missing or wrong."),
        ({"Authorization": "token right", "Origin": "http://elsewhere.example"}, 404, "of another origin"),
    ],
)
async def test_strangers_are_turned_away(
    address: str, jp_serverapp: Any, headers: dict[str, str], status: int, said: str
) -> None:
    right = jp_serverapp.identity_provider.token
    sent = {name: value.replace("right", right) for name, value in headers.items()}
    async with httpx2.AsyncClient() as http:
        answer = await http.post(address, json={}, headers=sent)
    assert answer.status_code == status
    assert said in answer.json()["message"]
