"""Makes data, trains a model on it, and compares the model to its base: what training is worth here.

    python benchmarks/training.py FOLDER [--model smollm2-135m] [--method full] [--minutes 15] [--held-out 60]
        [--gsm8k CHECKOUT] [--humaneval CHECKOUT] [--mint CHECKOUT]

Every step goes on where it was interrupted, so the script may be killed and called again with the same
arguments. FOLDER gets the data, the tuned model with its learning curve, the comparison, and summary.json.
With checkouts of openai/grade-school-math and openai/human-eval the general loss is measured, on questions
and solutions of their test sets; the training questions of the first are then among the general prompts that
the model answers itself (``--replay``). It needs the extra ``train``, and for figures that mean anything a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

from jupyter_codeact.training.general import own_prompts

NAME = "benchmark"
_QUESTIONS, _EVERY = 150, 3
"""Questions of GSM8K whose answers' loss is measured, and every which function of HumanEval."""


def main() -> None:
    """Take the steps that have not been taken yet."""
    given = arguments()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["JUPYTER_DATA_DIR"] = str(folder / "jupyter")
    tuned = folder / "jupyter" / "codeact" / "tuned" / f"{given.model}+{NAME}"
    if not (tuned / "manifest.json").exists():
        data = make_data(folder, given)
        options = ["--method", given.method, "--minutes", given.minutes, "--epochs", given.epochs]
        options += ["--length", given.length, "--batch", given.batch, "--save-minutes", 2]
        options += ["--threads", given.threads] if given.threads else []
        options += ["--rate", given.rate] if given.rate else []
        options += ["--held-out", given.measured]
        call(folder, "train", "--model", given.model, "--data", data, "--name", NAME, *options)
    compared = folder / "compared"
    options = ["--general", test] if (test := write_general(folder, given)) else []
    options += ["--mint", given.mint, "--first", given.first] if given.mint else []
    options += kinds(given)
    options.append("--notebook" if given.notebook else "--no-notebook")
    call(folder, "train", "compare", tuned.name, "--output", compared, "--n", given.held_out, *options)
    manifest = json.loads((tuned / "manifest.json").read_text())
    summary = {key: manifest[key] for key in ("base", "method", "examples", "steps", "metrics", "computed")}
    summary["compared"] = json.loads((compared / "pairs.json").read_text())
    summary["load"] = os.getloadavg()
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    print(json.dumps(summary, indent=1))


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="smollm2-135m")
    data = parser.add_argument_group("data")
    data.add_argument("--tasks", type=int, default=1500, help="that the oracle plays")
    data.add_argument("--kind", action="append", default=[], help="of tasks; can be repeated")
    data.add_argument("--mistakes", type=float, default=0.2)
    data.add_argument("--looks", type=float, default=0.2)
    data.add_argument("--play", type=int, default=0, help="tasks that the model plays itself")
    data.add_argument("--per-kind", type=int, help="most trajectories of a kind")
    data.add_argument("--replay", type=int, default=140, help="general prompts that the model answers")
    data.add_argument("--ratio", type=float, default=0.35, help="general conversations for each trajectory")
    train = parser.add_argument_group("training")
    train.add_argument("--method", choices=["lora", "full"], default="lora")
    train.add_argument("--minutes", type=float, default=15)
    train.add_argument("--epochs", type=float, default=1)
    train.add_argument("--rate", type=float)
    train.add_argument("--length", type=int, default=2048)
    train.add_argument("--batch", type=int, default=8192)
    train.add_argument("--measured", type=float, default=0.01, help="share of the tasks that only measure")
    train.add_argument("--threads", type=int)
    compared = parser.add_argument_group("comparison")
    compared.add_argument("--held-out", type=int, default=60, help="tasks of each sort")
    compared.add_argument("--gsm8k", type=Path, help="checkout of openai/grade-school-math")
    compared.add_argument("--humaneval", type=Path, help="checkout of openai/human-eval")
    compared.add_argument("--mint", type=Path, help="checkout of xingyaoww/mint-bench")
    compared.add_argument("--first", type=int, default=20, help="tasks of it at most")
    compared.add_argument("--notebook", action="store_true", help="play the notebook suite, too")
    return parser.parse_args()


