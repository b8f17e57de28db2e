"""`data play` plays tasks in real kernels; what it writes can be chosen from, mixed, counted and exported."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from jupyter_codeact.agent.replies.formats import FORMATS
from jupyter_codeact.evaluation.notebook import TASKS
from jupyter_codeact.training.oracle import as_answer
from jupyter_codeact.training.records import ChatMessage, Record, TaskLabel, append, load
from jupyter_codeact.training.selecting import evaluation_requests
from jupyter_codeact.training.tasks import Task, all_kinds, draw, split_of
from jupyter_codeact.training.tasks.wordings import words_of
from tests.scripted import ScriptedModel

from .data_calls import call, done, record, written

COUNT = 8


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play a few tasks with the oracle, which always makes a mistake where it can."""
    path = tmp_path_factory.mktemp("played") / "oracle.jsonl"
    done("play", "--oracle", "-o", path, "--n", COUNT, "--mistakes", 1, "--parallel", 2)
    return path


def test_the_oracle_solves_its_tasks_errs_and_recovers(played: Path) -> None:
    records = list(load([played]))
    assert len(records) == COUNT
    assert all(one.solved for one in records), [one.provenance["wrong"] for one in records]
    assert sum(one.recovered for one in records) >= COUNT / 2
    for one in records:
        assert one.task.kind is not None
        assert one.task.seed is not None
        assert split_of(one.task.kind, one.task.seed) == one.task.split == "train"
        weights = [message.weight for message in one.messages if message.role == "assistant"]
        assert weights.count(0) == one.errors
        assert weights[-1] == 1


def test_a_cell_in_a_used_kernel_looks_like_one_in_a_fresh_one(played: Path) -> None:
    """Neither numbers of cells nor variables nor files of the task before it are in a record."""
    for one, task in zip(sorted(load([played]), key=lambda one: one.task.name), tasks(), strict=True):
        opening = one.messages[1].content
        assert opening.count("cell=") == len(task.cells)
        assert all(f"[{number}] cell=" in opening for number in range(1, len(task.cells) + 1))
        if not task.cells:
            assert "Variables in the kernel" not in opening
        others = {name for other in tasks() for name in other.files} - set(task.files)
        assert not [name for name in others if f"'{name}'" in opening.partition("Task:")[0]]


def tasks() -> list[Task]:
    return sorted(draw(COUNT), key=lambda task: task.name)


def test_an_interrupted_play_goes_on_where_it_stopped(played: Path, tmp_path: Path) -> None:
    path = tmp_path / "oracle.jsonl"
    lines = played.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]) + lines[-2][:200])  # as a killed process leaves it
    output = done("play", "--oracle", "-o", path, "--n", COUNT, "--mistakes", 1)
    assert f"2 played, 2 of them solved; {COUNT - 2} were there already" in output
    again, before = list(load([path])), list(load([played]))
    assert {one.id for one in again} == {one.id for one in before}
    assert Counter(one.errors for one in again) == Counter(one.errors for one in before), "the same mistakes"


def test_the_oracle_writes_the_tags_of_the_paper(tmp_path: Path) -> None:
    path = tmp_path / "tags.jsonl"
    done("play", "--oracle", "-o", path, "--n", 1, "--format", "execute")
    [one] = load([path])
    assert one.format == "execute"
    assert FORMATS["execute"].describe() in one.messages[0].content
    assert "<execute>" in one.messages[2].content
    assert one.messages[-1].content.startswith("<solution>")


def test_an_oracle_that_looks_first_plays_what_the_papers_rule_takes(tmp_path: Path) -> None:
    path, chosen = tmp_path / "looks.jsonl", tmp_path / "chosen.jsonl"
    done("play", "--oracle", "-o", path, "--n", 2, "--looks", 1, "--mistakes", 0)
    assert [(one.turns, one.errors, one.solved) for one in load([path])] == [(3, 0, True)] * 2
    done("select", path, "--rule", "paper", "-o", chosen)
    assert len(list(load([chosen]))) == 2


