"""Questions that need no code are answered in words; a claim about data is not answered without a cell."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent import prompts
from jupyter_codeact.agent.hooks import all_but
from tests.agent.bench import Bench, block

TABLE = "import pandas as pd\nsales = pd.DataFrame({'fare': [1.5, 2.5], 'city': ['Rome', 'Oslo']})"


async def define(bench: Bench) -> None:
    cell = await bench.notebook.write_cell(TABLE)
    await bench.notebook.run_cell(cell, source=TABLE)


@pytest.mark.parametrize("guidance", ["small", "capable"])
@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("Thanks!", "You are welcome."),
        ("Which test would you use to compare two groups?", "A t-test, or Mann-Whitney for skewed values."),
        ("How do I show more rows?", "Call `pd.set_option('display.max_rows', 250)` once."),
        ("What does this cell do?", "It builds the table with fares of 1.5 and 2.5 for two cities."),
        (
            "Explain what sales has.",
            "It has the columns fare and city, and one row for each of two trips there.",
        ),
    ],
)
async def test_a_question_that_needs_no_code_is_answered_without_a_cell(
    bench: Bench, guidance: str, task: str, answer: str
) -> None:
    await define(bench)
    end = await bench.run(answer, task=task, guidance=guidance)
    assert (end.ending, end.answer, end.turns) == ("answered", answer, 1)
    assert await bench.cells() == [TABLE]


@pytest.mark.parametrize("guidance", ["small", "capable"])
async def test_a_made_up_number_in_a_first_reply_does_not_stand(bench: Bench, guidance: str) -> None:
    task = "What is the mean fare in trips.csv? Answer as @mean_fare[value]."
    end = await bench.run(
        "@mean_fare[123.45]", block("print(7.25)"), "@mean_fare[7.25]", task=task, guidance=guidance
    )
    assert end.answer == "@mean_fare[7.25]"
    assert bench.last_message(1).endswith(prompts.UNCHECKED)
    assert bench.events("answer_rejected")[0].message.startswith("Nothing has shown 123.45")


@pytest.mark.parametrize(
    "task", ["Which city has the highest fare in sales?", "Largest fare?", "Best city of trips.csv?"]
)
async def test_a_few_words_about_data_do_not_stand_without_a_cell(bench: Bench, task: str) -> None:
    await define(bench)
    end = await bench.run("Rome.", block("print('Oslo')"), "Oslo.", task=task)
    assert end.answer == "Oslo."
    assert bench.last_message(1).endswith(prompts.UNCHECKED)


async def test_a_number_that_an_earlier_run_showed_needs_no_other_cell(bench: Bench) -> None:
    await bench.run(block("print(38.497)"), "It is 38.497.")
    end = await bench.run("It was 38.5.", task="What was it, rounded?")
    assert (end.answer, end.turns) == ("It was 38.5.", 1)


async def test_general_knowledge_is_doubted_once_and_then_stands(bench: Bench) -> None:
    end = await bench.run("About 95 %.", "About 95 %.", task="How much lies within two standard deviations?")
    assert (end.ending, end.answer, end.turns) == ("answered", "About 95 %.", 2)


async def test_without_the_hook_a_made_up_number_stands(bench: Bench) -> None:
    end = await bench.run("It is 123.45.", task="Mean of a.csv?", hooks=all_but(["unchecked_answers"]))
    assert end.answer == "It is 123.45."


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("What does this cell do?", prompts.BEGIN_WITH_CODE_OR_TALK),
        ("Just explain, change nothing.", prompts.BEGIN_WITH_CODE_OR_TALK),
        ("Thanks!", prompts.BEGIN_WITH_CODE_OR_TALK),
        ("Was macht diese Zelle?", prompts.BEGIN_WITH_CODE_OR_TALK),
        ("How many rows does sales have?", prompts.BEGIN_WITH_CODE),
        ("What is the mean in trips.csv?", prompts.BEGIN_WITH_CODE),
        ("Fix the last cell.", prompts.BEGIN_WITH_CODE),
    ],
)
async def test_a_small_model_is_only_pressed_for_code_where_the_task_may_need_it(
    bench: Bench, task: str, sentence: str
) -> None:
    await define(bench)
    await bench.run("Well, that is so.", "Well, that is so.", "Well, that is so.", task=task)
    assert bench.last_message(0).endswith(sentence)
