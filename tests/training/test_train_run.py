"""A training from the command line: its result, a kill in the middle, and what users get wrong."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeact.training.finetune.errors import TrainingError
from jupyter_codeact.training.finetune.options import TrainingOptions
from jupyter_codeact.training.finetune.train import train
from jupyter_codeact.training.finetune.weights import find_base

from .tiny import conversations, make_model, write_data

TRAIN = [sys.executable, "-m", "jupyter_codeact.cli", "train"]
OPTIONS = ["--cpu", "--threads", "1", "--dtype", "float32", "--length", "300", "--batch", "600"]


class Trainer:
    """Calls the command with a user's data folder of its own, which has a model and data for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = make_model(folder / "tiny")
        self.data = write_data(folder / "data.jsonl", conversations(60))
        self.environment = os.environ | {"JUPYTER_DATA_DIR": str(folder / "jupyter"), "COLUMNS": "200"}

    def command(self, name: str, *more: str) -> list[str]:
        given = ["--model", str(self.model), "--data", str(self.data), "--name", name]
        return [*TRAIN, *given, *OPTIONS, *more]

    def run(self, name: str, *more: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(name, *more), env=self.environment, capture_output=True, text=True, **options
        )

    def refusal(self, name: str, **options: Any) -> str:
        """Return why a training is refused, which is told before anything is loaded."""
        chosen = TrainingOptions(dtype="float32", length=300, batch=600, **options)
        base = find_base(str(self.model))
        with pytest.raises(TrainingError) as refused:
            train(base, self.model, [self.data], self.tuned(name), chosen, on_cpu=True)
        return str(refused.value)

    def tuned(self, name: str) -> Path:
        return self.folder / "jupyter" / "codeact" / "tuned" / f"tiny+{name}"

    def manifest(self, name: str) -> dict[str, Any]:
        return json.loads((self.tuned(name) / "manifest.json").read_text())

    def weights(self, name: str) -> bytes:
        return (self.tuned(name) / "adapter" / "adapter_model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    return Trainer(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def finished(trainer: Trainer) -> Trainer:
    """Return it with a model that was trained without an interruption, ``whole``."""
    ran = trainer.run("whole", "--steps", "12")
    assert ran.returncode == 0, ran.stderr
    assert "tiny+whole: an adapter (LoRA)" in ran.stdout
    assert "step 12 of 12" in ran.stderr
    return trainer


def test_the_result_has_a_manifest_with_all_that_repeats_it_and_a_curve(finished: Trainer) -> None:
    manifest = finished.manifest("whole")
    assert manifest["base"]["reference"] == str(finished.model)
    assert manifest["data"][0]["file"] == "data.jsonl"
    assert manifest["options"]["steps"] == 12
    assert manifest["options"]["rate"] == 2e-4
    assert manifest["examples"]["learned"] + manifest["examples"]["held_out"] == 60
    assert manifest["steps"]["done"] == 12
    assert manifest["metrics"]["best_loss"] < manifest["metrics"]["loss"]
    assert {"torch", "transformers", "peft"} <= manifest["versions"].keys()
    assert set(manifest["files"]) == {"adapter/adapter_model.safetensors"}
    curve = (finished.tuned("whole") / "curve.svg").read_text()
    assert curve.count("<circle") == 13
    assert "held-out tasks" in curve
    assert not list(finished.tuned("whole").glob("*/state.pt"))


def test_a_training_that_is_killed_goes_on_to_the_same_weights(finished: Trainer) -> None:
    with subprocess.Popen(
        finished.command("killed", "--steps", "12", "--save-minutes", "0"),
        env=finished.environment,
        stderr=subprocess.DEVNULL,
    ) as process:
        log = finished.tuned("killed") / "log.jsonl"
        while not (log.exists() and '"step": 5' in log.read_text()):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (finished.tuned("killed") / "manifest.json").exists()
    assert "begun with another --steps." in finished.refusal("killed", steps=13)
    ran = finished.run("killed", "--steps", "12", "--save-minutes", "0")
    assert ran.returncode == 0, ran.stderr
    assert finished.weights("killed") == finished.weights("whole")
    steps = [json.loads(line)["step"] for line in log.read_text().splitlines() if "loss" in json.loads(line)]
    assert steps == list(range(1, 13))


def test_a_name_that_is_taken_is_not_trained_over(finished: Trainer) -> None:
    before = finished.weights("whole")
    assert "There is a tuned model tiny+whole already." in finished.refusal("whole", steps=12)
    assert finished.weights("whole") == before
    ran = finished.run("whole", "--restart", "--data", "nothing.jsonl")
    assert "nothing.jsonl" in ran.stderr
    assert finished.weights("whole") == before


def test_two_processes_compute_what_one_does(finished: Trainer) -> None:
    ran = finished.run("both", "--steps", "12", "--processes", "2")
    assert ran.returncode == 0, ran.stderr
    one, two = finished.manifest("whole"), finished.manifest("both")
    assert two["computed"]["processes"] == 2
    assert two["metrics"]["best_loss"] == pytest.approx(one["metrics"]["best_loss"], abs=1e-3)


def test_a_full_disk_gets_a_sentence_and_nothing_half_written_stays(finished: Trainer) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    ran = finished.run("full", "--steps", "12", preexec_fn=small_files)
    assert ran.returncode == 1
    assert "is full, and what was being written is removed" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(finished.tuned("full").rglob("*.safetensors"))
