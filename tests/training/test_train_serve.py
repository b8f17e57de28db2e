"""What was trained runs in both engines, on its own base and on no other."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
from pathlib import Path
from threading import Event

import httpx
import peft
import pytest
import torch
import transformers
from click.testing import CliRunner

from jupyter_codeact.agent.contracts import ModelError
from jupyter_codeact.cli import main
from jupyter_codeact.models.catalog import auto
from jupyter_codeact.models.catalog.catalog import find
from jupyter_codeact.models.catalog.machine import look
from jupyter_codeact.models.catalog.tuned import Tuned, all_tuned, find_tuned, root
from jupyter_codeact.models.engines.launch import launch
from jupyter_codeact.models.engines.transformers.loading import load
from jupyter_codeact.models.engines.transformers.settings import TransformersOptions
from jupyter_codeact.models.open import open_local
from jupyter_codeact.training.finetune import results
from jupyter_codeact.training.finetune.errors import TrainingError
from jupyter_codeact.training.finetune.export import BaseFile, export_model
from jupyter_codeact.training.finetune.loop import Report, read_log
from jupyter_codeact.training.finetune.options import TrainingOptions
from jupyter_codeact.training.finetune.train import train
from jupyter_codeact.training.finetune.weights import find_base, unpack

from .tiny import conversations, make_model, write_data

MESSAGES = [{"role": "user", "content": "cats = [3, 5]\nWhat is the max of cats?"}]
FEW = TrainingOptions(steps=4, batch=600, length=300, rate=2e-3, dtype="float32", held_out=0.0)


@pytest.fixture(autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.getbasetemp() / "tuned-models"))
        yield


def tune(
    model: Path | str, name: str, folder: Path, options: TrainingOptions, source: Path | None = None
) -> Tuned:
    base = find_base(str(model))
    data = write_data(folder / "data.jsonl", conversations(60))
    target = root() / f"{base.name}+{name}"
    return train(base, source or unpack(base), [data], target, options, source=str(source or ""), on_cpu=True)


@pytest.fixture(scope="module")
def unpacked(smollm2: Path) -> Path:
    return unpack(find_base("smollm2-135m"))


@pytest.fixture(scope="module")
def f16(smollm2: Path, unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return SmolLM2 in half precision, where llama.cpp computes almost what transformers does."""
    target = tmp_path_factory.mktemp("f16") / "small.gguf"
    export_model(BaseFile(smollm2, unpacked), target, "f16", weights=unpacked)
    return target


