"""DABench: the benchmark's own rules of grading, its three accuracies, and its three protocols."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jupyter_codeact.cli import main
from jupyter_codeact.evaluation import report
from jupyter_codeact.evaluation.dabench import IN_FORM, DABench
from jupyter_codeact.evaluation.dabench_react import HELP, read_reply
from jupyter_codeact.evaluation.dabench_scores import accuracies, grade, is_right, named_values
from jupyter_codeact.evaluation.records import Episode, Played, Setting, load
from jupyter_codeact.evaluation.split import half
from jupyter_codeact.evaluation.upstream import UpstreamError
from jupyter_codeact.models.open import EndpointModel
from tests.scripted import ScriptedModel

QUESTIONS = [
    {
        "id": 3,
        "question": "What is the mean price, and what the most frequent colour?",
        "concepts": ["Summary Statistics", "Distribution Analysis"],
        "constraints": "Round the mean to two decimal places.",
        "format": "@mean_price[mean] @colour[name] where mean is a number.",
        "file_name": "cars.csv",
        "level": "easy",
    },
    {
        "id": 4,
        "question": "How many rows are there?",
        "concepts": ["Summary Statistics"],
        "constraints": "",
        "format": "@rows[count]",
        "file_name": "lost.csv",
        "level": "hard",
    },
]
LABELS = [
    {"id": 3, "common_answers": [["mean_price", "20.50"], ["colour", "red"]]},
    {"id": 4, "common_answers": [["rows", "7"]]},
]
TABLE = "price,colour\n10.5,red\n20.5,blue\n30.5,red\n"
SHOW = "import pandas as pd\ncars = pd.read_csv('cars.csv')\nprint(cars.price.mean(), cars.colour.mode()[0])"
AGENT = Setting(goes_on=False)
PAPER = Setting(protocol="paper", format="react", turns=4)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Write a small InfiAgent repository that lacks a table."""
    data = tmp_path / "InfiAgent" / "examples" / "DA-Agent" / "data"
    (data / "da-dev-tables").mkdir(parents=True)
    for name, items in (("questions", QUESTIONS), ("labels", LABELS)):
        (data / f"da-dev-{name}.jsonl").write_text("\n".join(json.dumps(item) for item in items))
    (data / "da-dev-tables" / "cars.csv").write_text(TABLE)
    return tmp_path / "InfiAgent"


async def play(checkout: Path, setting: Setting, model: EndpointModel) -> Played:
    suite = DABench(checkout)
    [case] = await suite.cases()
    return await suite.play(case, setting, model)


@pytest.mark.parametrize(
    ("value", "label", "right"),
    [
        ("0.21", "0.21", True),
        ("0.210", "0.21", True),
        (" 0.21 ", "0.21", True),
        ("+21e-2", "0.21", True),
        ("0.2100009", "0.21", True),
        ("0.210001", "0.21", False),
        ("-0.21", "0.21", False),
        ("21%", "0.21", False),
        ("1,234", "1234", False),
        ("nan", "nan", True),
        ("NaN", "nan", False),
        ("red", "red", True),
        ("Red", "red", False),
        (" red", "red", False),
        ("", "0", False),
        (None, "None", False),
    ],
)
def test_a_value_is_right_if_it_is_the_label_or_as_good_as_its_number(
    value: str | None, label: str, right: bool
) -> None:
    assert is_right(value, label) is right


def test_the_last_value_of_a_name_counts_and_more_do_no_harm() -> None:
    answer = "@a[1] and @b[x, y], then @a[2]. @c[[3]] @d[over\nlines] @e [5]"
    assert named_values(answer) == {"a": "2", "b": "x, y", "c": "[3"}
    assert grade(answer, {"a": "2.0", "d": "over"}) == {"a": True, "d": False}


def test_the_three_accuracies_weigh_values_differently() -> None:
    score = accuracies([{"a": True}, {"a": True, "b": False, "c": False, "d": False}, {"a": False}])
    assert (score.questions, score.by_question) == (3, 1 / 3)
    assert score.proportional == pytest.approx(1.25 / 3)
    assert score.uniform == pytest.approx(2 / 6)


async def test_a_checkout_without_a_table_plays_the_rest_and_says_so(checkout: Path) -> None:
    suite = DABench(checkout)
    assert [case.name for case in await suite.cases()] == ["cars/3"]
    assert suite.notes == ("The checkout lacks 1 of the tables (lost.csv): 1 of 2 questions are left out.",)
    tested = await suite.self_test()
    assert (tested.count, tested.failed, tested.notes) == (1, [], list(suite.notes))
    with pytest.raises(UpstreamError, match="Give a checkout of InfiAgent"):
        DABench(checkout / "examples" / "DA-Agent" / "data" / "da-dev-tables")


