"""The overhead of a turn in JupyterLab in Chromium, besides the model and the user's code.

A scripted model holds back the last character of each action until the clock is read. The cell reads the
clock in its first and last statement, and the model at its next request, all on one machine with one clock.
"Token to cell" is the time from the last character of the action to the first statement in the kernel, and
"cell to request" that from the last statement to the next request; both include the kernel's own share. For
comparison: a bare `jupyter_client` execute of the same cell, from the call to its first statement. Run with
``python benchmarks/live.py``.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from jupyter_client.manager import start_new_kernel
from playwright.sync_api import expect, sync_playwright

from tests.scripted import Held, ScriptedModel
from tests.ui.conftest import CHROMIUM, scripted_lab
from tests.ui.lab import NotebookPage

RUNS, TURNS = 6, 12
"""Notebooks, and turns in each, as many as a run may have by default."""
SKIPPED = 2
"""Turns at the start of each run that are not counted, because pages and kernels warm up."""
SOURCE = "import time\nbegun = time.time()\nprint('clock', begun, time.time())"
CLOCK = re.compile(r"clock ([\d.]+) ([\d.]+)")


class Script:
    """A run with replies that are held back; it records the times of requests and the cells' outputs."""

    def __init__(self) -> None:
        self.requested: list[float] = []
        self.outputs: list[tuple[float, float]] = []
        self.released: list[float] = []
        # each cell is another one, or the agent would ask for it again
        self.held = [Held(f"Next, {n}.\n\n```python\nturn = {n}\n{SOURCE}\n``", "`\n") for n in range(TURNS)]

    def reply(self, messages: list[dict[str, Any]]) -> Held | str:
        """Return the next reply; record the time of the request and the previous cell's output."""
        self.requested.append(time.time())
        if found := CLOCK.search(str(messages[-1]["content"])):
            self.outputs.append((float(found[1]), float(found[2])))
        turn = len(self.requested) - 1
        return self.held[turn] if turn < TURNS else "All done."

    def play(self, page: NotebookPage) -> None:
        """Play the run on a page."""
        page.ask("Read the clock.")
        for held in self.held:
            while not held.reached.wait(0.01):
                page.page.wait_for_timeout(1)  # lets the page handle its events
            self.released.append(time.time())
            held.released.set()
        expect(page.conversation).to_contain_text("All done.", timeout=60_000)

    @property
    def token_to_cell(self) -> list[float]:
        """The milliseconds from the action's last character to the cell's first statement, by turn."""
        pairs = zip(self.released, self.outputs, strict=True)
        return [1000 * (cell[0] - out) for out, cell in pairs][SKIPPED:]

    @property
    def cell_to_request(self) -> list[float]:
        """The milliseconds from the cell's last statement to the model's next request, by turn."""
        pairs = zip(self.outputs, self.requested[1:], strict=True)
        return [1000 * (then - cell[1]) for cell, then in pairs][SKIPPED:]


def bare_execute() -> list[float]:
    """Return the milliseconds from an execute request to the first statement, with a bare client."""
    manager, client = start_new_kernel()
    took = []
    try:
        for _ in range(RUNS * TURNS):
            requested = time.time()
            client.execute(SOURCE)
            found = None
            while found is None:  # the kernel may have something of its own to say first
                content = client.get_iopub_msg(timeout=10)["content"]
                found = CLOCK.search(str(content.get("text")))
            took.append(1000 * (float(found[1]) - requested))
            client.get_shell_msg(timeout=10)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return took[SKIPPED:]


def print_quartiles(label: str, milliseconds: list[float]) -> None:
    """Print the median and the quartiles."""
    low, middle, high = statistics.quantiles(milliseconds, n=4)
    print(f"{label:28}{middle:6.1f} ms median (quartiles {low:.1f} to {high:.1f})")


def main() -> None:
    """Measure and print."""
    scripts = [Script() for _ in range(RUNS)]
    replies = [script.reply for script in scripts for _ in range(TURNS + 1)]
    with (
        tempfile.TemporaryDirectory() as folder,
        ScriptedModel(replies) as model,
        scripted_lab(Path(folder), model, f"--CodeActExtension.max_turns={TURNS + 1}") as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for number, script in enumerate(scripts):
            lab.write(f"live{number}.ipynb", "x = 1")
            page = NotebookPage(browser, lab, f"live{number}.ipynb")
            script.play(page)
            page.page.context.close()
        browser.close()
    print(f"turns                       {RUNS * (TURNS - SKIPPED):4}")
    print_quartiles("token to cell", [sample for script in scripts for sample in script.token_to_cell])
    print_quartiles("cell to request", [sample for script in scripts for sample in script.cell_to_request])
    print_quartiles("bare execute to cell", bare_execute())


if __name__ == "__main__":
    main()