@pytest.fixture(scope="module")
def tuned(f16: Path, unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """Return SmolLM2 after 2,000 tokens, which take ten seconds on a core."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.getbasetemp() / "tuned-models"))
        options = TrainingOptions(
            steps=4, batch=500, length=256, rate=5e-4, held_out=0.1, checkpointing=False
        )
        return tune(f16, "tasks", tmp_path_factory.mktemp("data"), options, source=unpacked)


def test_the_untouched_model_is_exported_byte_for_byte(smollm2: Path, unpacked: Path, tmp_path: Path) -> None:
    same = export_model(BaseFile(smollm2, unpacked), tmp_path / "same.gguf", "same", weights=unpacked)
    assert same == 1.0
    exported = hashlib.sha256((tmp_path / "same.gguf").read_bytes()).hexdigest()
    assert exported == find("smollm2-135m").files[0].sha256


@pytest.mark.model
def test_the_loss_on_held_out_tasks_is_at_least_halved(tuned: Tuned) -> None:
    metrics = tuned.manifest.metrics
    assert metrics["best_loss"] <= metrics["loss"] / 2


def log_probabilities(tuned_or_file: str, count: int = 5) -> dict[int, float]:
    """Ask llama.cpp for the likeliest first tokens of a reply."""

    async def ask() -> dict[int, float]:
        model = open_local(tuned_or_file)
        try:
            address = await model.address()
            request = {"messages": MESSAGES, "max_tokens": 1, "temperature": 0, "logprobs": True}
            async with httpx.AsyncClient(timeout=300) as client:
                answer = await client.post(
                    f"{address.url}/chat/completions",
                    json=request | {"top_logprobs": count},
                    headers={"Authorization": f"Bearer {address.api_key}"},
                )
            tops = answer.json()["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
            return {top["id"]: top["logprob"] for top in tops}
        finally:
            await model.close()

    return asyncio.run(ask())


def expected(weights: Path, adapter: Path | None) -> torch.Tensor:
    """Return the log-probabilities of a reply's first token, from transformers and peft in float32."""
    model = transformers.AutoModelForCausalLM.from_pretrained(weights, dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights)
    if adapter:
        model = peft.PeftModel.from_pretrained(model, adapter)
    tokens = tokenizer.apply_chat_template(
        MESSAGES, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        return model(**tokens).logits[0, -1].log_softmax(-1)


@pytest.mark.model
def test_llama_cpp_with_the_adapter_gives_the_probabilities_of_transformers(
    tuned: Tuned, unpacked: Path, tmp_path: Path
) -> None:
    truth = expected(unpacked, tuned.folder / "adapter")
    before = expected(unpacked, None)
    served = log_probabilities(tuned.name)
    results.to_gguf(tuned, tmp_path / "merged.gguf", "f16")
    merged = log_probabilities(str(tmp_path / "merged.gguf"))
    assert len(served) == len(merged) == 5
    for found in (served, merged):
        for token, value in found.items():
            assert value == pytest.approx(truth[token].item(), abs=0.02)
    assert max(abs(before[token].item() - value) for token, value in served.items()) > 0.1


def test_an_adapter_runs_on_no_other_base(tuned: Tuned, f16: Path, smollm2: Path) -> None:
    aside = f16.with_suffix(".aside")
    f16.rename(aside)
    shutil.copyfile(smollm2, f16)  # the same model, rounded to four bits
    try:
        with pytest.raises(ModelError, match=r"small\+tasks was trained on another model than small\.gguf"):
            asyncio.run(open_local(tuned.name).start())
    finally:
        aside.replace(f16)


def test_a_tuned_model_is_named_by_auto_and_by_its_base(tuned: Tuned, tmp_path: Path) -> None:
    (root() / "smollm2-135m+unfinished").mkdir()
    assert [one.name for one in all_tuned("small")] == ["small+tasks"]
    assert find_tuned("small+tasks").words.startswith("an adapter (LoRA), trained 20")
    with pytest.raises(ModelError, match="Its training is not finished"):
        find_tuned("smollm2-135m+unfinished")
    with pytest.raises(ModelError, match=r"There are small\+tasks"):
        open_local("small+nothing")
    copy = root() / "qwen2.5-coder-1.5b+mine"
    shutil.copytree(tuned.folder, copy)
    manifest = (copy / "manifest.json").read_text()
    (copy / "manifest.json").write_text(manifest.replace('"name": "small"', '"name": "qwen2.5-coder-1.5b"'))
    machine = look().model_copy(update={"memory": 16 * 10**9, "free": 16 * 10**9, "llama_missing": ""})
    why = auto.choose(machine, lambda model: model.name == "qwen2.5-coder-1.5b").why
    assert "You have tuned it: choose qwen2.5-coder-1.5b+mine" in why
    find_tuned(copy.name).remove()
    assert [one.name for one in all_tuned()] == ["small+tasks"]


def first_token(folder: Path, adapter: Path | None) -> torch.Tensor:
    """Return the logits of a reply's first token, from the engine's own loader."""
    settings = {"path": str(folder), "name": folder.name, "api_key": "", "context": 512, "options": {}}
    loaded = load(settings, TransformersOptions(adapter=str(adapter) if adapter else None), lambda _: None)
    tokens = loaded.tokenizer.apply_chat_template(
        MESSAGES, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        return loaded.model(**tokens).logits[0, -1].log_softmax(-1)


def test_the_transformers_engine_puts_an_adapter_on_its_base_and_on_no_other(tmp_path: Path) -> None:
    one, other = make_model(tmp_path / "one"), make_model(tmp_path / "other", seed=1)
    wide = make_model(tmp_path / "wide", hidden=64)
    tuned = tune(one, "it", tmp_path, FEW)
    adapter = tuned.folder / "adapter"
    assert torch.allclose(first_token(one, adapter), expected(one, adapter), atol=1e-4)
    assert not torch.allclose(first_token(one, adapter), first_token(one, None), atol=1e-2)
    with pytest.raises(ValueError, match=r"was trained on one .* and other is another model"):
        first_token(other, adapter)
    (adapter / "base.json").unlink()  # an adapter from elsewhere does not say what it is of
    with pytest.raises(ValueError, match="does not fit wide"):
        first_token(wide, adapter)
    with pytest.raises(ValueError, match="no PEFT adapter"):
        first_token(one, tmp_path)


def test_an_adapter_that_was_swapped_for_one_of_another_base_does_not_run(tmp_path: Path) -> None:
    tuned = tune(make_model(tmp_path / "one"), "own", tmp_path, FEW)
    foreign = tune(make_model(tmp_path / "another", seed=1), "own", tmp_path, FEW)
    files = launch(tuned).files
    assert files.fetch(lambda *_: None, Event()) == (tmp_path / "one").resolve()
    name = "adapter/adapter_model.safetensors"
    shutil.copyfile(foreign.folder / name, tuned.folder / name)
    with pytest.raises(
        ModelError, match=r"adapter_model\.safetensors of one\+own is not the file that was trained"
    ):
        files.fetch(lambda *_: None, Event())
    with pytest.raises(ModelError, match="is not the file that was trained"):
        results.to_folder(tuned, tmp_path / "out")
    (tuned.folder / name).unlink()
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        files.fetch(lambda *_: None, Event())


def test_weights_of_another_place_are_tied_by_their_hash(tmp_path: Path) -> None:
    one, full = make_model(tmp_path / "one"), make_model(tmp_path / "full")
    tuned = tune(one, "far", tmp_path, FEW, source=full)
    results.to_folder(tuned, tmp_path / "merged")

    def interrupt(report: Report) -> None:
        if report.step == 1:
            raise KeyboardInterrupt

    base, data, target = find_base(str(one)), tmp_path / "data.jsonl", root() / "one+begun"
    arguments = (base, full, [data], target, FEW)
    with pytest.raises(KeyboardInterrupt):
        train(*arguments, source=str(full), on_cpu=True, save_minutes=0, report=interrupt)
    make_model(full, seed=1)
    with pytest.raises(TrainingError, match="begun with another --from"):
        train(*arguments, source=str(full), on_cpu=True)
    with pytest.raises(TrainingError, match=r"one\+far was trained on other weights than are in .*full now"):
        results.to_folder(tuned, tmp_path / "again")


def test_weights_of_another_model_are_refused_before_the_training(
    smollm2: Path, unpacked: Path, tmp_path: Path
) -> None:
    BaseFile(smollm2, unpacked).check()
    other = make_model(tmp_path / "other")
    with pytest.raises(TrainingError, match=r"another model|different models"):
        tune("smollm2-135m", "mixed", tmp_path, FEW, source=other)
    assert not (root() / "smollm2-135m+mixed" / "plan.json").exists()


def test_a_file_with_a_plus_in_its_name_can_be_trained(tmp_path: Path) -> None:
    (file := tmp_path / "llama+chat.gguf").write_bytes(b"GGUF")
    assert find_base(str(file)).name == "llama-chat"


def test_a_training_that_goes_on_measures_as_often_as_was_planned(tmp_path: Path) -> None:
    one = make_model(tmp_path / "one")
    base, data, target = find_base(str(one)), write_data(tmp_path / "data.jsonl", conversations(60)), root()
    options = FEW.model_copy(update={"steps": 12, "minutes": 60.0, "held_out": 0.1})

    def interrupt(report: Report) -> None:
        if report.step == 5:
            raise KeyboardInterrupt

    arguments = (base, one, [data], target / "one+measured", options)
    with pytest.raises(KeyboardInterrupt):
        train(*arguments, on_cpu=True, save_minutes=0, report=interrupt)
    file = target / "one+measured" / "last" / "state.pt"
    kept = torch.load(file, weights_only=True)
    kept["state"]["evaluations"] = 2  # as few as a slow machine has time for
    torch.save(kept, file)
    tuned = train(*arguments, on_cpu=True)
    measured = [line["step"] for line in read_log(tuned.folder) if "held_out" in line]
    assert [step for step in measured if step > 5] == [6, 12]


def test_a_training_without_time_takes_a_step_and_says_what_it_has_seen(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data.jsonl", conversations(60))
    command = ["train", "--model", str(make_model(tmp_path / "one")), "--data", str(data), "--cpu"]
    more = ["--name", "hurried", "--minutes", "0.0001", "--batch", "600", "--held-out", "0.2"]
    ran = CliRunner().invoke(main, [*command, *more], env={"HF_HUB_OFFLINE": "1"}, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert re.search(r"In this time it has seen \d+% of the data; more --minutes let it see", ran.output)
    tuned = find_tuned("one+hurried")
    assert json.loads((tuned.folder / "manifest.json").read_text())["steps"]["done"] == 1
    assert [line["step"] for line in read_log(tuned.folder)] == [0, 1, 1]


def test_all_weights_can_be_trained_and_exported_as_a_folder(tmp_path: Path) -> None:
    one = make_model(tmp_path / "one")
    tuned = tune(one, "whole", tmp_path, FEW.model_copy(update={"method": "full"}))
    assert "all weights" in tuned.words
    results.to_folder(tuned, tmp_path / "out")
    assert not torch.allclose(expected(tmp_path / "out", None), expected(one, None), atol=1e-2)
    adapter = tune(one, "adapter", tmp_path, FEW)
    results.to_folder(adapter, tmp_path / "merged")
    assert torch.allclose(
        expected(tmp_path / "merged", None), expected(one, adapter.folder / "adapter"), atol=1e-3
    )


def test_a_training_that_does_not_fit_into_memory_is_refused_before_it_begins(tmp_path: Path) -> None:
    one = make_model(tmp_path / "one")
    config = json.loads((one / "config.json").read_text())
    (one / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 10**9}))
    with pytest.raises(TrainingError, match=r"The memory does not suffice .* Use a shorter --length"):
        tune(one, "big", tmp_path, FEW.model_copy(update={"length": 10**9}))
