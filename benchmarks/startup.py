"""How long programs take to start, beside the first release and beside Lab without the extension.

    python benchmarks/startup.py FOLDER [--rounds 7] [SECTION ...]

Samples are taken in turns and kept in FOLDER; called again, it goes on. The sections:

run
    ``jupyter codeact run``, from the process' start to its first request at an endpoint.
load
    ``%load_ext jupyter_codeact`` in a new IPython.
lab
    ``jupyter lab``, from the process' start to its first page served, with the extension, with that of the
    first release, and without any.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from pairs import ROOT, table, take, worktree

sys.path.insert(0, str(ROOT))

from tests.scripted import ScriptedModel

RUN = "import sys; from jupyter_codeact.cli import main; sys.exit(main())"
LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "autoreload")  # the first extension has a cost of its own
begun = time.perf_counter()
shell.run_line_magic("load_ext", "jupyter_codeact")
print(time.perf_counter() - begun)
"""
SECTIONS = ("run", "load", "lab")


def around(tree: Path, home: str) -> dict[str, str]:
    """Return the environment of a program that finds the package in a tree, and its data in a new folder."""
    return {
        **os.environ,
        "PYTHONPATH": str(tree),
        "HOME": home,
        "JUPYTER_CODEACT_API_KEY": "none",
        "IPYTHONDIR": home,
    }


def run(tree: Path) -> dict[str, float]:
    """Measure a run on the command line."""
    with tempfile.TemporaryDirectory() as home, ScriptedModel() as model:
        asked: list[float] = []

        def reply(_messages: object) -> str:
            asked.append(time.perf_counter())
            return "It is 2."

        model.script([reply] * 3)
        environment = {**around(tree, home), "JUPYTER_CODEACT_API_KEY": model.api_key}
        command = [sys.executable, "-c", RUN, "run", "What is 1 + 1?", "--endpoint", model.url]
        begun = time.perf_counter()
        subprocess.run(command, cwd=home, env=environment, capture_output=True, timeout=300)
        return {"seconds": asked[0] - begun, "whole": time.perf_counter() - begun}


def load(tree: Path) -> dict[str, float]:
    """Measure the magic's extension."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-c", LOAD], cwd=home, env=around(tree, home), capture_output=True, check=True
        )
        return {"seconds": float(done.stdout.split()[-1])}


def lab(tree: Path, enabled: bool) -> dict[str, float]:
    """Measure Lab's start."""
    with tempfile.TemporaryDirectory() as home:
        with closing(socket.socket()) as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t"]
        command += [f"--ServerApp.jpserver_extensions={{'jupyter_codeact': {enabled}}}"]
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=home,
            env=around(tree, home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while not answers(f"http://127.0.0.1:{port}/lab?token=t"):
                if process.poll() is not None or time.perf_counter() - begun > 300:
                    raise RuntimeError("Lab did not start")
                time.sleep(0.01)
            return {"seconds": time.perf_counter() - begun}
        finally:
            process.terminate()
            process.wait()


def answers(url: str) -> bool:
    """Tell whether an address is served."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def main() -> None:
    """Measure the chosen sections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    first = worktree(options.folder)
    variants: dict[str, dict[str, Callable[[], dict[str, float]]]] = {
        "run": {"now": partial(run, ROOT), "first release": partial(run, first)},
        "load": {"now": partial(load, ROOT), "first release": partial(load, first)},
        "lab": {
            "now": partial(lab, ROOT, True),
            "first release": partial(lab, first, True),
            "bare Lab": partial(lab, ROOT, False),
        },
    }
    for section in options.sections or SECTIONS:
        samples = take(options.folder / f"startup-{section}.jsonl", options.rounds, variants[section])
        against = "bare Lab" if section == "lab" else "first release"
        print(f"\n{section}\n\n{table(samples, {'seconds': 'seconds'}, against)}\n")


if __name__ == "__main__":
    main()
