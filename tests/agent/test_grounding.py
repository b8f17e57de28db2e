"""An answer with values that were never shown is rejected once; objects and nan in outputs are noticed."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.events import Action, Executed, Observation, RunStarted
from jupyter_codeact.agent.hooks.grounding import ungrounded_values, unshown_numbers
from jupyter_codeact.agent.observations.displays import names_object, shows_nan
from jupyter_codeact.agent.run import Budget
from tests.agent.bench import Bench, block

SHOWN = "mean 38.497 total 1234567.0 share 0.3349 and the name 'Gentoo' of 2024-05-17, 161.7, -0.00042"


def ungrounded(answer: str, shown: str = SHOWN, **more: object) -> list[str]:
    common = {"conversation": "c", "run": "r", "turn": 1}
    events = [
        RunStarted(**common, task="Of the top 25?", notebook="n", model="m", system=""),
        Observation(**common, text="Task: Of the top 25?"),
        Action(**common, source="frame['bill length']  # Output: 'Emperor', 4321"),
        Executed(**common, cell_id="x", status="ok", outputs=[], execution_count=1, seconds=0.1),
        Observation(**common, text=shown, **more),
    ]
    return ungrounded_values(answer, events, "r")


def test_our_own_random_marks_show_no_number() -> None:
    shown = "<notebook 951234>\ncell=9512:\n</notebook 951234>"
    event = Observation(conversation="c", run="r", turn=1, text=shown)
    assert unshown_numbers("About 95 %.", [event]) == ["95"]


@pytest.mark.parametrize(
    "answer",
    [
        "It is 38.497.",
        "About 38.5, or 38 and a half.",
        "That is 33.49 %, roughly 33 %.",
        "1,234,567 in all, so 1.23 million.",
        "1_234_567 or 1.234567e6",
        "On 2024-05-17 it was 161 (cut off) or 162 (rounded).",
        "All of the 25, that is 100 %.",
        "There are 3 of them: 1. this, 2. that.",
        'The `bill length` of a "gentoo" is -0.00042, in x86 and utf8.',
        "It is 38.4970.",
        "Call `frame.describe()` or `x = 1` next.",
    ],
)
def test_shown_values_may_be_given_in_other_forms(answer):
    assert ungrounded(answer) == []


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ("It is 41.2.", ["41.2"]),
        ("38.49 or 38.6", ["38.6"]),
        ('It is "Adelie", not `Gentoo`.', ["Adelie"]),
        ("17 of 99 and 98 and 97 and 96", ["99", "98", "97"]),
        ("It is 57, yes, 57.", ["57"]),
        ("“Hello”", ["Hello"]),
        ("The penguins' answer isn't 'Emperor', which 'Gentoo' is", ["Emperor"]),
        ("4321", ["4321"]),
        ("Write to ada@love.example.org.", ["ada@love.example.org"]),
        ("See https://example.org/a/b.", ["https://example.org/a/b"]),
    ],
)
def test_values_that_were_never_shown_are_found(answer, values):
    assert ungrounded(answer) == values


def test_images_may_show_any_number():
    assert ungrounded("It is 4711.", images=["data:image/png;base64,"]) == []
    assert ungrounded_values("It is 4711.", [], "r") == []


def test_very_long_numbers_are_handled():
    assert ungrounded("9" * 100_000 + " and 1e99999999") == ["9" * 100_000]


async def test_an_ungrounded_answer_is_rejected_once_and_the_second_is_accepted(bench: Bench) -> None:
    end = await bench.run(block("print(6 * 111)"), "It is 4711.", "It is 4711.")
    assert (end.ending, end.answer, end.turns) == ("answered", "It is 4711.", 3)
    assert "No output shows such an answer" in bench.last_message(2)
    assert "4711" not in str(bench.model.requests[2])
    [rejection] = bench.events("answer_rejected")
    assert (rejection.turn, rejection.message) == (2, "No output shows 4711, so the model looks again.")


async def test_a_rejected_answer_leads_to_another_cell(bench: Bench) -> None:
    end = await bench.run(block("x = 6 * 111"), "It is 4711.", block("print(x)"), "It is 666.")
    assert (end.answer, end.turns) == ("It is 666.", 4)


async def test_an_answer_in_the_last_turn_is_accepted(bench: Bench) -> None:
    end = await bench.run(block("1"), "It is 4711.", budget=Budget(turns=2))
    assert (end.ending, end.answer) == ("answered", "It is 4711.")


async def test_an_answer_that_only_repeats_the_task_is_rejected(bench: Bench) -> None:
    task = "What does it cost, as in '12.34'?"
    await bench.run(block("print('?')"), "12.34", block("print(7.5)"), "7.50", task=task)
    assert "No output shows such an answer" in bench.last_message(2)
    await bench.run(block("print('12.34')"), "**12.34**.", task=task)
    assert len(bench.model.requests) == 2
    await bench.run(block("print('?')"), "It costs 12.34.", block("print(7.5)"), "7.50", task=task)
    assert len(bench.model.requests) == 4
    await bench.run(block("print(1 < 2)"), "B", task="Which is larger, A or B?")
    assert len(bench.model.requests) == 2
    named = "Who is it? Answer with a name (e.g., Ada Lovelace)."
    await bench.run(block("x = 1"), "Ada Lovelace", block("print('Alan')"), "Alan", task=named)
    assert len(bench.model.requests) == 4
    await bench.run(block("x = 1"), "It is done.", task="Set x to 1, and then say that it is done.")
    assert len(bench.model.requests) == 2
    await bench.run(block("print('?')"), "A/B", block("print('C/D')"), "C/D", task="Which, as in A/B?")
    assert len(bench.model.requests) == 4


async def test_an_echo_of_the_agents_texts_is_no_answer(bench: Bench) -> None:
    echo = "The cell failed. Write the whole corrected cell; it replaces the failed one."
    end = await bench.run(block("1 / 0"), echo, block("print(1)"), "It is 1.")
    assert end.answer == "It is 1."
    assert bench.last_message(2).endswith(
        "Your reply was empty. Write a cell, or tell the user the result in plain words."
    )


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("(i for i in [1])", True),
        ("print(map(str, [1]))", True),
        ("'abc'.upper", True),
        ("import pandas as pd; pd.DataFrame({'a': [1]}).head", True),
        ("print('<b> at 0x', len)", False),
        ("list(map(str, [1]))", False),
        ("plt.plot([1, 2])", False),
    ],
)
def test_an_object_shown_instead_of_its_values_is_recognized(run, source, named):
    assert names_object(run(source).outputs) is named


async def test_the_model_is_told_of_an_object_shown_instead_of_its_values(bench: Bench) -> None:
    await bench.run(block("print(i for i in [7])"), block("print(*[7])"), "It is 7.")
    assert "names an object, not what is in it" in bench.last_message(1)
    assert "names an object" not in bench.last_message(2)


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("float('nan')", True),
        ("import numpy as np; np.float64('nan')", True),
        ("import numpy as np; np.array([1, np.nan]).mean(), 2", True),
        ("p = float('nan'); print('p-value:', p)", True),
        ("p = float('nan'); print(f'{p=:.2f}')", True),
        ("from types import SimpleNamespace as R; R(statistic=float('nan'), df=3)", True),
        ("import pandas as pd; pd.DataFrame({'a': [1, None]})", False),
        ("import pandas as pd; print(pd.Series([1, None]).value_counts(dropna=False))", False),
        ("print({'age': float('nan')})", False),
        ("print('nan is a bread; banana: nano')", False),
    ],
)
def test_nan_is_recognized(run, source, seen):
    assert shows_nan(run(source).outputs) is seen


async def test_the_model_is_told_of_nan(bench: Bench) -> None:
    await bench.run(block("print('mean:', float('nan'))"), block("print('mean:', 7.5)"), "It is 7.5.")
    assert "A value there is nan" in bench.last_message(1)
    assert "nan" not in bench.last_message(2)
