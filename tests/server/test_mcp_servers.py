"""MCP servers of a notebook in a page: their functions in the kernel, the gate, and the file that proposes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.scripted import ScriptedModel
from tests.server.page import ScriptedPage

SERVER = str(Path(__file__).parent.parent / "mcp" / "demo_server.py")
DEMO = {"command": sys.executable, "args": [SERVER]}


def cell(source: str) -> str:
    return f"```python\n{source}\n```"


@pytest.fixture
def codeact_config(model: ScriptedModel, journal_path: Path) -> dict[str, Any]:
    return {"endpoint": model.url, "journal": str(journal_path), "mcp_servers": {"demo": DEMO}}


async def test_the_model_calls_a_server_and_the_user_is_asked_about_what_destroys(
    page: ScriptedPage, model: ScriptedModel, tmp_path: Path
) -> None:
    (tmp_path / "old.txt").touch()
    delete = f"demo.delete({str(tmp_path / 'old.txt')!r})"
    hidden = f"f = [v for k, v in vars(demo).items() if k == 'dele' + 'te'][0]; f({str(tmp_path)!r})"
    model.script(
        [
            cell("print(sum(demo.add(n) for n in range(3)), demo.process())"),
            cell(delete),
            cell(hidden),
            "Done.",
        ]
    )
    await page.ask()
    asked = await page.hears("approval_requested")
    assert asked["reasons"] == [
        "calls a tool of an MCP server that may change or delete something (demo.delete)"
    ]
    counted = model.requests[1]["messages"][-1]["content"]
    assert (
        "- demo.add(a: int, b: int = 1) -> int: Add two numbers.\n"
        in model.requests[0]["messages"][-1]["content"]
    )
    assert "\n6 " in counted
    server = psutil.Process(int(counted.split("\n6 ")[1].split()[0]))
    assert server.is_running()
    assert (tmp_path / "old.txt").exists()
    await page.resolve(asked, delete)
    while True:  # the gate may also ask about the third cell, which hides what it calls
        done, _ = await asyncio.wait(
            [
                asyncio.ensure_future(page.end()),
                asyncio.ensure_future(page.hears("approval_requested", after=len(page.heard))),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        break
    assert not (tmp_path / "old.txt").exists()
    print(page.types(), [m["messages"][-1]["content"] for m in model.requests])
