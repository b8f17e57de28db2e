"""The MCP servers of a notebook, as the user meets them in the panel."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.mcp.demo_kernel import demo
from tests.scripted import ScriptedModel
from tests.ui.conftest import Open
from tests.ui.lab import Lab


def test_a_file_beside_the_notebook_is_confirmed_before_its_servers_are_used(
    lab: Lab, served: ScriptedModel, open_notebook: Open
) -> None:
    (lab.root / "served").mkdir()
    (lab.root / "served" / ".mcp.json").write_text(json.dumps({"mcpServers": {"demo": demo()}}))
    lab.write("served/tools.ipynb", "x = 1")
    page = open_notebook("served/tools.ipynb")
    page.open_panel()
    panel = page.page.get_by_role("region", name="CodeAct")
    proposal = panel.get_by_role("region", name="MCP servers to confirm")
    expect(proposal).to_contain_text("demo_server.py")
    proposal.get_by_role("button", name="Use Them").click()
    expect(proposal).to_have_count(0)
    served.script(["```python\nprint([demo.add(n) for n in range(3)])\n```", "They are 1, 2 and 3."])
    page.ask("Add them.")
    expect(page.conversation).to_contain_text("They are 1, 2 and 3.")
    expect(page.conversation).to_contain_text("[1, 2, 3]")
    panel.get_by_text("1 MCP server").click()
    expect(panel.get_by_text("from .mcp.json, 13 functions, 2 that you are asked about")).to_be_visible()
