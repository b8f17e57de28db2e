"""A trajectory is what the model saw, with what ran, and a weight for each reply."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_codeact.agent import prompts
from jupyter_codeact.agent.events import ApprovalRequested, HistoryCompacted, ModelDescribed, RunUndone
from jupyter_codeact.agent.gate.gate import ApprovalGate, Decision, decision
from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.agent.replies.reply import CodeAction
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from jupyter_codeact.training.trajectories import Trajectory, trajectories
from tests.agent.bench import Bench, block


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    journal = SqliteJournal(None)
    async with HeadlessNotebook(None, tmp_path / "test.ipynb", folder=tmp_path) as notebook:
        yield Bench(notebook, journal)
    journal.close()


def of(bench: Bench) -> list[Trajectory]:
    return trajectories(list(bench.journal.events(bench.conversation)))


def weights(trajectory: Trajectory) -> list[float | None]:
    return [message.weight for message in trajectory.messages if message.role == "assistant"]


def replies(trajectory: Trajectory) -> list[str]:
    return [message.content for message in trajectory.messages if message.role == "assistant"]


async def test_a_trajectory_is_what_the_model_was_sent_and_what_it_replied(bench: Bench) -> None:
    await bench.run(block("total = 2 + missing"), block("total = 2 + 3", "total"), "It is 5.")
    await bench.run(block("total * 2"), "It is 10.", task="And twice that?")
    [found] = of(bench)
    seen = [{"role": one.role, "content": one.content} for one in found.messages]
    assert seen == [*bench.model.requests[-1], {"role": "assistant", "content": "It is 10."}]
    assert weights(found) == [0, 1, 1, 1, 1]
    assert (found.turns, found.errors, found.recovered) == (5, 1, True)


async def test_a_cell_that_a_hook_corrected_is_in_the_reply_as_it_ran(bench: Bench) -> None:
    wrong = block("import math", "total = math.sqrt(sixteen)")
    repaired = "total = math.sqrt(16)\ntotal"  # the import is lost, and the hook brings it back
    await bench.run(wrong, block(repaired), "It is 4.0.")
    [found] = of(bench)
    assert "import math\n\ntotal = math.sqrt(16)\ntotal" in replies(found)[1]
    assert replies(found)[1].startswith("I will do it.\n\n```python\n")


async def test_a_cell_that_the_user_edited_is_in_the_reply_as_it_ran(bench: Bench) -> None:
    async def edit(requested: ApprovalRequested, source: str) -> Decision:
        return decision(source.replace("2 + 2", "2 + 3"), allowed=True)

    await bench.run(block("print(2 + 2)"), "It is 5.", gate=ApprovalGate(lambda: "always", edit))
    [found] = of(bench)
    assert replies(found)[0] == block("print(2 + 3)")
    assert "changed your cell" in str(bench.model.requests[1]), "the model was told of it"
    assert not any("changed your cell" in message.content for message in found.messages)
    assert weights(found) == [1, 1]


async def test_a_refused_cell_and_a_rejected_answer_are_only_context(bench: Bench) -> None:
    async def refuse(requested: ApprovalRequested, source: str) -> Decision:
        return decision(source, allowed=False)

    await bench.run(
        block("print(1)"), "It is 12345.", "I cannot tell.", gate=ApprovalGate(lambda: "always", refuse)
    )
    [found] = of(bench)
    assert replies(found) == [block("print(1)"), "It is 12345.", "I cannot tell."]
    assert weights(found) == [0, 0, 1]
    assert found.rejected == 1


async def test_a_reply_that_broke_off_in_its_code_is_only_context(bench: Bench) -> None:
    await bench.run("```python\nprint('one'\nprint(", block("print('one')"), "It says one.")
    [found] = of(bench)
    assert weights(found) == [0, 1, 1]
    assert prompts.CUT_OFF in found.messages[3].content


async def test_a_failed_shell_command_and_a_failed_call_are_only_context(bench: Bench) -> None:
    call = block('notebook.read("nowhere")')
    await bench.run(block("!exit 3"), call, block("print('one')"), "It says one.")
    [found] = of(bench)
    assert weights(found) == [0, 0, 1, 1]


async def test_what_a_summary_repeats_is_learnt_once(bench: Bench) -> None:
    await bench.run(block("one = 1", "one"), "It is 1.")
    events = list(bench.journal.events(bench.conversation))
    last = events[-1]
    bench.journal.append(HistoryCompacted(conversation=last.conversation, run=last.run, turn=last.turn))
    await bench.run(block("two = 2", "two"), "It is 2.", task="And two?")
    before, after = of(bench)
    assert sum(map(bool, weights(before) + weights(after))) == 4, "each reply once"
    assert before.messages[-1].content == "It is 1."
    assert "It is 2." in replies(after)
    seen = [{"role": one.role, "content": one.content} for one in after.messages]
    assert seen == [*bench.model.requests[-1], {"role": "assistant", "content": "It is 2."}]


async def test_another_system_prompt_begins_another_trajectory(bench: Bench) -> None:
    await bench.run(block("one = 1", "one"), "It is 1.")
    await bench.run(block("two = 2", "two"), "It is 2.", task="And two?", guidance="capable")
    small, capable = of(bench)
    described = [
        event for event in bench.journal.events(bench.conversation) if isinstance(event, ModelDescribed)
    ]
    assert [small.messages[0].content, capable.messages[0].content] == [event.system for event in described]
    assert weights(small) == [1, 1]
    assert small.messages[-1].content == "It is 1."
    assert weights(capable) == [0, 0, 1, 1]


async def test_what_the_user_undid_or_asked_again_is_not_learnt(bench: Bench) -> None:
    first = await bench.run(block("one = 1", "one"), "It is 1.")
    second = await bench.run(block("two = 2", "two"), "It is 2.", inputs={"replaces": first.run})
    bench.journal.append(RunUndone(conversation=bench.conversation, run=second.run))
    [found] = of(bench)
    assert replies(found) == [block("two = 2", "two"), "It is 2."]
    assert weights(found) == [0, 0]


@pytest.mark.parametrize("name", ["execute", "tools"])
async def test_what_ran_is_written_in_the_format_of_the_conversation(bench: Bench, name: str) -> None:
    async def edit(requested: ApprovalRequested, source: str) -> Decision:
        return decision("print(2 + 3)", allowed=True)

    wanted = FORMATS[name].write(CodeAction("print(2 + 2)"))
    await bench.run(
        f"One moment.\n\n{wanted}",
        "It is 5.",
        gate=ApprovalGate(lambda: "always", edit),
        action_format=FORMATS[name],
    )
    [found] = of(bench)
    assert replies(found)[0] == f"One moment.\n\n{FORMATS[name].write(CodeAction('print(2 + 3)'))}"
