"""A capable model may ask the user once, and shows a plan whose steps it ticks off."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_codeact.agent import prompts
from jupyter_codeact.agent.events import PlanStep, QuestionAsked
from jupyter_codeact.agent.plan import read_plan
from jupyter_codeact.agent.questions import Question, read_question
from tests.agent.bench import Bench, block

PLAN = "- [ ] Load the table\n- [ ] Drop `NA`\n* [ ] Plot"


@pytest.mark.parametrize(
    ("source", "question"),
    [
        ("ask_user('Which?')", Question("Which?")),
        ("ask_user('Which?', ['a', 'b'])", Question("Which?", ("a", "b"))),
        ("answer = ask_user('Which?', options=('a', 2))", Question("Which?", ("a", "2"))),
        ("# I need to know\nprint(ask_user(question='Which?'))", Question("Which?")),
        ("ask_user(name)", None),
        ("ask_user('')", None),
        ("ask_user('Which?')\nprint(1)", None),
        ("ask_users('Which?')", None),
        ("ask_user('a' 'b' + c)", None),
        ("ask_user(", None),
    ],
)
def test_an_action_that_only_asks_is_a_question(source: str, question: Question | None) -> None:
    assert read_question(source) == question


async def test_the_run_waits_for_the_users_answer_which_the_model_gets(bench: Bench) -> None:
    answered = asyncio.Event()

    async def ask_user(asked: QuestionAsked) -> str:
        assert (asked.question, asked.options) == ("Mean or median?", ["mean", "median"])
        await answered.wait()
        return "median"

    agent = bench.agent(
        block("ask_user('Mean or median?', options=['mean', 'median'])"), "So the median.", ask_user=ask_user
    )
    run = asyncio.ensure_future(agent.run(bench.conversation, "Do it.", title="t"))
    await bench.occurred["question_asked"].wait()
    assert len(bench.model.requests) == 1
    answered.set()
    assert (await run).answer == "So the median."
    assert bench.last_message(1) == "The user answers: median"
    assert bench.events("question_answered")[0].answer == "median"
    assert await bench.cells() == []


async def test_where_nobody_can_be_asked_the_model_decides(bench: Bench) -> None:
    end = await bench.run(block("ask_user('Which?')"), "I assumed the first.")
    assert end.answer == "I assumed the first."
    assert bench.last_message(1) == prompts.NO_ANSWER


async def test_a_second_question_of_a_run_is_not_asked(bench: Bench) -> None:
    asked = []

    async def ask_user(question: QuestionAsked) -> str:
        asked.append(question.question)
        return "this"

    replies = [block("ask_user('Which?')"), block("ask_user('Sure?')"), "Done."]
    await bench.run(*replies, ask_user=ask_user)
    assert asked == ["Which?"]
    assert bench.last_message(2) == prompts.ASKED_BEFORE


async def test_a_function_of_the_users_by_that_name_is_called(bench: Bench) -> None:
    # the kernel lists the last thirty variables only
    source = "def ask_user(text):\n    return text.upper()\n"
    source += "\n".join(f"other{number} = {number}" for number in range(40))
    await bench.notebook.run_cell(await bench.notebook.write_cell(source), source=source)
    await bench.run(block("ask_user('which')"), "WHICH")
    assert (await bench.cells())[-1] == "ask_user('which')"
    assert bench.events("question_asked") == []


async def test_stop_ends_a_run_that_waits_for_an_answer(bench: Bench) -> None:
    async def ask_user(_asked: QuestionAsked) -> None:
        await asyncio.Event().wait()

    agent = bench.agent(block("ask_user('Which?')"), ask_user=ask_user)
    run = asyncio.ensure_future(agent.run(bench.conversation, "Do it.", title="t"))
    await bench.occurred["question_asked"].wait()
    agent.stop()
    assert (await run).ending == "stopped"


def test_a_checklist_is_a_plan_and_a_part_of_it_ticks_its_steps_off() -> None:
    plan = read_plan(f"First:\n\n{PLAN}\n")
    assert [step.text for step in plan] == ["Load the table", "Drop `NA`", "Plot"]
    ticked = read_plan("Good.\n- [x] load the table\n- [x] Drop NA.", plan)
    assert [step.done for step in ticked] == [True, True, False]
    assert read_plan("- [ ] Another\n- [x] plan", ticked) == [
        PlanStep(text="Another"),
        PlanStep(text="plan", done=True),
    ]
    assert read_plan("No list, but a [x](link) and\n- [ ] one point", ticked) == ticked


async def test_a_plan_is_recorded_when_it_changes(bench: Bench) -> None:
    done = PLAN.replace("[ ] Load", "[x] Load")
    replies = [f"{text}\n\n{block('print(1)')}" for text in (PLAN, "Going on.", done)]
    await bench.run(*replies, "It is 1.", guidance="capable")
    plans = [[step.done for step in event.steps] for event in bench.events("plan_changed")]
    assert plans == [[False, False, False], [True, False, False]]


async def test_a_capable_model_is_trusted_with_more_turns_and_gets_its_own_prompt(bench: Bench) -> None:
    cells = [block(f"print({number})") for number in range(14)]
    end = await bench.run(*cells, "It is 13.", guidance="capable")
    assert (end.ending, end.turns) == ("answered", 15)
    assert "ask_user(" in bench.model.requests[0][0]["content"]
    end = await bench.run(*cells, guidance="small")
    assert (end.ending, end.turns) == ("out_of_turns", 12)
    assert "ask_user(" not in bench.model.requests[0][0]["content"]
