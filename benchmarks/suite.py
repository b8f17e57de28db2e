"""Runs the Python and browser tests again and again, and shows what failed and how long each run took.

    python benchmarks/suite.py FOLDER [--runs 10] [-- PYTEST ARGUMENTS]

Each run is the call that `make test` makes, ``pytest -n 3``, unless other arguments are given. Its output is
kept in FOLDER/run-N.log and its outcome in FOLDER/runs.jsonl; called again with the same folder, it goes on
with the next run. To be called in an environment that `make test` has set up.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+(?:\[.*?\])?)", re.M)


def play(log: Path, arguments: list[str]) -> dict[str, Any]:
    """Run the tests once, and return what came of it."""
    begun, load = time.time(), os.getloadavg()[0]
    with log.open("wb") as file:
        command = [sys.executable, "-m", "pytest", *arguments]
        code = subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT).returncode
    text = log.read_text(errors="replace")
    closing = text.rstrip().rpartition("\n")[2]
    return {
        "code": code,
        "closing": closing.strip("= "),
        "passed": sum(int(count) for count, what in COUNT.findall(closing) if what == "passed"),
        "failed": sorted(set(FAILED.findall(text))),
        "seconds": round(time.time() - begun),
        "load": [round(load, 1), round(os.getloadavg()[1], 1)],
    }


def table(runs: list[dict[str, Any]]) -> str:
    """Return the runs as Markdown, with the machine's load: of the minute before, of the last five."""
    lines = ["| run | passed | failed | seconds | load before, at the end |", "|---|---|---|---|---|"]
    for number, run in enumerate(runs, 1):
        failed = ", ".join(run["failed"]) or ("none" if run["code"] == 0 else run["closing"])
        before, end = run["load"]
        lines.append(f"| {number} | {run['passed']} | {failed} | {run['seconds']} | {before}, {end} |")
    clean = sum(run["code"] == 0 for run in runs)
    return "\n".join([*lines, "", f"{clean} of {len(runs)} runs without a failure."])


def main() -> None:
    """Run the tests until there are so many runs, and show them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    words = [*sys.argv[1:], "--"]
    middle = words.index("--")
    asked, arguments = parser.parse_args(words[:middle]), words[middle + 1 : -1] or ["-n", "3"]
    asked.folder.mkdir(parents=True, exist_ok=True)
    record = asked.folder / "runs.jsonl"
    runs = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    while len(runs) < asked.runs:
        run = play(asked.folder / f"run-{len(runs) + 1}.log", arguments)
        runs.append(run)
        with record.open("a") as file:
            file.write(json.dumps(run) + "\n")
        print(f"Run {len(runs)}: {run['closing']}", flush=True)
    print(table(runs))


if __name__ == "__main__":
    main()
