"""Packed examples neither see nor lose anything, and the loss is that of the labelled tokens."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import transformers

from jupyter_codeact.training.finetune.examples import IGNORED, Example, read_conversations, tokenize
from jupyter_codeact.training.finetune.packing import LabelledLoss, Row, inputs, leaks, pack, steps_of

from .tiny import conversations, make_model, make_tokenizer, write_data


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    data = write_data(tmp_path_factory.mktemp("data") / "data.jsonl", conversations(12))
    return list(tokenize(make_tokenizer(), read_conversations([data]), 1000).examples)


@pytest.fixture
def model(tmp_path: Path) -> transformers.LlamaForCausalLM:
    return transformers.AutoModelForCausalLM.from_pretrained(make_model(tmp_path / "tiny"))


def test_each_example_is_in_one_row_and_no_row_is_too_long(examples: list[Example]) -> None:
    rows = pack(examples, 500)
    assert sorted(one.tokens for row in rows for one in row.examples) == sorted(
        one.tokens for one in examples
    )
    assert max(row.tokens for row in rows) <= 500
    assert len(rows) < len(examples)


def test_every_step_has_about_as_many_tokens_and_a_pass_has_every_row(examples: list[Example]) -> None:
    rows = pack(examples, 300)
    steps = steps_of(rows, 700, seed=3)
    assert sorted(map(id, rows)) == sorted(id(row) for step in steps for row in step)
    assert all(sum(row.tokens for row in step) <= 700 for step in steps)
    assert steps == steps_of(rows, 700, seed=3)
    assert steps != steps_of(rows, 700, seed=4)


def test_the_loss_is_that_of_the_labelled_tokens(examples: list[Example], model) -> None:
    example = examples[0]
    whole = model(input_ids=torch.tensor([example.tokens]), labels=torch.tensor([example.labels])).loss * sum(
        label != IGNORED for label in example.labels
    )
    ours = LabelledLoss(model)(**inputs(Row((example,)), "cpu"))
    assert ours.item() == pytest.approx(whole.item(), rel=1e-5)


def test_a_packed_row_has_the_loss_and_the_gradient_of_its_examples(examples: list[Example], model) -> None:
    loss = LabelledLoss(model)
    alone = sum(loss(**inputs(Row((each,)), "cpu")) for each in examples[:4])
    alone.backward()
    expected = {name: value.grad.clone() for name, value in model.named_parameters()}
    model.zero_grad()
    packed = loss(**inputs(Row(tuple(examples[:4])), "cpu"))
    packed.backward()
    assert packed.item() == pytest.approx(alone.item(), rel=1e-5)
    for name, value in model.named_parameters():
        assert torch.allclose(value.grad, expected[name], rtol=1e-3, atol=1e-5), name
    assert not leaks(loss, examples, "cpu")


class Remembering(torch.nn.Module):
    """A model with a state that goes on from one token to the next, as recurrent layers have."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(vocabulary, 16)
        self.state = torch.nn.GRU(16, 16, batch_first=True)
        self.head = torch.nn.Linear(16, vocabulary)

    def forward(self, input_ids, position_ids, logits_to_keep, use_cache):
        states, _ = self.state(self.embedding(input_ids))
        return SimpleNamespace(logits=8 * self.head(states[:, logits_to_keep]))


def test_a_model_that_carries_a_state_across_is_found_out(examples: list[Example]) -> None:
    assert leaks(LabelledLoss(Remembering(len(make_tokenizer()))), examples, "cpu")