def test_a_model_plays_through_the_agent(tmp_path: Path) -> None:
    [task] = draw(1)
    path = tmp_path / "played.jsonl"
    actions = [f"```python\n{action}\n```" for action in task.steps[0].solutions[0].actions]
    risky = "```python\n!touch ../made-by-a-model\n```"
    with (
        ScriptedModel(["```python\n1 / 0\n```", risky, *actions, "I do not know."] * 2) as model,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        output = done("play", "--endpoint", model.url, "-o", path, "--n", 1)
        assert "1 played" in output
        seen = model.requests[-1]["messages"]
    [one] = load([path])
    assert (one.source, one.model, one.task.name) == ("play", "scripted", task.name)
    assert one.errors >= 2
    assert "did not let this cell run" in one.messages[5].content
    assert [message.content for message in one.messages[: len(seen)]] == [
        message["content"] for message in seen
    ]


def test_a_model_that_cannot_be_reached_ends_the_play_with_a_sentence(tmp_path: Path) -> None:
    result = call("play", "--endpoint", "http://127.0.0.1:9/v1", "-o", tmp_path / "no.jsonl", "--n", 1)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert not (tmp_path / "no.jsonl").exists()


def test_what_must_not_be_trained_is_never_selected(tmp_path: Path) -> None:
    asked = ChatMessage(role="user", content=f"Task: {TASKS[0].request}")
    path = written(
        tmp_path,
        record(1),
        record(2, task=TaskLabel(name="k/2", kind="k", seed=2, split="held-out-kinds")),
        record(3, task=TaskLabel(name="k/3", kind="k", seed=3, split="held-out-parameters")),
        record(4, messages=[asked, *record(4).messages[1:]]),
        record(5, source="eval", provenance={"suite": "mint"}),
        record(6, solved=False),
        record(7, solved=None),
        record(8, messages=record(1).messages),
        record(9, messages=record(9).messages[:-1]),
        record(10, source="oracle", provenance={"rejected_answers": 1}),
    )
    (tmp_path / "measured.txt").write_text("number,  ELEVEN?\n")
    done_with = [ChatMessage(role="user", content="Task: Number eleven!"), *record(11).messages[1:]]
    append(path, [record(11, messages=done_with)])
    output = done("select", path, "-o", tmp_path / "chosen.jsonl", "--against", tmp_path / "measured.txt")
    assert [one.id for one in load([tmp_path / "chosen.jsonl"])] == ["r1"]
    for reason in (
        "held out (held-out-kinds)",
        "held out (held-out-parameters)",
        "task of an evaluation suite (notebook)",
        "task of an evaluation suite (mint)",
        "among the texts to keep out",
        "not solved",
        "not judged",
        "the same as another one",
        "does not end in an answer",
        "the oracle insists on an answer that no output shows",
    ):
        assert f"     1  {reason}" in output
        assert f"| {reason} | 1 |" in (tmp_path / "chosen.jsonl.card.md").read_text()


def test_a_task_that_is_held_out_today_is_not_selected_whatever_its_record_says(tmp_path: Path) -> None:
    [task] = draw(1, split="held-out-kinds")
    old = TaskLabel(name=task.name, kind=task.kind, seed=task.seed, split="train")
    path = written(tmp_path, record(1), record(2, task=old))
    assert "held out (held-out-kinds)" in done("select", path, "-o", tmp_path / "chosen.jsonl")
    assert [one.id for one in load([tmp_path / "chosen.jsonl"])] == ["r1"]


def test_the_papers_rule_takes_long_ones_that_recovered(tmp_path: Path) -> None:
    def long(number: int, *weights: float) -> Record:
        replies = [ChatMessage(role="assistant", content=f"{number}", weight=weight) for weight in weights]
        messages = [one for reply in replies for one in (record(number).messages[0], reply)]
        failed = sum(weight == 0 for weight in weights)
        return record(number, messages=messages, turns=len(weights), errors=failed, recovered=failed > 0)

    path = written(
        tmp_path,
        record(1),
        long(2, 0, 1, 1),
        long(3, 0, 0, 1),
        long(4, 1, 1, 1),
        record(5, model="strong"),
        record(6, model="strong", task=record(1).task),
    )

    def chosen(*options: object) -> list[str]:
        done("select", path, "-o", tmp_path / "chosen.jsonl", *options)
        return [one.id for one in load([tmp_path / "chosen.jsonl"])]

    assert chosen("--rule", "paper") == ["r2", "r4"]
    assert chosen("--rule", "paper", "--strongest", "strong") == ["r2", "r4", "r5"]
    assert chosen("--rule", "recovery") == ["r2", "r3"]
    assert chosen("--per-kind", 2) == ["r1", "r2"]
    assert chosen("--max-tokens", 5) == []


@pytest.mark.parametrize("name", ["execute", "tools"])
def test_records_are_written_in_another_format(played: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "other.jsonl"
    done("export", played, "-o", path, "--format", name)
    for before, after in zip(load([played]), load([path]), strict=True):
        for old, new in zip(before.messages, after.messages, strict=True):
            assert (old.role, old.weight) == (new.role, new.weight)
            if old.role != "assistant":
                continue
            meant, means = FORMATS["markdown"].parse(old.content), FORMATS[name].parse(new.content)
            assert meant.code == means.code
            assert means.text == new.content, "it is in the format's own form"
            if meant.code is None:
                assert new.content == as_answer(old.content, FORMATS[name])
        assert FORMATS[name].describe() in after.messages[0].content
        assert FORMATS["markdown"].describe() not in after.text


def test_records_are_written_in_the_shape_of_the_papers_data(played: Path, tmp_path: Path) -> None:
    path = tmp_path / "paper.jsonl"
    done("export", played, "-o", path, "--shape", "codeactinstruct", "--format", "execute")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == COUNT
    assert all(set(line) == {"id", "conversations"} for line in lines)
    assert {one["role"] for line in lines for one in line["conversations"]} == {"system", "user", "assistant"}


def test_numbers_stand_beside_the_papers(played: Path) -> None:
    output = done("stats", played)
    records = list(load([played]))
    [every] = [line.split(" | ") for line in output.splitlines() if line.startswith("| all ")]
    assert every[1] == str(COUNT)
    assert every[8] == str(sum(one.recovered for one in records))
    assert "| paper: CodeActInstruct | 7,139 | 10,581,681 | 1,482 |" in output
    assert "licences: BSD-3-Clause 8" in output


def test_a_record_is_shown_as_a_model_sees_it(played: Path) -> None:
    one = next(one for one in load([played]) if one.errors)
    output = done("show", played, "--id", one.id)
    assert all(message.content in output for message in one.messages)
    assert output.count("assistant, weight 0") == one.errors
    assert call("show", played, "--id", "nowhere").exit_code == 1


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.jsonl"
    path.write_text('{"schema": 1, "id": "x"}\n{}\n')
    return path


def test_a_file_of_something_else_is_refused_and_stays_as_it_is(foreign: Path) -> None:
    before = foreign.read_bytes()
    for command in (["stats", foreign], ["play", "--oracle", "-o", foreign, "--n", 1]):
        result = call(*command)
        assert result.exit_code == 1
        assert f"Line 1 of {foreign} is no record" in result.output
    assert foreign.read_bytes() == before


def test_records_of_another_schema_and_broken_lines_get_a_sentence(played: Path, tmp_path: Path) -> None:
    (later := tmp_path / "later.jsonl").write_text('{"schema": 2, "id": "x", "messages": []}\n')
    (broken := tmp_path / "broken.jsonl").write_text('{"schema": 1, oh\n{}\n')
    output = tmp_path / "out.jsonl"
    for command in (["select", later], ["mix", later], ["mix", played, "--general", later]):
        result = call(*command, "-o", output)
        assert result.exit_code == 1
        assert f"Line 1 of {later} is a record of schema 2, and this release reads schema 1." in result.output
    for command in (["select", broken], ["mix", played, "--general", broken]):
        assert "Remove that line, or make the file anew." in call(*command, "-o", output).output


def test_a_selection_of_nothing_says_what_to_do(played: Path, tmp_path: Path) -> None:
    (nothing := tmp_path / "nothing.jsonl").write_bytes(b"")
    for command in (["select", nothing], ["mix", nothing], ["select", played, "--max-tokens", 1]):
        output = done(*command, "-o", tmp_path / "chosen.jsonl")
        assert (
            f"There is nothing to train on in {tmp_path / 'chosen.jsonl'}. `data play` makes more" in output
        )


def test_no_kind_of_task_asks_what_an_evaluation_asks() -> None:
    for kind in all_kinds():
        for seed in range(3):
            for step in kind.make(seed).steps:
                assert not any(request in words_of(step.task) for request in evaluation_requests())
