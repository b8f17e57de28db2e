"""Another agent in the user's notebook: the page shows what it does, and the user decides."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import Future
from threading import Thread
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult, Implementation
from playwright.sync_api import expect

from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import TOKEN, Lab

RISKY = "import os\nos.system('true')\nprint('six times seven is', 42)"


async def call(lab: Lab, tool: str, arguments: dict[str, Any]) -> CallToolResult:
    """Call a tool as Claude Code does, which starts ``jupyter codeact mcp``."""
    command = ["-m", "jupyter_codeact.cli", "mcp", "--server", f"{lab.origin}/?token={TOKEN}"]
    parameters = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
    info = Implementation(name="claude-code", title="Claude Code", version="1")
    async with Client(stdio_client(parameters), client_info=info) as client:
        return await client.call_tool(tool, arguments)


def calling(lab: Lab, tool: str, **arguments: Any) -> Future[CallToolResult]:
    """Call a tool in a thread of its own: Playwright has the loop of this one."""
    future: Future[CallToolResult] = Future()

    def work() -> None:
        try:
            future.set_result(asyncio.run(call(lab, tool, arguments)))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future


def text_of(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


def test_another_agent_asks_in_the_page_and_is_undone_there(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    lab.write("other-agent.ipynb", "'first'")
    page = open_notebook("other-agent.ipynb")
    asked = calling(lab, "run_cell", notebook="other-agent.ipynb", code=RISKY)
    expect(page.cells.nth(1)).to_contain_text("Claude Code wants to run this cell")
    expect(page.page.locator(".jp-CodeAct-activity")).to_have_text("Claude Code waits in other-agent.ipynb")
    page.cells.nth(1).get_by_role("button", name="Run", exact=True).click()
    assert "six times seven is 42" in text_of(asked.result(60))
    expect(page.cells.nth(1)).to_contain_text("six times seven is 42")
    page.open_panel()
    expect(page.page.get_by_text("Claude Code works in this notebook")).to_be_visible()
    expect(page.cells.nth(1).get_by_label("Written by Claude Code")).to_be_visible()
    assert "undone" in text_of(calling(lab, "undo", notebook="other-agent.ipynb").result(60))
    expect(page.cells).to_have_count(1)
    assert page.sources == ["'first'"]