async def test_the_agent_finds_the_table_beside_its_notebook(
    checkout: Path, served: ScriptedModel, model: EndpointModel
) -> None:
    served.script([f"```python\n{SHOW}\n```", "@mean_price[20.5] @colour[red]"])
    played = await play(checkout, AGENT, model)
    assert (played.strict, played.turns) == (True, 2)
    assert played.detail["right"] == {"mean_price": True, "colour": True}
    assert "cars.csv" in played.messages[1]["content"]
    assert "20.5 red" in played.messages[3]["content"]


async def test_an_answer_in_words_is_brought_into_the_form_in_one_more_turn(
    checkout: Path, served: ScriptedModel, model: EndpointModel
) -> None:
    served.script([f"```python\n{SHOW}\n```", "It is 20.5, mostly red.", "@mean_price[20.5]\n@colour[Red]"])
    played = await play(checkout, AGENT, model)
    assert (played.strict, played.turns) == (False, 3)
    assert played.detail["right"] == {"mean_price": True, "colour": False}
    assert played.detail["asked_for_form"]
    asked = [message["content"] for message in served.requests[-1]["messages"]]
    assert asked[1:] == ["It is 20.5, mostly red.", IN_FORM.format(form=QUESTIONS[0]["format"])]


async def test_the_papers_agent_learns_the_form_after_its_answer(
    checkout: Path, served: ScriptedModel, model: EndpointModel
) -> None:
    served.script(
        [
            "I think it is red.",
            f"Thought: look\nAction: python\nAction Input:\n```python\n{SHOW}\n```\nObservation: 5",
            "Thought: done\nFinal Answer: 20.5, red",
            "@mean_price[20.50] @colour[red]",
        ]
    )
    played = await play(checkout, PAPER, model)
    assert (played.strict, played.ending, played.turns) == (True, "answered", 4)
    assert played.messages[2]["content"] == f"Observation: {HELP}"
    assert "20.5 red" in played.messages[4]["content"]
    assert "@mean_price" not in played.messages[0]["content"]
    served.script(["Hm."] * 4)
    endless = await play(checkout, PAPER, model)
    assert (endless.strict, endless.ending) == (False, "out_of_turns")
    assert not any(endless.detail["right"].values())


async def test_smolagents_plays_the_same_question(
    checkout: Path, served: ScriptedModel, model: EndpointModel
) -> None:
    served.script([f"<code>\n{SHOW}\nfinal_answer('@mean_price[20.5] @colour[red]')\n</code>"])
    setting = Setting(protocol="smolagents", format="code", turns=2)
    played = await play(checkout, setting, model)
    assert (played.strict, played.turns) == (True, 1)


def test_a_reply_is_read_up_to_its_first_action_or_answer() -> None:
    assert read_reply("Action Input:\n```py\n  1\n  2\n```\nFinal Answer: 3") == ("1\n2", None)
    assert read_reply("Action: python\nAction Input: print(1)\nObservation: 1") == ("print(1)", None)
    assert read_reply("Final Answer: 3\nAction Input: 4") == (None, "3\nAction Input: 4")
    assert read_reply("Final Answer:\n3\n\nObservation: no") == (None, "3")
    assert read_reply("Hm.") == (None, None)


def test_the_report_has_the_three_accuracies_and_the_published_ones(
    checkout: Path, served: ScriptedModel, tmp_path: Path
) -> None:
    results = tmp_path / "results.jsonl"
    served.script([f"```python\n{SHOW}\n```", "@mean_price[20.5] @colour[blue]"])
    arguments = ["--source", str(checkout), "--endpoint", served.url, "--output", str(results), "--strict"]
    environment = {"JUPYTER_CODEACT_API_KEY": served.api_key}
    outcome = CliRunner(env=environment).invoke(main, ["eval", "run", "--suite", "dabench", *arguments])
    assert outcome.exit_code == 0
    assert "The checkout lacks 1 of the tables" in outcome.output
    episodes: list[Episode] = list(load([results]))
    text = report.markdown(episodes)
    assert "| scripted, agent, markdown | easy | 1 | 0.00 | 50.00 | 50.00 |" in text
    assert "| scripted, agent, markdown | several concepts | 1 | 0.00 | 50.00 | 50.00 |" in text
    assert "| gpt-4-0613 | 78.72 |" in text


def test_the_split_into_halves_never_changes_and_keeps_a_tables_tasks_together() -> None:
    names = ["cars/3", "kaggle/salary-data/01", "leetcode/rank-scores/01", "so/numpyeval-023/01", "alone"]
    assert [half(name) for name in names] == ["read", "read", "scored", "scored", "read"]
    assert half("cars/3") == half("cars/4")
    assert {half(f"table{n}/1") for n in range(20)} == {"read", "scored"}
