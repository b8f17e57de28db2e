"""The gate finds calls of destructive tools, whatever the cell calls them."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.contracts import Cell, NotebookState
from jupyter_codeact.agent.gate.gate import ApprovalGate, Decision, decision
from jupyter_codeact.agent.tool_servers import ToolServer

FILES = ToolServer(name="files", module="files", tools=["read", "write", "remove"], destructive=["write"])
REASON = "calls a tool of an MCP server that may change or delete something (files.write"


def gate(approval: str = "risky") -> ApprovalGate:
    async def ask(_requested: object, source: str) -> Decision:
        return decision(source, allowed=True)

    made = ApprovalGate(lambda: approval, ask)  # type: ignore[arg-type, return-value]
    made.know_servers([FILES])
    return made


@pytest.mark.parametrize(
    "source",
    [
        "files.write('a', 'b')",
        "for name in 'ab':\n    files.write(name, text=files.read(name))",
        "w = files.write\nw('a')",
        "from files import write\nwrite('a')",
        "import files as f\nf.write('a')",
        "getattr(files, 'write')('a')",
        "getattr(files, 'wr' + 'ite')('a')",
        "vars(files)['write']('a')",
        "list(map(files.write, ['a']))",
        "def save(x):\n    return files.write(x)\nsave('a')",
    ],
)
def test_a_cell_that_calls_a_destructive_tool_is_asked_about_and_may_call_it(source: str) -> None:
    asking = gate()
    judged = asking.judge(source, NotebookState())
    assert judged.verdict == "ask"
    assert any(reason.startswith(REASON) for reason in judged.reasons)
    asking.record(source)
    assert asking.allowed_tools() == {"files.write"}


@pytest.mark.parametrize("source", ["files.read('a')", "files.remove('a')", "write = 1\nfiles.read(write)"])
def test_a_harmless_tool_is_not_asked_about(source: str) -> None:
    asking = gate()
    assert asking.judge(source, NotebookState()).reasons == []
    asking.record(source)
    assert asking.allowed_tools() == frozenset()


def test_the_users_function_that_calls_a_tool_is_read_where_a_cell_calls_it() -> None:
    own = Cell(id="a", cell_type="code", source="def save(x): return files.write(x)", execution_count=1)
    asking = gate()
    assert asking.judge("save('a')", NotebookState(cells=[own])).reasons == [f"{REASON}, in save())"]
    assert asking.judge("2 + 2", NotebookState(cells=[own])).reasons == []


def test_where_nobody_is_ever_asked_all_tools_may_be_called() -> None:
    never = gate("never")
    assert never.judge("files.write('a')").verdict == "allow"
    never.record("files.write('a')")
    assert never.allowed_tools() is None
