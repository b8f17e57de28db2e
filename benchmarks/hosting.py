"""The costs of CodeAct for a Jupyter server and a kernel.

Run with ``python benchmarks/hosting.py``; name sections to run only those.

lag
    The event-loop lag of a Jupyter Server while a local model writes to eight conversations, measured by a
    timer in the loop.
memory
    The memory of the default model's worker in a container of 2 GiB (as ``MEM_LIMIT`` says), after a prompt
    that nearly fills its context window: its own, and that mapped from the model's file (Linux).
import
    The time of ``%load_ext jupyter_codeact`` in a new process in which IPython already runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psutil

from jupyter_codeact.models.catalog import machine, store
from jupyter_codeact.models.catalog.catalog import DEFAULT_MODEL, Entry, find
from jupyter_codeact.models.engines.launch import llama_cpp
from jupyter_codeact.models.engines.local import LocalModel
from jupyter_codeact.models.engines.supervisor import Engine
from jupyter_codeact.models.open import open_model

LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "autoreload")  # the first extension has a cost of its own
begun = time.perf_counter()
shell.run_line_magic("load_ext", "jupyter_codeact")
print(time.perf_counter() - begun)
"""


def question() -> list[dict[str, str]]:
    """Return a conversation that is in no cache."""
    text = " ".join(secrets.token_hex(2) for _ in range(40))
    return [{"role": "user", "content": f"{text}\nWrite a very long story about these codes."}]


async def generate(model: Any, messages: list[Any], count: int) -> None:
    """Let the model write a reply."""
    async with aclosing(model.stream(messages, max_tokens=count)) as deltas:
        async for _ in deltas:
            pass


async def lag(name: str, conversations: int = 8, seconds: float = 40.0) -> None:
    """Measure the lag of a Jupyter Server's event loop while its model writes.

    As in the extension, the server's own process hosts the model, and its event loop reads each
    conversation's stream.
    """
    from jupyter_server.serverapp import ServerApp

    entry = find(name)
    lags: dict[str, list[float]] = {"idle": [], "writing": []}
    with tempfile.TemporaryDirectory() as folder:
        app = ServerApp(
            open_browser=False, root_dir=folder, port=0, allow_root=True, jpserver_extensions={}, log_level=50
        )
        app.initialize([], new_httpserver=True, starter_extension=None)
        model = LocalModel(
            Engine(llama_cpp(entry if isinstance(entry, Entry) else store.pull(entry), slots=2))
        )
        phase = "idle"
        stop = asyncio.Event()

        async def measure() -> None:
            while not stop.is_set():
                due = time.perf_counter() + 0.005
                await asyncio.sleep(0.005)
                lags[phase].append(1e3 * (time.perf_counter() - due))

        async def converse() -> None:
            while not stop.is_set():
                async with aclosing(model.stream(question(), max_tokens=100_000)) as deltas:
                    async for _ in deltas:
                        if stop.is_set():
                            break

        await generate(model, question(), 4)
        meter = asyncio.create_task(measure())
        await asyncio.sleep(seconds / 4)
        phase = "writing"
        work = [asyncio.create_task(converse()) for _ in range(conversations)]
        await asyncio.sleep(seconds)
        stop.set()
        await meter
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await model.close()
        app.http_server.stop()
    for kind, samples in lags.items():
        cuts = statistics.quantiles(samples, n=100)
        print(
            f"lag, {name}, {conversations} conversations, {kind}: "
            f"median {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms, n = {len(samples)}",
            flush=True,
        )


def memory_of(process: psutil.Process) -> tuple[float, float]:
    """Return the gigabytes of a process's own memory, and of that mapped from files."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    own, mapped = (int(fields[key].split()[0]) * 1024 / 1e9 for key in ("RssAnon", "RssFile"))
    return own, mapped


async def memory(name: str) -> None:
    """Measure a worker's memory with a limit of 2 GiB."""
    os.environ["MEM_LIMIT"] = str(2 << 30)
    model = open_model(name)
    await generate(model, [{"role": "user", "content": "word " * 6500 + "\nSay hello."}], 20)
    own, mapped = max(map(memory_of, psutil.Process().children(recursive=True)))
    await model.close()
    print(f"memory, {name}: {own:.2f} GB of its own, {mapped:.2f} GB mapped from files", flush=True)


def import_time(rounds: int = 15) -> None:
    """Measure the time to load the IPython extension."""
    took = []
    for _ in range(rounds):
        result = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
        took.append(1e3 * float(result.stdout.split()[-1]))
    low, middle, high = statistics.quantiles(took, n=4, method="inclusive")
    print(f"import: {middle:.0f} ms (quartiles {low:.0f} to {high:.0f}, n = {rounds})", flush=True)


async def main() -> None:
    """Run the chosen sections."""
    sections = ("lag", "memory", "import")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"{', '.join(sections)}; all by default"
    )
    parser.add_argument("--model", default="smollm2-135m", help="a model of the catalogue, for lag")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(sections):
        parser.error(f"There is no section {min(unknown)!r}; there are {', '.join(sections)}.")
    chosen = options.sections or sections
    print(f"{platform.platform()}, {machine.look().cores} cores, load {os.getloadavg()[0]:.1f}")
    if "import" in chosen:
        import_time()
    if "lag" in chosen:
        await lag(options.model)
    if "memory" in chosen:
        await memory(DEFAULT_MODEL)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
