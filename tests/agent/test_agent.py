"""The loop, with a scripted model and a real notebook and kernel."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.agent.events import ApprovalRequested
from jupyter_codeact.agent.gate.gate import Decision, Judgement, decision, digest
from jupyter_codeact.agent.run import Budget
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks import headless
from jupyter_codeact.notebooks.headless import HeadlessNotebook
from tests.agent.bench import Bench, block
from tests.waiting import until

ENDLESS = "while True: pass"


async def test_an_action_runs_its_output_is_observed_and_the_answer_ends_the_run(bench: Bench) -> None:
    end = await bench.run(block("x = 6 * 7", "print(x)"), "It is 42.")
    assert (end.ending, end.answer, end.turns) == ("answered", "It is 42.", 2)
    assert bench.kinds() == [
        *("run_started", "observation"),
        *("reply", "action", "cell_written", "approval_resolved", "executed", "observation"),
        *("reply", "run_ended"),
    ]
    assert "42" in bench.model.requests[1][-1]["content"]
    assert await bench.cells() == ["x = 6 * 7\nprint(x)"]


async def test_a_failed_cell_is_rewritten_in_place_and_the_journal_keeps_every_attempt(
    bench: Bench,
) -> None:
    end = await bench.run(block("print(valu)"), block("value = 1", "print(value)"), "Done: 1.")
    assert end.ending == "answered"
    assert await bench.cells() == ["value = 1\nprint(value)"]
    sources = [event.source for event in bench.journal.events(bench.conversation) if event.type == "action"]
    assert sources == ["print(valu)", "value = 1\nprint(value)"]
    assert "NameError" in bench.model.requests[1][-1]["content"]


async def test_generation_ends_at_the_closing_fence(bench: Bench) -> None:
    invented = block("print(1)") + "\n\nOutput:\n```\n987654\n```\nThe answer is 987654." * 20
    await bench.run(invented, "It is 1.")
    replies = [event.text for event in bench.journal.events(bench.conversation) if event.type == "reply"]
    assert replies[0] == block("print(1)")
    assert "987654" not in str(bench.model.requests[1])
    first = bench.seen.index(next(event for event in bench.seen if event.type == "reply"))
    deltas = [event for event in bench.seen[:first] if event.type == "reply_delta"]
    assert "".join(delta.prose for delta in deltas) == "I will do it."
    assert "".join(delta.action for delta in deltas) == "print(1)"


async def test_messages_only_grow_and_roles_alternate(bench: Bench) -> None:
    await bench.run(block("1 + 1"), block("2 + 2"), "4.")
    await bench.run(block("3 + 3"), "6.", task="And more?")
    requests = bench.model.requests
    for before, after in pairwise(requests):
        assert after[: len(before)] == before
    assert [message["role"] for message in requests[-1]] == ["system"] + ["user", "assistant"] * 4 + ["user"]
    assert "And more?" in requests[0][-1]["content"]


async def test_every_event_but_reply_deltas_is_recorded(bench: Bench) -> None:
    await bench.run(block("1"), "One.")
    kept = list(bench.journal.events(bench.conversation))
    assert [event for event in bench.seen if event.type != "reply_delta"] == kept
    assert any(event.type == "reply_delta" for event in bench.seen)


async def test_a_run_ends_after_its_last_turn_which_is_announced(bench: Bench) -> None:
    end = await bench.run(*(block(f"print({n})") for n in range(5)), budget=Budget(turns=3))
    assert (end.ending, end.turns) == ("out_of_turns", 3)
    assert "last turn" in bench.model.requests[2][-1]["content"]
    assert "last turn" not in bench.model.requests[1][-1]["content"]


async def test_a_run_ends_when_its_tokens_are_used_up(bench: Bench) -> None:
    end = await bench.run(*(block(f"print({n})") for n in range(5)), budget=Budget(tokens=50))
    assert (end.ending, end.turns) == ("out_of_tokens", 1)


async def test_a_run_ends_and_its_cell_is_interrupted_when_time_is_up(bench: Bench) -> None:
    end = await bench.run(block("print('begun', flush=True)", ENDLESS), budget=Budget(seconds=3))
    assert end.ending == "out_of_time"
    executed = next(event for event in bench.seen if event.type == "executed")
    assert executed.status == "interrupted"
    assert "begun" in str(executed.outputs)


async def test_a_cell_that_is_deaf_to_interrupts_has_little_time_left_when_the_runs_is_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headless, "HURRY_SECONDS", 0.5)
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    async with HeadlessNotebook(output=tmp_path / "out.ipynb", grace=600) as notebook:
        bench = Bench(notebook, journal)
        deaf = "import time\nwhile True:\n  try: time.sleep(60)\n  except KeyboardInterrupt: print('no')"
        end = await bench.run(block(deaf), budget=Budget(seconds=1))
    assert end.ending == "out_of_time"
    assert "The cell did not end when it was interrupted, so its kernel was ended" in end.message
    [executed] = bench.events("executed")
    assert executed.status == "dead"
    assert "no" in str(executed.outputs)
    journal.close()


async def test_a_cell_that_takes_too_long_is_interrupted_and_the_run_continues(bench: Bench) -> None:
    end = await bench.run(block(ENDLESS), "It never ends.", budget=Budget(cell_seconds=1))
    assert (end.ending, end.answer) == ("answered", "It never ends.")
    assert "interrupted" in bench.model.requests[1][-1]["content"].lower()


async def test_stop_interrupts_the_cell_and_keeps_its_output(bench: Bench, tmp_path: Path) -> None:
    agent = bench.agent(block("print('begun', flush=True)", "open('begun', 'w').close()", ENDLESS))
    work = asyncio.ensure_future(agent.run(bench.conversation, "Go.", title="t"))
    await until((tmp_path / "begun").exists)
    agent.stop()
    end = await work
    assert end.ending == "stopped"
    observed = [event.text for event in bench.seen if event.type == "observation"]
    assert "interrupt" in observed[-1].lower()
    assert await bench.notebook.run_cell(await bench.notebook.write_cell("1"), source="1")


async def test_stop_cancels_the_reply_and_keeps_its_beginning(bench: Bench) -> None:
    cancelled = asyncio.Event()
    agent = bench.agent(cancelled)
    work = asyncio.ensure_future(agent.run(bench.conversation, "Go.", title="t"))
    await bench.model.streaming.wait()
    agent.stop()
    end = await work
    assert end.ending == "stopped"
    assert cancelled.is_set()
    assert [event.text for event in bench.seen if event.type == "reply"] == ["Let me think"]


async def test_a_stop_before_the_run_prevents_it(bench: Bench) -> None:
    agent = bench.agent("never asked")
    agent.stop()
    assert (await agent.run(bench.conversation, "Go.", title="t")).ending == "stopped"
    assert bench.model.requests == []


async def test_a_repeated_action_leads_to_a_warning_and_then_ends_the_run(
    bench: Bench,
) -> None:
    end = await bench.run(*(block("print(1)", f"# try {n}") for n in range(8)), budget=Budget(turns=20))
    assert (end.ending, end.turns) == ("stuck", 4)
    observed = [event.text for event in bench.seen if event.type == "observation"]
    assert ["three times" in text for text in observed] == [False, False, False, True]


async def test_a_repeat_of_the_last_cell_leads_to_a_note_and_then_to_a_higher_temperature(
    bench: Bench,
) -> None:
    end = await bench.run(block("print(1)"), *[block("# once more", "print(1)")] * 2, "It is 1.")
    assert (end.ending, end.answer, end.turns) == ("answered", "It is 1.", 2)
    assert await bench.cells() == ["print(1)"]
    assert [options["temperature"] for options in bench.model.options] == [0.0, 0.0, 0.0, 1.0]
    noted = [
        "Do not write that cell again: it ran" in request[-1]["content"] for request in bench.model.requests
    ]
    assert noted == [False, False, True, False]
    assert bench.kinds().count("observation") == 2


async def test_a_repeat_of_a_failed_cell_is_resampled_with_the_failed_attempts_hidden(
    bench: Bench,
) -> None:
    wrong = block("int('one')")
    await bench.run(block("x = 1"), wrong, wrong, wrong, block("int('1')"), "It is 1.")
    requests = bench.model.requests
    written = [
        [message["content"].count("int('one')") for message in request if message["role"] == "assistant"]
        for request in requests
    ]
    assert written == [[], [0], [0, 1], [0], [0], [0, 1, 0]]
    assert "invalid literal for int()" in bench.last_message(3)
    assert await bench.cells() == ["x = 1", "int('1')"]


async def test_a_cell_that_the_model_keeps_repeating_runs_again(bench: Bench) -> None:
    await bench.run(block("import random"), *[block("import random")] * 3, "Done.")
    assert bench.kinds().count("executed") == 2


async def test_different_text_in_a_string_or_a_file_is_no_repetition(bench: Bench) -> None:
    texts = ["# One", "# Two", "# Three", "# Four"]
    cells = [block(f'text = """\n{text}\n"""') for text in texts]
    cells += [block("%%writefile a.md", text) for text in texts]
    end = await bench.run(*cells, "Done.", budget=Budget(turns=20))
    assert (end.ending, end.turns) == ("answered", 9)
    assert {options["temperature"] for options in bench.model.options} == {0.0}


async def test_the_same_error_from_different_code_is_a_repetition(bench: Bench) -> None:
    end = await bench.run(*(block(f"nowhere({n})") for n in range(6)), budget=Budget(turns=20))
    assert end.ending == "stuck"


async def test_the_model_is_told_the_right_name_of_a_wrong_column(bench: Bench) -> None:
    frame = "import pandas as pd\norders = pd.DataFrame({'Customer Name': ['Ada']})"
    await bench.run(block(frame, "orders['customer_name']"), "Done.")
    assert "There is no 'customer_name'; there is 'Customer Name'" in bench.model.requests[1][-1]["content"]


async def test_a_model_error_ends_the_run_with_its_message(bench: Bench) -> None:
    end = await bench.run(ModelError("The model cannot be reached. Start it."))
    assert (end.ending, end.message) == ("failed", "The model cannot be reached. Start it.")


async def test_a_dead_kernel_ends_the_run_with_a_message(bench: Bench) -> None:
    end = await bench.run(block("import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"), "never")
    assert end.ending == "failed"
    assert "kernel died" in end.message
    assert bench.kinds()[-2:] == ["observation", "run_ended"]


async def test_an_unfinished_code_block_does_not_run_and_the_model_is_told(bench: Bench) -> None:
    end = await bench.run("```python\nprint('half", "Sorry, done.")
    assert end.ending == "answered"
    assert bench.notebook.written is False
    assert "cut off" in bench.model.requests[1][-1]["content"]


class Edits:
    """A gate whose user edits the code and allows it."""

    def judge(self, source: str, notebook: object = None, *, is_text: bool = False) -> Judgement:
        return Judgement(verdict="ask", reasons=["deletes files"])

    def record(self, source: str) -> None:
        pass

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        assert requested.sha256 == digest(source)
        return decision(source.replace("rm", "ls"), allowed=True)


class Denies:
    """A gate whose user denies everything."""

    def judge(self, source: str, notebook: object = None, *, is_text: bool = False) -> Judgement:
        return Judgement(verdict="ask", reasons=["deletes files"])

    def record(self, source: str) -> None:
        pass

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        return decision(source, allowed=False, reasons=requested.reasons)


async def test_the_users_edited_code_is_what_runs(bench: Bench) -> None:
    await bench.run(block("print('rm')"), "Done.", gate=Edits())
    assert await bench.cells() == ["print('ls')"]
    assert "ls" in bench.model.requests[1][-1]["content"]


async def test_a_denied_cell_never_runs_and_the_model_is_told_why(bench: Bench) -> None:
    await bench.run(block("x = 1"), "I cannot.", gate=Denies())
    assert "executed" not in bench.kinds()
    assert "deletes files" in bench.model.requests[1][-1]["content"]
    state = await bench.notebook.state()
    assert state.variables == []


async def test_a_cancelled_run_is_ended_in_the_journal(bench: Bench) -> None:
    cancelled = asyncio.Event()
    agent = bench.agent(cancelled)
    work = asyncio.ensure_future(agent.run(bench.conversation, "Go.", title="t"))
    await bench.model.streaming.wait()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    assert bench.kinds()[-1] == "run_ended"
    assert cancelled.is_set()


async def test_a_made_up_cell_id_leads_to_a_new_cell(bench: Bench) -> None:
    end = await bench.run("Here.\n\n```python cell=ID\nprint(5)\n```", "It is 5.")
    assert (end.ending, end.answer) == ("answered", "It is 5.")
    assert await bench.cells() == ["print(5)"]


async def test_an_empty_reply_is_no_answer_and_the_model_is_asked_again(bench: Bench) -> None:
    end = await bench.run("", "<think>Well.</think>", "It is 5.")
    assert (end.ending, end.answer, end.turns) == ("answered", "It is 5.", 3)
    assert "empty" in bench.model.requests[1][-1]["content"]


async def test_repeated_empty_replies_end_the_run_as_stuck(bench: Bench) -> None:
    assert (await bench.run(*[""] * 6)).ending == "stuck"
