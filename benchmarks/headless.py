"""The overhead of a cell in a headless notebook over a bare `jupyter_client` execute in the same kernel.

The two alternate, so that both run under the same load. Run with ``python benchmarks/headless.py``.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_codeact.notebooks.headless import HeadlessNotebook

PAIRS = 200
SOURCES = {"assignment": "x = 1", "print": "print('hello')", "expression": "list(range(20))"}


async def bare_execute(client: AsyncKernelClient, source: str) -> None:
    """Execute, and read all messages up to the reply and the idle status."""
    request = client.execute(source)
    while True:
        message = await client.get_iopub_msg(timeout=None)
        mine = message["parent_header"].get("msg_id") == request
        if mine and message["content"].get("execution_state") == "idle":
            break
    while (await client.get_shell_msg(timeout=None))["parent_header"].get("msg_id") != request:
        pass


async def main() -> None:
    """Measure and print milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        async with HeadlessNotebook(output=Path(folder, "bench.ipynb")) as notebook:
            client = notebook._kernel._client
            for name, source in SOURCES.items():
                samples: dict[str, list[float]] = {"bare": [], "run_cell": [], "write_cell + run_cell": []}
                cell = await notebook.write_cell(source)
                for _ in range(PAIRS):
                    await notebook.save()
                    started = time.perf_counter()
                    await bare_execute(client, source)
                    samples["bare"].append(time.perf_counter() - started)
                    started = time.perf_counter()
                    await notebook.run_cell(cell, source=source)
                    samples["run_cell"].append(time.perf_counter() - started)
                    await notebook.save()
                    started = time.perf_counter()
                    await notebook.write_cell(source, cell_id=cell)
                    await notebook.run_cell(cell, source=source)
                    samples["write_cell + run_cell"].append(time.perf_counter() - started)
                for kind in list(samples)[1:]:
                    over = [1000 * (a - b) for a, b in zip(samples[kind], samples["bare"], strict=True)]
                    low, middle, high = statistics.quantiles(over, n=4)
                    base = 1000 * statistics.median(samples["bare"])
                    print(
                        f"{name:12} {kind:24} bare {base:6.2f} ms, over it {middle:6.2f} ms "
                        f"(quartiles {low:.2f} to {high:.2f})"
                    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
