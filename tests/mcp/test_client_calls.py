"""A tool of an MCP server is a function in a real kernel: values, errors, and servers that misbehave."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_codeact.mcp.client import connection
from tests.mcp.demo_kernel import SERVER, demo, served
from tests.ports import await_server, free_port
from tests.waiting import until


async def test_a_tool_is_a_function_with_a_signature_whose_result_is_a_value(tmp_path: Path) -> None:
    configured = {"demo": demo(), "time": demo("noisy"), "gone": {"command": "no-such-command"}}
    async with served(tmp_path, configured) as kernel:
        assert kernel.told["gone"].problem == (
            "the MCP server “gone” cannot be started: the command “no-such-command” was not found. "
            "Install it, or name its path"
        )
        assert (kernel.told["time"].module, kernel.told["time"].problem) == ("time_mcp", "")
        assert kernel.told["demo"].destructive == ["delete", "touch"]
        value = kernel.value
        assert await value("[demo.add(n) for n in range(3)] + [demo.add(5, b=6)]") == "[1, 2, 3, 11]"
        assert await value("demo.people('DE', most=1)") == "[{'name': 'P0', 'country': 'DE'}]"
        assert await value("(demo.read_note(), demo.read_note('x'))") == "('a note of none', 'a note of x')"
        assert await value("len(demo.text_of(10_000_000))") == "10000000"
        assert await value("time_mcp.add(1)") == "2"
        assert await value("__import__('demo').add(1)") == "2"
        assert await value("str(__import__('inspect').signature(demo.people))") == (
            "\"(country: Literal['DE', 'FR'], most: int = 2) -> list[dict]\""
        )
        assert (
            "country : Literal['DE', 'FR']\nmost : int, optional"
            in (await kernel.run("print(demo.people.__doc__)")).outputs[0]["text"]
        )
        assert await value("demo.fail('luck')") == "demo.fail(): Error executing tool fail: no luck here"
        assert await value("demo.add()") == "demo.add(): missing a required argument: 'a'"
        assert "validation error" in await value("demo.add('x')")
        shown = await kernel.run("pixel = demo.dot()\nprint(pixel[:4], pixel)")
        assert [output["output_type"] for output in shown.outputs] == ["display_data", "stream"]
        assert shown.outputs[0]["data"]["image/png"].startswith("iVBOR")
        assert shown.outputs[1]["text"] == "b'\\x89PNG' <image/png, 70 bytes>\n"
        assert await value("'jupyter_codeact' in __import__('sys').modules") == "False"
        state = await kernel.notebook.state()
        assert state.variables is not None
        assert [(one.name, one.type) for one in state.variables][:2] == [
            ("demo", "server"),
            ("time_mcp", "server"),
        ]


async def test_a_server_that_dies_or_hangs_costs_an_exception_and_is_started_again(tmp_path: Path) -> None:
    async with served(tmp_path, {"demo": demo(timeout=2), "slow": demo()}) as kernel:
        assert await kernel.value("demo.die()") == (
            "demo.die(): the MCP server “demo” has ended during the call. "
            "It said: out of memory, says the server"
        )
        assert await kernel.value("demo.add(1)") == "2"
        assert await kernel.value("demo.wait(60)") == (
            "demo.wait(): the MCP server “demo” did not answer within 2 s. "
            "Its “timeout” can be set where the server is named"
        )
        assert await kernel.value("demo.add(2)") == "3"
        marker, begun = tmp_path / "cancelled", tmp_path / "cancelled.begun"
        cell = await kernel.notebook.write_cell(source := f"slow.wait(60, {str(marker)!r})")
        running = asyncio.ensure_future(kernel.notebook.run_cell(cell, source=source))
        await until(begun.exists)
        await kernel.notebook.interrupt()
        assert (await running).status == "interrupted"
        await until(marker.exists)
        assert await kernel.value("slow.add(1)") == "2"


RAW = """
import json, sys
TOOLS = [{"name": "good", "inputSchema": {"type": "object"}}]
TOOLS += [{"name": "odd", "inputSchema": {"$schema": ["x"]}}]
TOOLS += [{"name": "bare", "inputSchema": {}}, {"inputSchema": 5}, 7, {"name": "good", "inputSchema": {}}]
for line in sys.stdin:
    request = json.loads(line)
    result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}
    result |= {"serverInfo": {"name": "raw", "version": "1"}}
    if request["method"] == "tools/list":
        result = {"tools": TOOLS}
    elif request["method"] == "tools/call":
        result = {"content": [{"type": "text", "text": request["params"]["name"]}]}
    answer = {"result": result}
    if request["method"] == "server/discover":
        answer = {"error": {"code": -32601, "message": "unknown"}}
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer}), flush=True)
"""


async def test_a_declaration_that_is_not_valid_costs_no_other_tool(tmp_path: Path) -> None:
    (tmp_path / "raw.py").write_text(RAW)
    configured = {"raw": {"command": sys.executable, "args": [str(tmp_path / "raw.py")]}}
    async with served(tmp_path, configured) as one:
        assert one.told["raw"].tools == ["good", "odd", "bare"]
        assert "odd: their JSON Schema is not readable" in one.told["raw"].problem
        assert "good: the server declares two tools of this name" in one.told["raw"].problem
        assert await one.value("[raw.good(), raw.odd(x=1), raw.bare()]") == "['good', 'odd', 'bare']"


async def test_a_server_that_never_says_anything_has_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 1.0)
    async with served(tmp_path, {"late": demo("late")}) as kernel:
        assert kernel.told["late"].problem == "the MCP server “late” did not answer within 1 s"


async def test_a_server_over_http_gets_its_header_and_the_kernel_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    command = [sys.executable, SERVER, "http", str(port)]
    process = await asyncio.to_thread(subprocess.Popen, command, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/mcp"
        await asyncio.to_thread(await_server, f"http://127.0.0.1:{port}/", process, lambda: "")
        monkeypatch.setenv("DEMO_TOKEN", "a-key-of-the-servers")
        key = {"Authorization": "Bearer ${DEMO_TOKEN}"}
        configured = {
            "web": {"type": "http", "url": url, "headers": key},
            "keyless": {"url": url},
            "unset": {"url": url, "headers": {"Authorization": "${NOT_SET_ANYWHERE}"}},
            "nowhere": {"url": f"http://127.0.0.1:{free_port()}/mcp", "headers": key},
        }
        async with served(tmp_path, configured) as kernel:
            assert await kernel.value("web.add(1)") == "2"
            assert kernel.told["keyless"].problem == (
                "the MCP server “keyless” cannot be reached: it answered 401 Unauthorized"
            )
            assert kernel.told["unset"].problem.endswith(
                "the environment variable NOT_SET_ANYWHERE is not set"
            )
            assert kernel.told["nowhere"].problem.startswith("the MCP server “nowhere” cannot be reached: ")
            process.kill()  # asked to end, it would wait for those who listen for changes
            process.wait()
            assert (await kernel.value("web.add(1)")).startswith("web.add(): the MCP server “web”")
    finally:
        process.kill()
        process.wait()


async def test_what_only_a_server_is_to_know_is_in_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_TOKEN", "of-the-server-alone")
    monkeypatch.setenv("DEMO_URL", "ftp://of-the-server-alone/mcp")
    says = ["-c", "import sys; sys.exit(f'no access with {sys.argv[1:]}')"]
    configured = {
        "demo": demo(env={"DEMO_KEY": "${DEMO_TOKEN}"}),
        "named": {"command": sys.executable, "args": [*says, "${DEMO_TOKEN}"]},
        "written": {
            "command": sys.executable,
            "args": [*says, "--api-key", "pa55-w0rd-x", "--password=7w3-qq"],
        },
        "wrong": {"url": "${DEMO_URL}"},
        "nowhere": {"url": "http://127.0.0.1:1/s/of-the-path-alone/mcp?key=${DEMO_TOKEN}"},
        "folder": {"command": "x", "cwd": "${DEMO_TOKEN}"},
    }
    async with served(tmp_path, configured) as kernel:
        problems = {name: told.problem for name, told in kernel.told.items()}
        assert await kernel.value("demo.fail('of-the-server-alone')") == (
            "demo.fail(): Error executing tool fail: no [DEMO_TOKEN hidden] here"
        )
    assert "no access with ['[DEMO_TOKEN hidden]']" in problems["named"]
    assert "['--api-key', '[api-key hidden]', '--password=[password hidden]']" in problems["written"]
    assert problems["wrong"].endswith(
        "it is not described right: url: String should match pattern '^(https?://|\\$\\{)'"
    )
    assert "nowhere" in problems["nowhere"]
    said = " ".join(problems.values())
    assert "alone" not in said
    assert "pa55" not in said


async def test_servers_end_with_the_kernel_and_with_the_process_that_started_them(tmp_path: Path) -> None:
    async with served(tmp_path, {"demo": demo()}) as kernel:
        server = psutil.Process(int(await kernel.value("demo.process()")))
        restarted = await kernel.run("import os; os._exit(1)")
        assert restarted.status == "dead"
        await asyncio.to_thread(server.wait, 60)
        assert (await kernel.run("1")).status == "ok"
        await kernel.define()
        again = psutil.Process(int(await kernel.value("demo.process()")))
    assert not again.is_running()
    program = (
        "import asyncio, sys; from pathlib import Path; from tests.mcp.demo_kernel import demo\n"
        "from jupyter_codeact.mcp.client.servers import McpServers\n"
        "from jupyter_codeact.mcp.client.configuration import read_servers\n"
        "servers = McpServers(read_servers({'late': demo('late')}, ''), Path('.'))\n"
        "asyncio.run(servers.connect())"
    )
    folder = Path(SERVER).parents[2]
    ours = await asyncio.to_thread(subprocess.Popen, [sys.executable, "-c", program], cwd=folder)

    def started() -> list[psutil.Process]:
        return [one for one in psutil.Process(ours.pid).children() if "late" in one.cmdline()]

    await until(started)
    [server] = started()
    ours.kill()
    ours.wait()
    if os.name == "posix" and sys.platform == "linux":  # it never reads its standard input
        await asyncio.to_thread(server.wait, 30)


async def test_an_agents_cell_may_not_call_what_the_gate_did_not_see(tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    file.touch()
    delete = f"demo.delete({str(file)!r})"
    async with served(tmp_path, {"demo": demo()}) as kernel:
        with kernel.servers.cell(frozenset()):
            assert await kernel.value(delete) == (
                "demo.delete(): it may change or delete something, and the check of this cell did not see "
                "that it calls it, so nobody could be asked. Call it by its name: demo.delete(…)"
            )
            assert file.exists()
            assert await kernel.value("demo.add(1)") == "2"
        assert await kernel.value(delete) == f"'deleted {file}'"
        assert not file.exists()
        await kernel.run(
            "inside = [cell.cell_contents for cell in demo.touch.__closure__]\n"
            "[one for one in inside if isinstance(one, dict) and 'tool' in one][0]['tool'] = 'unlisted'"
        )
        with kernel.servers.cell(frozenset()):
            refusal = await kernel.value(f"demo.touch({str(file)!r})")
        assert refusal == "demo.touch(): the MCP server “demo” has no tool “unlisted” now"
        assert not file.exists()


@pytest.mark.parametrize("kind", ["new", "old"])
async def test_tools_that_change_are_new_functions_and_one_that_is_gone_says_so(
    tmp_path: Path, kind: str
) -> None:
    async with served(tmp_path, {"demo": demo(kind)}) as kernel:
        await kernel.run("import os\nbefore = demo.text_of")
        assert not kernel.servers.changed
        assert await kernel.value("demo.change()") == "'changed'"
        await until(lambda: kernel.servers.changed)
        with kernel.servers.cell(frozenset()):
            assert "Call it by its name: demo.environment" in await kernel.value("demo.environment('HOME')")
        await kernel.define()
        assert not kernel.servers.changed
        assert await kernel.value("demo.double(21)") == "42"
        gone = "demo.text_of(): the MCP server “demo” has no tool “text_of” now"
        assert await kernel.value("demo.text_of(1)") == gone
        assert await kernel.value("before(1)") == gone
        assert kernel.told["demo"].destructive == ["delete", "touch", "environment"]
