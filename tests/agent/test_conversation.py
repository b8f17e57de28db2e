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
    hooks = all_but(["look_first"])
    end = await bench.run("Rome.", block("print('Oslo')"), "Oslo.", task=task, hooks=hooks)
    assert end.answer == "Oslo."
    assert bench.last_message(1).endswith(prompts.UNCHECKED)


async def test_a_form_filled_in_before_any_cell_has_run_becomes_a_look_at_the_table(bench: Bench) -> None:
    (bench.notebook.folder / "trips.csv").write_text("fare,city\n1.5,Rome\n2.5,Oslo\n")
    task = "Which column of trips.csv is a number? Answer as @column[name] where name is that of the column."
    made_up = "@column[price] where price is the name of the one column in this file that is a number."
    for guidance, turns in (("small", 2), ("capable", 1)):
        end = await bench.run(made_up, "@column[fare]", task=task, guidance=guidance)
        assert (end.ending, end.turns) == ("answered", turns)
        assert bench.last_message(-1).endswith(prompts.LOOKED) is (guidance == "small")
    assert await bench.cells() == ["import pandas as pd\ndf = pd.read_csv('trips.csv')\ndf.head()"]


async def test_a_look_at_a_table_of_the_kernel_comes_once_and_replaces_no_variable(bench: Bench) -> None:
    await define(bench)
    end = await bench.run("Rome.", "Rome.", task="Which city has the highest fare in sales?")
    assert (end.answer, end.turns) == ("Rome.", 2)
    (bench.notebook.folder / "trips.csv").write_text("fare\n1.5\n")
    end = await bench.run(block("df = data = 1"), "No.", task="Set df and data.")
    end = await bench.run("It is 99.5.", "It is 1.5.", task="What is the mean in trips.csv?")
    assert end.answer == "It is 1.5."
    assert (await bench.cells())[1:] == [
        "sales.head()",
        "df = data = 1",
        "import pandas as pd\ntable = pd.read_csv('trips.csv')\ntable.head()",
    ]


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


async def test_where_nothing_may_run_an_answer_is_no_reason_to_run_a_cell(bench: Bench) -> None:
    (bench.notebook.folder / "trips.csv").write_text("city,fare\nRome,3\n")
    end = await bench.run("Fares of cities.", task="Explain trips.csv, and run nothing.")
    assert (end.answer, end.turns, await bench.cells()) == ("Fares of cities.", 1, [])


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("What does this cell do?", prompts.BEGIN_WITH_CODE_OR_TALK),
        ("Just explain, change nothing.", "Just explain, change nothing."),
        ("What is in sales? Run nothing, please.", "Run nothing, please."),
        ("Explain trips.csv, and don't run anything.", "don't run anything."),
        ("Fill the gaps of sales without changing trips.csv.", prompts.BEGIN_WITH_CODE),
        ("Sort sales and change nothing else.", prompts.BEGIN_WITH_CODE),
        ("Drop the rows of sales with no code.", prompts.BEGIN_WITH_CODE),
        ("Fit a model to sales, and just explain the trend.", prompts.BEGIN_WITH_CODE),
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
