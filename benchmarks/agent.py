"""What a turn costs besides the model and the user's code, headless, over a bare `jupyter_client` execute.

A scripted model answers at once, so the time from its last word to its next request is everything that is
ours: parsing, gate, notebook, kernel, observation, journal. Each turn is paired with a bare execute of the
same source in the same kernel. Run with ``python benchmarks/agent.py``.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from headless import bare

from jupyter_codeact.agent.agent import Agent
from jupyter_codeact.agent.contracts import Delta, Message
from jupyter_codeact.agent.run import Budget
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.notebooks.headless import HeadlessNotebook

TURNS = 100
SOURCE = "x = {}\nprint(x)"


class Instant:
    """A model that answers at once, and notes when it was asked and when it had spoken."""

    name = "instant"

    def __init__(self, notebook: HeadlessNotebook) -> None:
        self.notebook = notebook
        self.spoken = 0.0
        self.turns: list[float] = []
        self.bare: list[float] = []
        self.characters: list[int] = []

    async def stream(self, messages: Sequence[Message], **_options: object) -> AsyncGenerator[Delta, None]:
        """Reply with the next cell; before that, take the time of a bare execute."""
        if self.spoken:
            self.turns.append(time.perf_counter() - self.spoken)
            begun = time.perf_counter()
            await bare(self.notebook._kernel._client, SOURCE.format(len(self.turns)))
            self.bare.append(time.perf_counter() - begun)
        self.characters.append(sum(len(message["content"]) for message in messages))
        if len(self.turns) == TURNS:
            yield Delta(text="Done.")
            return
        reply = f"Next.\n\n```python\n{SOURCE.format(len(self.turns))}\n```\n"
        self.spoken = time.perf_counter()
        yield Delta(text=reply)


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder, "journal.sqlite"))
        async with HeadlessNotebook(output=Path(folder, "bench.ipynb")) as notebook:
            model = Instant(notebook)
            agent = Agent(model, notebook, journal, budget=Budget(turns=TURNS + 1))
            await agent.run(journal.begin("bench"), "Count.", title="bench.ipynb")
        journal.close()
    over = [1000 * (ours - theirs) for ours, theirs in zip(model.turns, model.bare, strict=True)]
    low, middle, high = statistics.quantiles(over, n=4)
    print(f"turns                         {len(over)}")
    print(f"bare execute, median          {1000 * statistics.median(model.bare):.2f} ms")
    print(f"a turn's overhead, median     {middle:.2f} ms (quartiles {low:.2f} to {high:.2f})")
    print(f"prompt before the first reply {model.characters[0]} characters")
    grown = (model.characters[-1] - model.characters[0]) / len(over)
    print(f"prompt growth                 {grown:.0f} characters a turn")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
