"""General conversations are read, made and mixed in, without what must not be trained."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from jupyter_codeact.evaluation.notebook import TASKS
from jupyter_codeact.training.general import own_prompts
from jupyter_codeact.training.records import ChatMessage, Record, TaskLabel, load, write
from jupyter_codeact.training.selecting import evaluation_requests
from jupyter_codeact.training.tasks import Task, all_kinds, draw, split_of
from jupyter_codeact.training.tasks.wordings import kind_in, words_of
from tests.scripted import ScriptedModel

from .data_calls import call, done, record, written


def test_general_conversations_are_mixed_in_whatever_their_shape(tmp_path: Path) -> None:
    shapes = [
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"conversations": [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Me."}]},
        {"instruction": "Shorten this.", "input": "A long text.", "output": "A text."},
        {"prompt": "One?", "response": "Two."},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "In"}, {"type": "text", "text": "parts"}],
                },
                {"role": "assistant", "content": "No.", "weight": 0},
                {"role": "assistant", "content": "Yes."},
            ]
        },
    ]
    general = tmp_path / "general.jsonl"
    general.write_text("".join(f"{json.dumps(one)}\n" for one in shapes))
    path, mixed = written(tmp_path, *map(record, range(3))), tmp_path / "mixed.jsonl"
    done("mix", path, "--general", general, "--general-licence", "CC0", "--ratio", 1, "-o", mixed)
    records = list(load([mixed]))
    assert Counter(one.source for one in records) == {"play": 3, "general": 3}
    assert {one.licence for one in records if one.source == "general"} == {"CC0"}
    said = done("mix", path, "--general", general, "--ratio", 9.7, "-o", mixed)
    assert "The ratio wants 29" in said
    texts = {one.text for one in load([mixed])}
    assert {"Hi\nHello", "Who?\nMe.", "Shorten this.\n\nA long text.\nA text.", "One?\nTwo."} <= texts
    [in_parts] = [one for one in load([mixed]) if one.text == "In\n\nparts\nNo.\nYes."]
    assert [message.weight for message in in_parts.messages] == [None, 0, 1]

    general.write_text('{"text": "no conversation"}\n')
    refused = call("mix", path, "--general", general, "-o", mixed)
    assert "Line 1" in refused.output
    assert "messages" in refused.output


@pytest.mark.parametrize(
    "message",
    [
        {"role": "tool", "content": "3"},
        {"role": "user", "content": [{"type": "image_url"}]},
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": "No.", "weight": -1},
        "Hi",
    ],
)
def test_a_conversation_with_a_message_that_is_not_trained_is_refused(
    tmp_path: Path, message: object
) -> None:
    general = tmp_path / "general.jsonl"
    reply = {"role": "assistant", "content": "Three."}
    general.write_text(json.dumps({"messages": [{"role": "user", "content": "Hi"}, message, reply]}))
    result = call("mix", written(tmp_path, record(0)), "--general", general, "-o", tmp_path / "out.jsonl")
    assert f"Line 1 of {general} cannot be trained: message 2 has the role" in result.output


def test_a_mixture_has_nothing_that_must_not_be_trained(tmp_path: Path) -> None:
    held_out = record(2, task=TaskLabel(name="k/2", kind="k", seed=2, split="held-out-kinds"))
    path, general = written(tmp_path, record(1), held_out), tmp_path / "general.jsonl"
    general.write_text(json.dumps({"prompt": TASKS[0].request, "response": "42"}) + "\n")
    output = done("mix", path, "--general", general, "-o", tmp_path / "mixed.jsonl")
    assert [one.id for one in load([tmp_path / "mixed.jsonl"])] == ["r1"]
    assert "1 dropped: held out (held-out-kinds)" in output
    assert "1 dropped: task of an evaluation suite (notebook)" in output


def test_a_model_keeps_what_it_says_about_other_things(tmp_path: Path) -> None:
    path, prompts = tmp_path / "general.jsonl", tmp_path / "prompts.txt"
    prompts.write_text('Why is the sky blue?\n{"prompt": "What is jazz?"}\n')
    with (
        ScriptedModel(["Because of the air.", "Music.", "Nothing"]) as model,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("JUPYTER_CODEACT_API_KEY", model.api_key)
        replay = ("replay", "--endpoint", model.url, "-o", path, "--prompts", prompts)
        assert "2 new" in done(*replay)
        assert "0 new" in done(*replay), "they are there already"
        assert len(model.requests) == 2
    assert [one.text for one in load([path])] == [
        "Why is the sky blue?\nBecause of the air.",
        "What is jazz?\nMusic.",
    ]


def test_held_out_tasks_that_lost_their_label_do_not_come_back(tmp_path: Path) -> None:
    def of(task: Task) -> Record:
        asked = ChatMessage(role="user", content=f"Task: {task.steps[0].task}\nThe notebook is empty.")
        reply = ChatMessage(role="assistant", content="I do.", weight=1)
        label = TaskLabel(name=task.name, kind=task.kind, seed=task.seed)
        return record(id=task.name, messages=[asked, reply], task=label)

    [kind], [parameters] = draw(1, split="held-out-kinds"), draw(1, split="held-out-parameters")
    paper, general, out = (tmp_path / f"{name}.jsonl" for name in ("paper", "general", "out"))
    done("export", written(tmp_path, of(kind), of(parameters)), "-o", paper, "--shape", "codeactinstruct")
    general.write_text('{"prompt": "What is jazz?", "response": "Music."}\n')
    (tmp_path / "records.jsonl").unlink()
    foreign = record(1, messages=of(kind).messages, task=TaskLabel(name="elsewhere"))
    acting = written(tmp_path, record(0), foreign)
    told = done("mix", acting, "--general", paper, "--general", general, "--ratio", 9, "-o", out)
    assert "2 dropped: held out (held-out-kinds)" in told
    assert "1 dropped: task with parameters, which may be held out" in told
    assert sorted(one.messages[0].content for one in load([out])) == ["Task: number 0.", "What is jazz?"]
    assert "1  held out (held-out-kinds)" in done("select", acting, "-o", out)
    without_seed = of(kind).model_copy(update={"task": TaskLabel(name="x", kind=kind.kind)})
    of_another_release = of(kind).model_copy(update={"id": "y", "task": TaskLabel(name="y", kind="earlier")})
    write(acting, [without_seed, of_another_release])
    assert "2  held out (held-out-kinds)" in done("select", acting, "-o", out)


@pytest.mark.parametrize("value", ['["a"]', "null", "1", '"a', "[" * 9999])
def test_a_file_of_prompts_without_prompts_gets_a_sentence(tmp_path: Path, value: str) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text(f'Why?\n{{"prompt": {value}}}\n')
    result = call("select", written(tmp_path, record()), "-o", tmp_path / "out", "--against", prompts)
    assert result.exit_code == 1
    assert f"Line 2 of {prompts} " in result.output


def test_every_kind_is_known_by_its_words() -> None:
    for kind in all_kinds():
        for seed in range(3):
            asked = [words_of(step.task) for step in kind.make(seed).steps]
            if split_of(kind.name, seed) == "held-out-kinds":
                assert kind_in(" ".join(asked)) == kind.name
            else:
                assert kind_in(" ".join(asked)) in (kind.name, None)  # of few words
    assert not any(kind_in(words_of(prompt)) for prompt in own_prompts())
    assert not any(map(kind_in, evaluation_requests()))
