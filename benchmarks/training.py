"""Makes data, trains a model on it, and compares the model to its base: what training is worth here.

    python benchmarks/training.py FOLDER [--model smollm2-135m] [--tasks 500] [--minutes 20] [--held-out 30]

Every step goes on where it was interrupted, so the script may be killed and called again with the same
arguments. FOLDER gets the data, the tuned model with its learning curve, the comparison, and summary.json.
``--method full`` trains all weights; ``--general FILE`` measures a general loss, too. It needs the extra
``train``, and for figures that mean anything a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

NAME = "benchmark"


def main() -> None:
    """Take the steps that have not been taken yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--method", choices=["lora", "full"], default="lora")
    parser.add_argument("--tasks", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--held-out", type=int, default=30)
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--batch", type=int, default=8192)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--general", type=Path)
    parser.add_argument("--notebook", action="store_true", help="play the notebook suite, too")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["JUPYTER_DATA_DIR"] = str(folder / "jupyter")
    played, chosen = folder / "played.jsonl", folder / "chosen.jsonl"
    call(folder, "data", "play", "--oracle", "--n", given.tasks, "-o", played)
    if not chosen.exists():
        call(folder, "data", "select", played, "-o", chosen)
    tuned = folder / "jupyter" / "codeact" / "tuned" / f"{given.model}+{NAME}"
    if not (tuned / "manifest.json").exists():
        options = ["--method", given.method, "--minutes", given.minutes, "--epochs", 3]
        options += ["--length", given.length, "--batch", given.batch, "--save-minutes", 2]
        options += ["--threads", given.threads] if given.threads else []
        call(folder, "train", "--model", given.model, "--data", chosen, "--name", NAME, *options)
    compared = folder / "compared"
    options = ["--general", given.general] if given.general else []
    options.append("--notebook" if given.notebook else "--no-notebook")
    call(folder, "train", "compare", tuned.name, "--output", compared, "--n", given.held_out, *options)
    manifest = json.loads((tuned / "manifest.json").read_text())
    summary = {key: manifest[key] for key in ("base", "method", "examples", "steps", "metrics", "computed")}
    summary["compared"] = json.loads((compared / "pairs.json").read_text())
    summary["load"] = os.getloadavg()
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    print(json.dumps(summary, indent=1))


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
