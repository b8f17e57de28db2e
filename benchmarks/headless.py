"""What a cell costs in a headless notebook, over a bare `jupyter_client` execute in the same kernel.

Paired: the two take turns, so that both meet the same machine. Run with ``python benchmarks/headless.py``.
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


async def bare(client: AsyncKernelClient, source: str) -> None:
    """Execute, and read everything up to the reply and to idle."""
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
                    begun = time.perf_counter()
                    await bare(client, source)
                    samples["bare"].append(time.perf_counter() - begun)
                    begun = time.perf_counter()
                    await notebook.run_cell(cell, source=source)
                    samples["run_cell"].append(time.perf_counter() - begun)
                    await notebook.save()
                    begun = time.perf_counter()
                    await notebook.write_cell(source, cell_id=cell)
                    await notebook.run_cell(cell, source=source)
                    samples["write_cell + run_cell"].append(time.perf_counter() - begun)
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
