"""Conversations become tokens, with a label where the model is to learn and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.training.finetune.errors import TrainingError
from jupyter_codeact.training.finetune.examples import (
    IGNORED,
    Example,
    read_conversations,
    split,
    tokenize,
)
from jupyter_codeact.training.tasks import draw

from .tiny import TEMPLATE, conversations, make_tokenizer, write_data

[HELD_OUT] = draw(1, split="held-out-kinds")
REWRITES = TEMPLATE.replace(
    "{{ message.content }}",
    "{{ message.content if loop.last else message.content.split('</think>')[-1] }}",
)


def examples_of(
    tmp_path: Path, records: list[dict[str, Any]], *, length: int = 1000, template: str = TEMPLATE
):
    data = write_data(tmp_path / "data.jsonl", records)
    return tokenize(make_tokenizer(template), read_conversations([data]), length)


def labelled(example: Example) -> str:
    return make_tokenizer().decode([label for label in example.labels if label != IGNORED])


def chat(*turns: str, **weights: float) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    for index, text in enumerate(turns):
        messages.append({"role": "assistant" if index % 2 else "user", "content": text})
        if (weight := weights.get(f"at{index}")) is not None:
            messages[-1]["weight"] = weight
    return {"messages": messages}


def test_replies_are_labelled_with_their_end_and_nothing_else_is(tmp_path: Path) -> None:
    (example,) = examples_of(tmp_path, conversations(1)).examples
    record = conversations(1)[0]
    replies = [message["content"] for message in record["messages"] if message["role"] == "assistant"]
    assert labelled(example) == "".join(f"{reply}<|im_end|>" for reply in replies)
    assert len(example.tokens) == len(example.labels)
    assert all(label in (IGNORED, token) for token, label in zip(example.tokens, example.labels, strict=True))


def test_the_end_token_is_labelled_though_it_pads(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    (example,) = examples_of(tmp_path, [chat("a", "b")]).examples
    assert example.labels[-1] == tokenizer.eos_token_id


def test_a_reply_of_weight_zero_is_context(tmp_path: Path) -> None:
    (example,) = examples_of(tmp_path, [chat("a", "wrong", "no", "right", at1=0.0)]).examples
    assert labelled(example) == "right<|im_end|>"
    assert "wrong" in make_tokenizer().decode(example.tokens)


def test_a_reply_that_begins_with_white_space_is_labelled_whole(tmp_path: Path) -> None:
    (example,) = examples_of(tmp_path, [chat("a", "\n\n  b")]).examples
    assert labelled(example).endswith("b<|im_end|>")


def test_half_a_character_does_not_break_the_tokenizer(tmp_path: Path) -> None:
    (example,) = examples_of(tmp_path, [chat("a \ud83d", "b \ud83d")]).examples
    assert labelled(example).startswith("b ")


def test_a_long_conversation_ends_with_the_last_reply_that_fits(tmp_path: Path) -> None:
    whole = examples_of(tmp_path, [chat("a", "first", "more", "second " * 50)]).examples[0]
    taken = examples_of(tmp_path, [chat("a", "first", "more", "second " * 50)], length=60)
    (example,) = taken.examples
    assert labelled(example) == "first<|im_end|>"
    assert example.tokens == whole.tokens[: len(example.tokens)]
    assert (taken.shortened, taken.left_out) == (1, 0)
    assert examples_of(tmp_path, [chat("a " * 90, "first")], length=60).left_out == 1


def test_a_template_that_rewrites_earlier_replies_makes_an_example_of_each(tmp_path: Path) -> None:
    record = chat("a", "<think>hm</think>b", "c", "<think>so</think>d")
    found = examples_of(tmp_path, [record], template=REWRITES).examples
    assert [labelled(example) for example in found] == [
        "<think>hm</think>b<|im_end|>",
        "<think>so</think>d<|im_end|>",
    ]
    assert "hm" not in make_tokenizer().decode(found[1].tokens)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (
            TEMPLATE.replace("{% if add_generation_prompt %}", "{% if add_generation_prompt %}?"),
            "another way",
        ),
        ("{{ raise_exception('system messages are not supported') }}", "system messages are not supported"),
        (TEMPLATE.replace("{{ message.content }}", ""), "leaves out what a reply says"),
        ("", "no chat template"),
    ],
)
def test_a_template_that_does_not_do_gets_a_sentence(tmp_path: Path, template: str, sentence: str) -> None:
    with pytest.raises(TrainingError, match=sentence):
        examples_of(tmp_path, [chat("a", "b")], template=template)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "nothing to learn from"),
        ("{", "Line 1 of .* is no JSON"),
        ('{"text": "a"}', "Line 1 of .* is no conversation"),
        ('{"messages": [{"role": "tool", "content": "a"}]}', "is no conversation"),
        (json.dumps(chat("a", "b") | {"task": {"split": "held-out-kinds"}}), "held-out-kinds tasks"),
        (json.dumps(chat(HELD_OUT.steps[0].task, "b")), "held-out-kinds tasks"),
        (json.dumps(chat("a", "b") | {"task": {"kind": HELD_OUT.kind, "seed": 1}}), "held-out-kinds tasks"),
        ('{"messages": ' + "[" * 100_000, "is no JSON"),
        ('{"messages": [{"role": "assistant", "content": "a", "weight": -1}]}', "of a reply is 0 or 1"),
        ('{"messages": [{"role": "assistant", "content": "a", "weight": NaN}]}', "of a reply is 0 or 1"),
        (json.dumps(chat("a", "b") | {"schema": 2}), "record of schema 2, and this release reads schema 1"),
    ],
)
def test_data_that_cannot_be_used_gets_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(content)
    with pytest.raises(TrainingError, match=sentence):
        read_conversations([data])


def test_data_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nothing\.jsonl cannot be read: No such file"):
        read_conversations([tmp_path / "nothing.jsonl"])


def test_a_record_counts_once_however_often_it_is_there(tmp_path: Path) -> None:
    assert len(examples_of(tmp_path, [*conversations(3), *conversations(3)]).examples) == 3


def test_numbers_that_others_gave_their_lines_make_none_the_same(tmp_path: Path) -> None:
    files = []
    for name, words in (("a", "Hello."), ("b", "Good day.")):
        messages = [{"role": "user", "content": words}, {"role": "assistant", "content": f"{words} You too."}]
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text(json.dumps({"id": "1", "messages": messages}) + "\n")
    assert len(read_conversations(files)) == 2


def test_examples_of_one_task_are_on_one_side_whatever_else_there_is() -> None:
    def example(number: int, group: int) -> Example:
        return Example((number,), (number,), str(group), "oracle")

    few = [example(number, number // 3) for number in range(90)]
    more = [*few, *(example(number, number // 3) for number in range(90, 120))]
    learned, held_back = split(few, 0.2, 7)
    assert {one.group for one in learned}.isdisjoint(one.group for one in held_back)
    assert len(held_back) == 18
    assert split(few[:27], 0.2, 7)[1] == []
    again = split(more, 0.2, 7)[1]
    assert {one.group for one in held_back} & {one.group for one in again}
