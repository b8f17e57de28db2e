"""All measurements of what a user waits for, one after the other, for a quiet machine.

    python benchmarks/waiting.py FOLDER [--minutes 60] [--source CHECKOUT-OF-CODE-ACT] [SECTION ...]

Everything is kept in FOLDER, and a second call goes on where the first stopped; no section begins after so
many minutes. The sections, the shortest first:

start
    `startup.py`: the command line, the magic and Lab, against the first release and bare Lab.
bare
    `models.py llama turns`: the default model's engine against xllamacpp's bare server.
answer
    Seconds to a finished answer on one endpoint: this agent and smolagents' CodeAgent, task by task of the
    notebook suite in turns.
cache
    `cache.py`: options of llama.cpp; with ``--source``, also tasks of M3ToolEval.
first
    `first_token.py`: the first word of a first question, in Lab in Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from pairs import spread

from jupyter_codeact.evaluation.records import load
from jupyter_codeact.evaluation.suites import open_suite
from jupyter_codeact.models.catalog.catalog import DEFAULT_MODEL
from jupyter_codeact.models.open import open_local

HERE = Path(__file__).parent
PROTOCOLS = ("agent", "smolagents")
TASKS = 12


def script(folder: Path, name: str, *arguments: str) -> None:
    """Run a script beside this one; what it says is shown and kept."""
    said = folder / f"{name}.txt"
    if said.exists():
        print(said.read_text())
        return
    command = [sys.executable, str(HERE / f"{name}.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode == 0:
        said.write_text("".join(lines))


async def answers(folder: Path) -> None:
    """Let both agents solve the same tasks on one endpoint."""
    suite = open_suite("notebook", None)
    names = [f"{case.family}/{case.name}" for case in await suite.cases()][:TASKS]
    await suite.close()
    model = open_local(DEFAULT_MODEL)
    try:
        address = await model.address()
        environment = {**os.environ, "JUPYTER_CODEACT_API_KEY": address.api_key or ""}
        run = "import sys; from jupyter_codeact.cli import main; sys.exit(main())"
        for number, name in enumerate(names):
            for protocol in PROTOCOLS if number % 2 == 0 else PROTOCOLS[::-1]:
                command = [sys.executable, "-c", run, "eval", "run", "--suite", "notebook"]
                command += ["--protocol", protocol, "--endpoint", address.url, "--strict"]
                command += ["--filter", f"^{re.escape(name)}$"]
                command += ["--output", str(folder / f"answers-{protocol}.jsonl")]
                process = await asyncio.create_subprocess_exec(*command, env=environment)
                await process.wait()
    finally:
        await model.close()
    print("\n| agent | solved | seconds to its answer | tokens |\n|---|---|---|---|")
    seconds: dict[str, dict[str, float]] = {}
    for protocol in PROTOCOLS:
        episodes = list(load([folder / f"answers-{protocol}.jsonl"]))
        seconds[protocol] = {episode.case.name: episode.seconds for episode in episodes}
        solved = sum(episode.played.strict for episode in episodes)
        tokens = [
            float(episode.played.prompt_tokens + episode.played.completion_tokens) for episode in episodes
        ]
        times = spread(list(seconds[protocol].values()))
        print(
            f"| {protocol} | {solved} of {len(episodes)} | {times} | {spread([float(n) for n in tokens])} |"
        )
    ours, theirs = (seconds[protocol] for protocol in PROTOCOLS)
    print(f"\nPaired, agent over smolagents: {spread([ours[n] / theirs[n] for n in ours if n in theirs])}")


def main() -> None:
    """Run the sections for which there is time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--source", type=Path, metavar="CHECKOUT")
    given = parser.parse_args()
    folder: Path = given.folder
    folder.mkdir(parents=True, exist_ok=True)
    tasks = ["--tasks", str(given.source)] if given.source else []
    sections = {
        "start": lambda: script(folder, "startup", str(folder)),
        "bare": lambda: script(folder, "models", "llama", "turns", "--model", DEFAULT_MODEL),
        "answer": lambda: asyncio.run(answers(folder)),
        "cache": lambda: script(folder, "cache", str(folder), *tasks),
        "first": lambda: script(folder, "first_token"),
    }
    unknown = set(given.sections) - set(sections)
    if unknown:
        parser.error(f"There is no section {', '.join(sorted(unknown))}; there are {', '.join(sections)}.")
    end = time.monotonic() + 60 * given.minutes
    for name in given.sections or sections:
        if time.monotonic() > end:
            print(f"No time for {name}; call this again.")
            continue
        print(f"\n== {name}, load {os.getloadavg()[0]:.1f}", flush=True)
        sections[name]()


if __name__ == "__main__":
    main()