def make_data(folder: Path, given: argparse.Namespace) -> Path:
    """Play, choose, and mix with general conversations; return the file to train on."""
    played, chosen = [folder / "oracle.jsonl"], folder / "chosen.jsonl"
    ways = ["--mistakes", given.mistakes, "--looks", given.looks, *kinds(given)]
    call(folder, "data", "play", "--oracle", "--n", given.tasks, *ways, "-o", played[0])
    if given.play:
        played.append(folder / "own.jsonl")
        call(
            folder, "data", "play", "--model", given.model, "--n", given.play, *kinds(given), "-o", played[-1]
        )
    limit = ["--per-kind", given.per_kind] if given.per_kind else []
    if not chosen.exists():
        call(folder, "data", "select", *played, *limit, "-o", chosen)
    if not given.replay:
        return chosen
    prompts, general, mixed = folder / "prompts.txt", folder / "general.jsonl", folder / "mixed.jsonl"
    prompts.write_text("\n".join(general_prompts(given)) + "\n")
    asked = ["--model", given.model, "--prompts", prompts, "--n", given.replay, "--parallel", 4]
    call(folder, "data", "replay", *asked, "-o", general)
    if not mixed.exists():
        call(folder, "data", "mix", chosen, "--general", general, "--ratio", given.ratio, "-o", mixed)
    return mixed


def kinds(given: argparse.Namespace) -> list[str]:
    """Return the options that choose kinds."""
    return [option for name in given.kind for option in ("--kind", name)]


def general_prompts(given: argparse.Namespace) -> list[str]:
    """Return prompts for general conversations: of this project, and questions that GSM8K trains with."""
    own = own_prompts()
    if not given.gsm8k:
        return own[: given.replay]
    questions = [line["question"].replace("\n", " ") for line in gsm8k(given.gsm8k, "train")]
    pairs = zip(own, questions, strict=False)
    return [prompt for pair in pairs for prompt in pair][: given.replay]


def write_general(folder: Path, given: argparse.Namespace) -> Path | None:
    """Write conversations whose general loss is measured, of test sets that nothing was trained on."""
    pairs = []
    if given.gsm8k:
        for line in gsm8k(given.gsm8k, "test")[:_QUESTIONS]:
            pairs.append((line["question"], re.sub(r"<<[^>]*>>", "", line["answer"])))
    if given.humaneval:
        with gzip.open(given.humaneval / "data" / "HumanEval.jsonl.gz", "rt") as file:
            for line in list(map(json.loads, file))[::_EVERY]:
                code = f"```python\n{line['prompt']}{line['canonical_solution']}```"
                pairs.append((f"Complete this function.\n\n```python\n{line['prompt']}```", code))
    path = folder / "general-test.jsonl"
    lines = [json.dumps({"prompt": prompt, "response": response}) for prompt, response in pairs]
    path.write_text("\n".join(lines) + "\n")
    return path if pairs else None


def gsm8k(checkout: Path, part: str) -> list[dict[str, str]]:
    """Return GSM8K's questions with their answers, in an order of ours."""
    lines = (checkout / "grade_school_math" / "data" / f"{part}.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    random.Random(0).shuffle(found)
    return found


def call(folder: Path, *arguments: object) -> None:
    """Call the command line, and note how long it took; end with its exit code if it fails."""
    command = [sys.executable, "-m", "jupyter_codeact.cli", *map(str, arguments)]
    print("$", "jupyter codeact", *arguments, flush=True)
    begun = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    with (folder / "steps.jsonl").open("a") as file:
        step = {"call": " ".join(map(str, arguments)), "code": code, "seconds": time.monotonic() - begun}
        file.write(json.dumps(step) + "\n")
    if code:
        raise SystemExit(code)


if __name__ == "__main__":
    main()
