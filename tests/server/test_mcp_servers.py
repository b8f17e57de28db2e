"""MCP servers of a notebook in a page: functions in the kernel, the gate, and the file that proposes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.mcp.demo_kernel import demo
from tests.scripted import ScriptedModel
from tests.server.mcp_client import Agent, address, agent, notebook, text_of  # noqa: F401
from tests.server.page import Connect, ScriptedPage


def cell(source: str) -> str:
    return f"```python\n{source}\n```"


@pytest.fixture
def codeact_config(
    model: ScriptedModel, journal_path: Path, tmp_path: Path, monkeypatch: Any
) -> dict[str, Any]:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "confirmed"))
    return {"endpoint": model.url, "journal": str(journal_path), "mcp_servers": {"demo": demo()}}


@pytest.fixture
def lab_settings(tmp_path: Path) -> Path:
    """Return the folder where the server's JupyterLab keeps the user's settings."""
    return tmp_path / "lab settings"


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any], lab_settings: Path) -> dict[str, Any]:
    jp_server_config["ServerApp"]["jpserver_extensions"]["jupyterlab"] = True
    return {**jp_server_config, "LabApp": {"user_settings_dir": str(lab_settings)}}


async def test_the_model_calls_a_server_and_the_user_is_asked_about_what_destroys(
    page: ScriptedPage, model: ScriptedModel, tmp_path: Path
) -> None:
    old, kept = tmp_path / "old.txt", tmp_path / "kept.txt"
    old.touch()
    kept.touch()
    delete = f"demo.delete({str(old)!r})"
    hidden = f"[f for n, f in sorted(vars(demo).items()) if n[:3] == 'del'][0]({str(kept)!r})"
    counting = "print('sum', sum(demo.add(n) for n in range(3)), 'in', demo.process())"
    model.script([cell(counting), cell(delete), cell(hidden), "Done."])
    await page.ask()
    asked = await page.hears("approval_requested")
    assert asked["reasons"] == [
        "calls a tool of an MCP server that may change or delete something (demo.delete)"
    ]
    assert old.exists()
    told, counted = (str(request["messages"][-1]["content"]) for request in model.requests[:2])
    assert "- demo.add(a: int, b: int = 1) -> int: Add two numbers.\n" in told
    assert "sum 6 in " in counted
    server = psutil.Process(int(counted.split("sum 6 in ")[1].split()[0]))
    assert server.is_running()
    await page.resolve(asked, delete)
    assert (await page.end())["answer"] == "Done."
    assert (old.exists(), kept.exists()) == (False, True)
    assert "demo.delete(): it may change or delete something" in model.requests[3]["messages"][-1]["content"]
    [shown] = (await page.hears("server_list", after=3))["servers"]
    assert (shown["module"], shown["origin"], shown["problem"]) == ("demo", "configuration", "")
    assert shown["destructive"] == ["delete", "touch"]


async def test_the_user_is_asked_about_another_agents_call_of_what_destroys(
    page: ScriptedPage, model: ScriptedModel, tmp_path: Path, agent: Agent, notebook: Path
) -> None:
    old, kept = tmp_path / "old.txt", tmp_path / "kept.txt"
    old.touch()
    kept.touch()
    model.script(["Hello."])
    await page.ask("Say hello.")  # from now on the kernel has the functions
    await page.end()
    delete = f"demo.delete({str(old)!r})"
    hidden = f"[f for n, f in sorted(vars(demo).items()) if n[:3] == 'del'][0]({str(kept)!r})"
    async with agent("Codex") as client:
        call = asyncio.ensure_future(client.call_tool("run_cell", {"notebook": "a.ipynb", "code": delete}))
        asked = await page.hears("approval_requested")
        assert "may change or delete something (demo.delete)" in asked["reasons"][0]
        await page.resolve(asked, delete)
        assert not (await call).is_error
        assert "nobody could be asked" in text_of(await client.call_tool("run_cell", {"code": hidden}))
    assert (old.exists(), kept.exists()) == (False, True)


async def test_the_servers_of_a_notebook_end_when_it_is_deleted(
    page: ScriptedPage, model: ScriptedModel, notebook: Path, jp_fetch: Any
) -> None:
    model.script([cell("print('in', demo.process())"), "Done."])
    await page.ask()
    await page.end()
    told = str(model.requests[1]["messages"][-1]["content"])
    server = psutil.Process(int(told.split("in ")[-1].split()[0]))
    assert server.is_running()
    await jp_fetch("api", "contents", "a.ipynb", method="DELETE")
    await asyncio.to_thread(server.wait, 60)


async def test_a_kernel_does_not_get_what_the_settings_give_to_a_server(
    connect: Connect,
    jp_fetch: Any,
    model: ScriptedModel,
    lab_settings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "of-the-server-alone")
    servers = {"shop": demo("--token", "w7-qq-x9", env={"WORD": "${SHOP_TOKEN}"})}
    file = lab_settings / "jupyter-codeact" / "settings.jupyterlab-settings"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"mcpServers": servers}))
    body = json.dumps({"path": "a.ipynb", "name": "a", "type": "notebook", "kernel": {"name": "python3"}})
    started = await jp_fetch("api", "sessions", method="POST", body=body)
    page = await connect()
    await page.open("a.ipynb", json.loads(started.body)["kernel"]["id"])
    model.script(
        [cell("import os\nprint('SHOP_TOKEN' in os.environ, len(shop.environment('WORD')))"), "Done."]
    )
    await page.ask()
    await page.end()
    assert "False 19" in str(model.requests[1]["messages"][-1]["content"])
    shown = (await page.hears("server_list"))["servers"]
    assert [one["name"] for one in shown] == ["demo", "shop"]
    assert "--token [token hidden]" in shown[1]["what"]


async def test_a_file_beside_the_notebook_starts_nothing_before_the_user_confirms_it(
    page: ScriptedPage, model: ScriptedModel, jp_root_dir: Path
) -> None:
    file = jp_root_dir / ".mcp.json"
    file.write_text(json.dumps({"mcpServers": {"more": demo()}}))
    model.script([cell("print('more' in globals(), demo.add(1))"), "First."])
    await page.ask()
    await page.end()
    assert "False 2" in model.requests[1]["messages"][-1]["content"]
    proposal = (await page.hears("server_list", after=3))["proposal"]
    assert (proposal["file"], list(proposal["servers"])) == (".mcp.json", ["more"])
    file.write_text(json.dumps({"mcpServers": {"more": demo(timeout=9)}}))
    refused = await page.refused("confirm_servers", digest=proposal["digest"])
    assert refused == ".mcp.json was changed meanwhile. Look at it again."
    file.write_text(json.dumps({"mcpServers": {"more": demo()}}))
    before = len(page.heard)
    await page.request("confirm_servers", digest=proposal["digest"])
    confirmed = await page.hears("server_list", after=before)
    assert ([one["name"] for one in confirmed["servers"]], confirmed["proposal"]) == (["demo", "more"], None)
    model.script([cell("print(more.add(20), demo.add(1))"), "Second."])
    before = len(page.heard)
    await page.ask()
    assert (await page.end(after=before))["answer"] == "Second."
    assert "21 2" in model.requests[-1]["messages"][-1]["content"]
