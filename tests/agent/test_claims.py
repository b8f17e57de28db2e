"""The values of an answer are linked to the cell that shows them; what no output shows is told."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.claims import claims_in
from jupyter_codeact.agent.events import Action, AnswerRejected, Event, Executed, Observation, RunStarted
from tests.agent.bench import Bench, block

TASK = "Which species is the heaviest?"
DATA = "Task: Which species is the heaviest? penguins: species is one of Adelie, Chinstrap, Gentoo"


def conversation(*outputs: str, task: str = TASK, run: str = "r", first: int = 1) -> list[Event]:
    """Return the events of a run whose cells, numbered from ``first``, showed these texts."""
    common = {"conversation": "c", "run": run}
    events: list[Event] = [
        RunStarted(**common, task=task, notebook="n", model="m"),
        Observation(**common, text=DATA),
    ]
    for number, text in enumerate(outputs, first):
        shown = [{"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}}]
        events += [
            Action(**common, source="penguins['body_mass_g'].mean()"),
            Executed(**common, cell_id=f"cell{number}", status="ok", outputs=shown),
            Observation(**common, text=text),
        ]
    return events


def claimed(answer: str, events: list[Event]) -> dict[str, str | None]:
    return {claim.text: claim.cell_id for claim in claims_in(answer, events, "r")}


@pytest.mark.parametrize(
    ("answer", "claims"),
    [
        ("It is 4201.75.", {"4201.75": "cell1"}),
        ("About 4,202 g, or 4.2 kg.", {"4,202": "cell1", "4.2": "cell1"}),
        ("A share of 38.5 % of 344.", {"38.5": "cell2", "344": "cell2"}),
        ("It is **Gentoo**, not `Adelie`.", {"Gentoo": "cell2"}),
        ("Gentoo", {"Gentoo": "cell2"}),
        ("There are 3 of them, and 57 others.", {"57": None}),
        ("The *heaviest* are the others.", {}),
        ("", {}),
    ],
)
def test_a_value_is_linked_to_the_cell_that_shows_it(answer: str, claims: dict[str, str | None]) -> None:
    assert claimed(answer, conversation("4201.754385964912", "Gentoo 0.38497 of 344")) == claims


def test_a_word_that_no_output_shows_is_told_as_the_answer_to_a_question() -> None:
    events = conversation("4201.754385964912")
    assert claimed("Adelie", events) == {"Adelie": None}
    assert claimed("**Adelie.**", events) == {"Adelie": None}


def test_what_stands_although_no_cell_has_run_is_told() -> None:
    events = conversation()
    assert claimed("It weighs 5076 g.", events) == {}
    events.append(AnswerRejected(conversation="c", run="r", message="No cell has run."))
    assert claimed("It weighs 5076 g.", events) == {"5076": None}
    assert claimed("Emperor", events) == {"Emperor": None}


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("Rename the column.", "Renamed."),
        ("Is the mean above 4000?", "Yes."),
        ("Which is heavier, Adelie or Gentoo?", "Gentoo"),
        (TASK, "I could not find that out with this data."),
    ],
)
def test_what_needs_no_output_is_no_claim(task: str, answer: str) -> None:
    assert claimed(answer, conversation("4201.754385964912", task=task)) == {}


def test_a_picture_may_show_any_word() -> None:
    events = conversation("4201.75")
    data = {"image/png": "iVBORw0KGgo="}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    events.append(Executed(conversation="c", run="r", cell_id="plot", status="ok", outputs=[output]))
    assert claimed("Adelie", events) == {}


def test_an_output_of_the_run_is_preferred_and_one_of_an_earlier_run_is_found() -> None:
    earlier = conversation("mean 4201.75", "std 801.95", run="earlier")
    own = conversation("mean 4201.75", first=3)
    assert claimed("It is 4201.75 ± 801.95.", [*earlier, *own]) == {"4201.75": "cell3", "801.95": "cell2"}


def test_numbers_of_any_length_do_no_harm() -> None:
    long = "7" * 5000
    assert claimed(f"It is {long}.", conversation(long)) == {}
    assert "1e999" not in claimed("1e999 and 1.5e-400", conversation("1e999 0"))


async def test_the_end_of_a_run_has_the_claims(bench: Bench) -> None:
    end = await bench.run(block("print(6 * 111)"), "It is 666.")
    [cell] = [event.cell_id for event in bench.seen if isinstance(event, Executed)]
    assert [(claim.text, claim.cell_id) for claim in end.claims] == [("666", cell)]


async def test_what_the_model_has_to_read_is_told_before_it_writes(bench: Bench) -> None:
    await bench.run(block("print(6 * 111)"), "It is 666.")
    first = [event for event in bench.seen if event.type == "reply_delta" and event.turn == 1]
    assert first[0].prompt_tokens > 100
    assert all(event.prompt_tokens is None for event in first[1:])
