"""Other agents in this server's notebooks, over HTTP, where no page shows them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import nbformat
import pytest
from mcp.types import CallToolResult

from jupyter_codeact.agent.events import RunStarted
from jupyter_codeact.mcp.server.calling import reported
from jupyter_codeact.server.conversations import Conversations
from tests.ports import await_server, free_port
from tests.scripted import ScriptedModel
from tests.server.mcp_client import Agent, address, agent, events_of, facts_of, notebook, text_of  # noqa: F401
from tests.server.page import Connect
from tests.waiting import until


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_an_agent_runs_a_cell_in_a_notebook_that_no_page_shows(
    agent: Agent, notebook: Path, conversations: Conversations, jp_fetch: Any, mode: str
) -> None:
    async with agent("Claude Code", mode) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert {"list_notebooks", "run_cell", "undo", "ask"} <= tools
        opened = text_of(await client.call_tool("open_notebook", {"notebook": "a.ipynb"}))
        assert "Numbers" in opened
        await client.call_tool("run_cell", {"notebook": "a.ipynb", "cell": "six"})
        ran = await client.call_tool("run_cell", {"notebook": "a.ipynb", "code": "print(x * 7)"})
    assert "42" in text_of(ran)
    assert not ran.is_error
    assert facts_of(ran)["status"] == "ok"
    written = nbformat.read(notebook, as_version=4)
    nbformat.validate(written)
    [_, six, new] = written.cells
    assert new.id == facts_of(ran)["cell"]
    assert (six.execution_count, new.execution_count) == (1, 2)
    assert new.outputs[0].text == "42\n"
    sessions = json.loads((await jp_fetch("api", "sessions")).body)
    assert [session["path"] for session in sessions] == ["a.ipynb"]
    events = events_of(conversations)
    assert isinstance(events[0], RunStarted)
    assert events[0].agent == "Claude Code"
    types = [event.type for event in events]
    assert types.count("executed") == 2


async def test_a_risky_cell_does_not_run_where_nobody_can_approve_it(
    agent: Agent, notebook: Path, conversations: Conversations
) -> None:
    async with agent() as client:
        refused = await client.call_tool(
            "run_cell", {"notebook": "a.ipynb", "code": "import os\nos.remove('a.ipynb')"}
        )
        assert refused.is_error
        assert "open the notebook in JupyterLab" in text_of(refused)
        cell = facts_of(refused)["cell"]
        again = await client.call_tool("run_cell", {"notebook": "a.ipynb", "cell": cell})
        assert again.is_error
        checked = await client.call_tool("check_notebook", {"notebook": "a.ipynb"})
        assert checked.is_error
        assert "Only the user can check this notebook" in text_of(checked)
        await client.call_tool("delete_cell", {"notebook": "a.ipynb", "cell": cell})
    assert "executed" not in [event.type for event in events_of(conversations)]
    assert len(nbformat.read(notebook, as_version=4).cells) == 2


async def test_the_approval_of_our_model_is_not_that_of_another_agent(
    agent: Agent, notebook: Path, connect: Connect, model: ScriptedModel
) -> None:
    page = await connect()
    endpoint = {"name": "work", "url": model.url, "api_key": model.api_key}
    await page.request("save_endpoint", None, **endpoint, approval="never")
    await page.hears("model_list")
    await page.request("choose_model", None, choice="work")
    await page.hears("model_status")
    async with agent() as client:
        code = "import os\nos.system('touch harm')"
        refused = await client.call_tool("run_cell", {"notebook": "a.ipynb", "code": code})
    assert refused.is_error
    assert not (notebook.parent / "harm").exists()


async def test_a_count_in_a_file_from_elsewhere_is_no_approval(agent: Agent, notebook: Path) -> None:
    risky = nbformat.v4.new_code_cell("import os\nos.remove('a.ipynb')", id="risky", execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[risky]), notebook)
    async with agent() as client:
        checked = await client.call_tool("check_notebook", {"notebook": "a.ipynb"})
        assert checked.is_error
        assert "Only the user can check this notebook" in text_of(checked)
        text = await client.call_tool("write_text", {"notebook": "a.ipynb", "text": "Words."})
        name = facts_of(text)["cell"]
        wrong = await client.call_tool("run_cell", {"notebook": "a.ipynb", "cell": name, "code": "1"})
        assert "a markdown cell, which cannot be run" in text_of(wrong)
    assert [cell.source for cell in nbformat.read(notebook, as_version=4).cells][1:] == ["Words."]


async def test_a_secret_of_the_kernel_is_masked_in_a_single_cell(agent: Agent, notebook: Path) -> None:
    setting = "import os\nos.environ['SHOP_TOKEN'] = 'hunter2' + 'hunter2'"
    async with agent() as client:
        await client.call_tool("run_cell", {"notebook": "a.ipynb", "code": setting})
        showing = "print(os.environ['SHOP_TOKEN'])"
        ran = await client.call_tool("run_cell", {"notebook": "a.ipynb", "code": showing})
        read = await client.call_tool("read_cell", {"notebook": "a.ipynb", "cell": facts_of(ran)["cell"]})
    assert "os.environ" in text_of(read)
    assert "hunter2hunter2" not in text_of(read)


async def test_an_agent_reads_edits_moves_deletes_and_undoes(
    agent: Agent, notebook: Path, conversations: Conversations
) -> None:
    before = nbformat.read(notebook, as_version=4)
    async with agent() as client:

        async def call(tool: str, **arguments: Any) -> str:
            result = await client.call_tool(tool, {"notebook": "a.ipynb", **arguments})
            assert not result.is_error, text_of(result)
            return text_of(result)

        assert "x = 6" in await call("read_notebook")
        await call("edit_cell", cell="six", old="6", new="7")
        assert "- x: int = 7" in await call("list_variables")
        await call("write_text", text="## More", after="six")
        more = await call("search_notebook", text="## More")
        cell = more[more.index("cell=") + 5 :].split()[0]
        await call("move_cell", cell=cell, before="title")
        assert "line 1: x = 7" in await call("search_notebook", text="x =")
        assert "x = 7" in await call("read_cell", cell=1)
        now = nbformat.read(notebook, as_version=4)
        assert [cell.source for cell in now.cells] == ["## More", "# Numbers", "x = 7"]
        assert "undone" in await call("undo")
        nothing = await client.call_tool("undo", {"notebook": "a.ipynb"})
        assert nothing.is_error
    now = nbformat.read(notebook, as_version=4)
    assert [(cell.id, cell.source) for cell in now.cells] == [(cell.id, cell.source) for cell in before.cells]
    [started] = [event for event in events_of(conversations) if isinstance(event, RunStarted)]
    assert started.agent == "Claude Code"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"code": "1", "notebook": "../a.ipynb"}, "is no notebook here"),
    ({"code": "1", "notebook": "/etc/passwd"}, "is no notebook here"),
    ({"code": "1", "notebook": "b.ipynb"}, "There is no notebook 'b.ipynb'"),
    ({"code": "1", "notebook": ""}, "No notebook is open"),
    ({"code": "1", "notebook": ["a.ipynb"]}, "string"),
    ({"code": "1", "notebook": "a.ipynb", "cell": True}, "Input should be a valid integer"),
    ({"notebook": "a.ipynb", "cell": "nowhere"}, "the notebook's outline shows them all"),
    ({"notebook": "a.ipynb", "cell": "title"}, "cannot be run"),
    ({"notebook": "a.ipynb"}, "Give the code to run"),
    ({"notebook": "a.ipynb", "code": "1", "after": "six", "before": "six"}, "either after or before"),
]


async def test_bad_arguments_get_a_sentence(agent: Agent, notebook: Path) -> None:
    before = nbformat.read(notebook, as_version=4)
    async with agent() as client:
        for arguments, said in BAD:
            result = await client.call_tool("run_cell", arguments)
            assert result.is_error
            assert said in text_of(result)
    assert nbformat.read(notebook, as_version=4) == before


async def test_a_markdown_cell_that_would_fetch_something_does_not_appear_where_nobody_sees_it(
    agent: Agent, notebook: Path
) -> None:
    async with agent() as client:
        text = "![plan](https://example.com/plan.png)"
        refused = await client.call_tool("write_text", {"notebook": "a.ipynb", "text": text})
    assert refused.is_error
    assert "open the notebook in JupyterLab" in text_of(refused)
    assert text not in [cell.source for cell in nbformat.read(notebook, as_version=4).cells]


async def test_a_notebook_whose_cells_have_no_ids_gets_them(agent: Agent, notebook: Path) -> None:
    old = nbformat.read(notebook, as_version=4)
    old.nbformat_minor = 4
    for cell in old.cells:
        del cell["id"]
    nbformat.write(old, notebook)
    async with agent() as client:
        opened = text_of(await client.call_tool("open_notebook", {"notebook": "a.ipynb"}))
        [cell] = [line.split("cell=")[1].split()[0] for line in opened.splitlines() if "x = 6" in line]
        ran = await client.call_tool("run_cell", {"notebook": "a.ipynb", "cell": cell})
        assert not ran.is_error, text_of(ran)
    written = nbformat.read(notebook, as_version=4)
    nbformat.validate(written)
    assert written.cells[1].execution_count == 1


async def test_a_message_that_is_too_large_is_refused(address: str, jp_serverapp: Any) -> None:
    headers = {
        "Authorization": f"token {jp_serverapp.identity_provider.token}",
        "Accept": "application/json, text/event-stream",
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "y" * 5_000_000}}
    async with httpx2.AsyncClient(headers=headers) as http:
        answer = await http.post(address, json=message)
    assert answer.status_code == 413


def test_without_the_sdk_a_client_is_told_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None\nfrom jupyter_server.serverapp import main; main()"
    port = free_port()
    command = [
        *(sys.executable, "-c", code, f"--port={port}", "--port-retries=0", "--no-browser", "--allow-root"),
        *("--IdentityProvider.token=t", f"--ServerApp.root_dir={tmp_path}"),
        "--ServerApp.jpserver_extensions=jupyter_codeact=True",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            await_server(f"http://127.0.0.1:{port}/api/status?token=t", process, str)
            url, headers = f"http://127.0.0.1:{port}/codeact/mcp", {"Authorization": "token t"}
            answer = httpx2.post(url, json={}, headers=headers, timeout=60)
        finally:
            process.terminate()
    assert answer.status_code == 501
    assert "pip install 'jupyter-codeact[mcp]'" in answer.json()["message"]


async def test_long_and_drawn_outputs_are_cut_and_shown(agent: Agent, notebook: Path) -> None:
    draw = (
        "from IPython.display import Image, display\n"
        "import base64\n"
        "display(Image(base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=')))\n"
        "print('y' * 10_000_000)"
    )
    async with agent() as client:
        result = await client.call_tool("run_cell", {"notebook": "a.ipynb", "code": draw})
    assert [part.type for part in result.content] == ["text", "image"]
    assert len(text_of(result)) < 30_000
    assert "characters" in text_of(result)
    assert not result.is_error


async def test_a_file_that_is_no_notebook_is_named_with_the_reason(agent: Agent, notebook: Path) -> None:
    (notebook.parent / "broken.ipynb").write_text("{")
    async with agent() as client:
        broken = await client.call_tool("read_notebook", {"notebook": "broken.ipynb"})
        assert "'broken.ipynb' cannot be opened: Unreadable Notebook" in text_of(broken)


async def test_an_error_that_nobody_foresaw_reaches_the_client_in_its_own_words() -> None:
    @reported
    async def tool() -> CallToolResult:
        raise OSError(5, "Input/output error")

    result = await tool()
    assert result.is_error
    assert "OSError: [Errno 5] Input/output error" in text_of(result)


async def test_an_agent_interrupts_its_own_cell_and_no_other(
    agent: Agent, notebook: Path, conversations: Conversations
) -> None:
    code = "import time\nopen('begun', 'w').close()\ntime.sleep(600)"
    arguments = {"notebook": "a.ipynb"}
    async with agent("Codex", "2026-07-28", "1") as codex, agent("Codex", "2026-07-28", "2") as twin:
        nothing = await codex.call_tool("interrupt_kernel", arguments)
        assert "No cell of yours runs" in text_of(nothing)
        call = asyncio.ensure_future(codex.call_tool("run_cell", {**arguments, "code": code}))
        await until(lambda: (notebook.parent / "begun").exists())
        for tool in ("interrupt_kernel", "undo"):
            other = await twin.call_tool(tool, arguments)
            assert "Codex is at work in a.ipynb" in text_of(other)
        assert not (await codex.call_tool("interrupt_kernel", arguments)).is_error
        assert facts_of(await call)["status"] == "interrupted"
    [noted] = [event for event in events_of(conversations) if event.type == "notebook_read"]
    assert noted.message == "Interrupted the cell."


async def test_of_two_agents_that_begin_at_once_each_works_or_is_told_who_does(
    agent: Agent, notebook: Path
) -> None:
    arguments = {"notebook": "a.ipynb", "code": "1"}
    async with agent("Codex") as codex, agent("Claude Code") as claude:
        await codex.call_tool("open_notebook", {"notebook": "a.ipynb"})
        for _ in range(5):
            results = await asyncio.gather(
                *(each.call_tool("run_cell", arguments) for each in (codex, claude))
            )
            assert all(not one.is_error or "is at work" in text_of(one) for one in results)


async def test_a_check_is_in_the_record(agent: Agent, notebook: Path, conversations: Conversations) -> None:
    async with agent() as client:
        checked = await client.call_tool("check_notebook", {"notebook": "a.ipynb"})
        assert "The notebook" in text_of(checked)
    started, noted = (
        next(event for event in events_of(conversations) if event.type == kind)
        for kind in ("run_started", "notebook_read")
    )
    assert (started.agent, noted.message) == ("Claude Code", "Checked whether the notebook reproduces.")


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_cancelling_a_call_interrupts_the_kernel(
    agent: Agent, notebook: Path, conversations: Conversations, mode: str
) -> None:
    code = "import time\nprint('begun', flush=True)\nopen('begun', 'w').close()\ntime.sleep(600)"
    async with agent("Claude Code", mode) as client:
        call = asyncio.ensure_future(client.call_tool("run_cell", {"notebook": "a.ipynb", "code": code}))
        await until(lambda: (notebook.parent / "begun").exists())
        call.cancel()
        await asyncio.wait({call})
        ran = await client.call_tool("run_cell", {"notebook": "a.ipynb", "code": "1 + 1"})
        assert not ran.is_error, text_of(ran)
    executed = [event for event in events_of(conversations) if event.type == "executed"]
    assert executed[0].status == "interrupted"
    assert executed[0].outputs[0]["text"] == "begun\n"
    [ended] = [event for event in events_of(conversations) if event.type == "run_ended"][:1]
    assert ended.message == "Claude Code cancelled its call."


async def test_our_own_agent_does_a_task(
    agent: Agent, notebook: Path, conversations: Conversations, model: ScriptedModel
) -> None:
    model.script(["```python\nprint(6 * 7)\n```", "It is 42."])
    async with agent() as client:
        result = await client.call_tool("ask", {"notebook": "a.ipynb", "task": "Multiply."})
    assert text_of(result) == "It is 42."
    assert nbformat.read(notebook, as_version=4).cells[-1].outputs[0].text == "42\n"
    [started] = [event for event in events_of(conversations) if isinstance(event, RunStarted)]
    assert (started.agent, started.asked_by, started.task) == (None, "Claude Code", "Multiply.")
