"""The loop with the user's cells, with approvals, and with endpoints' function calls."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from jupyter_codeact.agent.events import ApprovalRequested
from jupyter_codeact.agent.gate.gate import ApprovalGate, Decision, decision
from jupyter_codeact.agent.gate.setting import Approval
from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.agent.bench import Bench, block


async def test_a_users_cell_is_recorded_completely_before_its_first_change(bench: Bench) -> None:
    theirs = await bench.notebook.write_cell("x = one")
    await bench.notebook.run_cell(theirs, source="x = one")
    before = await bench.notebook.read_cell(theirs)
    named = f"```python cell={theirs[:4]}\nx = 1\nx / 0\n```"
    await bench.run(named, block("x = 2"), block("print(x)"), "It is 2.")
    written = bench.events("cell_written")
    assert [event.before for event in written] == [before, None, None]
    assert [event.rewritten for event in written] == [True, True, False]
    assert await bench.cells() == ["x = 2", "print(x)"]
    assert f"cell={theirs[:4]}" in bench.last_message(0)


async def test_a_protected_cell_is_never_changed_and_the_model_is_told(tmp_path: Path) -> None:
    cells = [new_code_cell("secret = 1", metadata={"codeact": {"protected": True}}, id="abcd1234")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "in.ipynb")
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    async with HeadlessNotebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb") as notebook:
        bench = Bench(notebook, journal)
        refused = "```python cell=abcd\nsecret = 2\n```"
        end = await bench.run(refused, block("other = 2"), "Done.")
        assert end.ending == "answered"
        assert "protected by the user" in bench.last_message(0)
        assert "The user protects cell=abcd" in bench.last_message(1)
        assert await bench.cells() == ["secret = 1", "other = 2"]
        assert len(bench.events("cell_written")) == 1
    journal.close()


async def test_a_task_about_a_cell_rewrites_it_though_the_model_looks_first(
    bench: Bench,
) -> None:
    broken = await bench.notebook.write_cell("print(sum(prices))")
    await bench.notebook.run_cell(broken, source="print(sum(prices))")
    below = await bench.notebook.write_cell("'below'")
    await bench.run(
        *(block("prices"), block("price = [2, 3]\nprice"), block("print(sum(price))"), "It works now."),
        inputs={"target": broken},
    )
    assert await bench.cells() == ["price = [2, 3]\nprice", "print(sum(price))", "'below'"]
    assert f"Your code replaces cell={broken[:4]}" in bench.last_message(0)
    [started] = bench.events("run_started")
    assert started.target == broken
    assert {event.cell_id for event in bench.events("cell_written")[:2]} == {broken}
    await bench.run("```python after=" + below[:4] + "\n1 + 1\n```", "Two.", inputs={"target": broken})
    assert (await bench.cells())[-1] == "1 + 1"


async def test_a_run_that_begins_at_an_empty_cell_writes_into_it_unless_the_user_has(bench: Bench) -> None:
    empty = await bench.notebook.write_cell("")
    await bench.run(
        "First a title.\n\n```markdown\n# Sums\n```\n\n" + block("1 + 1"), "Two.", inputs={"below": empty}
    )
    assert await bench.cells() == ["# Sums", "1 + 1"]
    assert bench.events("cell_written")[0].before["source"] == ""
    empty = await bench.notebook.write_cell("")

    async def as_the_user_writes() -> str:
        await bench.notebook.write_cell("mine", cell_id=empty)
        return block("2 + 2")

    await bench.run(as_the_user_writes, "Four.", inputs={"below": empty})
    assert await bench.cells() == ["# Sums", "1 + 1", "mine", "2 + 2"]


class User:
    """Answers the gate from a script, and records its requests."""

    def __init__(self, *answers: bool) -> None:
        self.answers, self.requests, self.sources = list(answers), [], []

    async def __call__(self, requested: ApprovalRequested, source: str) -> Decision:
        self.requests.append(requested)
        self.sources.append(source)
        return decision(source, allowed=self.answers.pop(0), reasons=["no"])


@pytest.mark.parametrize(("approval", "count"), [("never", 0), ("risky", 1), ("always", 2)])
async def test_the_approval_says_which_cells_wait_for_the_user(
    bench: Bench, approval: Approval, count: int
) -> None:
    user = User(True, True)
    gate = ApprovalGate(lambda: approval, user)
    end = await bench.run(block("print(1)"), block("import os", "os.remove('gone')"), "Done.", gate=gate)
    assert end.ending == "answered"
    assert len(user.requests) == count
    assert [reason for request in user.requests for reason in request.reasons] == (
        ["deletes files (os.remove)"] * (count > 0)
    )


async def test_the_user_can_change_the_approval_during_a_run(bench: Bench) -> None:
    user, approvals = User(True), iter(["always", "never", "never"])
    await bench.run(block("1"), block("2"), "Done.", gate=ApprovalGate(lambda: next(approvals), user))
    assert user.sources == ["1"]


async def test_a_cell_that_the_user_refuses_does_not_run_and_is_rewritten(bench: Bench) -> None:
    gate = ApprovalGate(lambda: "always", User(False, True))
    await bench.run(block("print('first')"), block("print('second')"), "Done.", gate=gate)
    assert "did not let this cell run (no)" in bench.last_message(1)
    assert await bench.cells() == ["print('second')"]
    assert len(bench.events("executed")) == 1


async def test_the_model_is_told_what_ran_if_the_user_edited_its_cell(bench: Bench) -> None:
    async def edit(_requested: ApprovalRequested, _source: str) -> Decision:
        return decision("print('mine')", allowed=True)

    await bench.run(block("print('yours')"), "Done.", gate=ApprovalGate(lambda: "always", edit))
    assert "The user changed your cell before it ran. This is what ran:\n```python\nprint('mine')\n```" in (
        bench.last_message(1)
    )


async def test_an_approval_of_different_code_does_not_count(bench: Bench) -> None:
    async def confused(_requested: ApprovalRequested, _source: str) -> Decision:
        return decision("print(1)", allowed=True).model_copy(update={"source": "print(2)"})

    await bench.run(block("print(0)"), "Done.", gate=ApprovalGate(lambda: "always", confused))
    assert bench.events("executed") == []
    assert [event.allowed for event in bench.events("approval_resolved")] == [False]


async def test_an_endpoint_with_function_calling_gets_the_function_and_past_calls(bench: Bench) -> None:
    tools = FORMATS["tools"]
    call = tools.render("python", json.dumps({"code": "print(6 * 7)"}))  # type: ignore[attr-defined]
    end = await bench.run(call, "It is 42.", action_format=tools)
    assert end.answer == "It is 42."
    assert bench.model.options[0]["tools"] == tools.tools
    assert [message["role"] for message in bench.model.requests[1]] == ["system", "user", "assistant", "tool"]
    assert "42" in bench.last_message(1)
    assert await bench.cells() == ["print(6 * 7)"]


async def test_the_agent_works_with_the_tags_of_the_codeactagent_models(bench: Bench) -> None:
    end = await bench.run(
        "<execute>\nprint(6 * 7)\n", "<solution>42</solution>", action_format=FORMATS["execute"]
    )
    assert end.answer == "42"
    assert bench.model.options[0]["stop"] == ("</execute>",)
    assert "<execute>" in bench.model.requests[0][0]["content"]


async def test_a_reply_records_the_time_of_its_first_token(bench: Bench) -> None:
    await bench.run("", "It is 5.")
    [reply] = bench.events("reply")
    assert 0 <= reply.first_token_seconds <= reply.seconds
