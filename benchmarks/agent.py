"""The agent's own overhead, and the share of prompts that a prefix cache serves.

Run with ``python benchmarks/agent.py``. It has three parts:

overhead
    A scripted model replies instantly, headless, so that the time from the end of its reply to its next
    request is the agent's own: parsing, gate, notebook, kernel, observation, journal. Each turn is paired
    with a bare `jupyter_client` execute of the same source in the same kernel, alternately.
context
    The time to read a notebook of 1,000 cells with outputs, and to describe it for the model.
cache
    With ``--model NAME``: a model on this machine works in a notebook with 40 cells, and its engine reports
    how many tokens of each prompt its cache served. ``reusable`` is the most that the cache could serve: the
    previous prompt and the reply to it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from itertools import pairwise
from pathlib import Path

import nbformat
from headless import bare_execute

from jupyter_codeact.agent.agent import Agent
from jupyter_codeact.agent.context.opening import opening_message
from jupyter_codeact.agent.contracts import Delta, Message, ModelInfo, ModelSettings
from jupyter_codeact.agent.events import Reply
from jupyter_codeact.agent.gate.gate import ApprovalGate, Decision
from jupyter_codeact.agent.run import Budget
from jupyter_codeact.journal import SqliteJournal
from jupyter_codeact.models.open import open_model
from jupyter_codeact.notebooks.headless import HeadlessNotebook

TURNS = 100
CELLS = 1000
WINDOW = 900_000
"""A context window in characters that has room for all of them."""
SOURCE = "x = {}\nprint(x)"
TASK = (
    "Print the squares of 1 to 20, then their cubes, then the sums of both: one cell for each, and look at "
    "the output before the next."
)


class Instant:
    """A model that replies instantly, and records the times of its requests and replies."""

    info = ModelInfo(name="instant")

    def __init__(self, notebook: HeadlessNotebook) -> None:
        self.notebook = notebook
        self.replied = 0.0
        self.turns: list[float] = []
        self.bare: list[float] = []
        self.characters: list[int] = []

    async def describe(self) -> ModelInfo:
        """Return the facts about the model."""
        return self.info

    async def stream(self, messages: Sequence[Message], **_options: object) -> AsyncGenerator[Delta, None]:
        """Reply with the next cell, after measuring a bare execute."""
        if self.replied:
            self.turns.append(time.perf_counter() - self.replied)
            started = time.perf_counter()
            await bare_execute(self.notebook._kernel._client, SOURCE.format(len(self.turns)))
            self.bare.append(time.perf_counter() - started)
        self.characters.append(sum(len(message["content"]) for message in messages))
        if len(self.turns) == TURNS:
            yield Delta(text="Done.")
            return
        reply = f"Next.\n\n```python\n{SOURCE.format(len(self.turns))}\n```\n"
        self.replied = time.perf_counter()
        yield Delta(text=reply)


async def overhead(folder: Path, start: Path | None = None) -> None:
    """Measure a turn's overhead, with the gate for risky cells."""
    journal = SqliteJournal(folder / "journal.sqlite")
    async with HeadlessNotebook(start, folder / "bench.ipynb") as notebook:
        model = Instant(notebook)
        gate = ApprovalGate(lambda: "risky", _never, folder)
        agent = Agent(model, notebook, journal, gate=gate, budget=Budget(turns=TURNS + 1))
        await agent.run(journal.begin("bench"), "Count.", title="bench.ipynb")
    journal.close()
    over = [1000 * (ours - theirs) for ours, theirs in zip(model.turns, model.bare, strict=True)]
    print(f"turns                         {len(over)}")
    print(f"bare execute                  {_spread([1000 * seconds for seconds in model.bare])}")
    print(f"a turn's overhead             {_spread(over)}")
    print(f"prompt before the first reply {model.characters[0]} characters")
    grown = (model.characters[-1] - model.characters[0]) / len(over)
    print(f"prompt growth                 {grown:.0f} characters a turn")


async def large(folder: Path) -> None:
    """Measure the time to describe a large notebook."""
    whole, brief = [], []
    notebook = HeadlessNotebook(worked_in(folder / "large.ipynb", CELLS))
    for _ in range(30):
        started = time.perf_counter()
        opening_message("Count.", await notebook.state(), window=WINDOW, guidance="capable")
        whole.append(1000 * (time.perf_counter() - started))
        started = time.perf_counter()
        await notebook.state(brief=True)
        brief.append(1000 * (time.perf_counter() - started))
    print(f"context of {CELLS:,} cells        {_spread(whole)}")
    print(f"the cells in brief, each turn {_spread(brief)}")


async def cache(folder: Path, name: str, turns: int) -> None:
    """Let a real model work, and print the share of its prompts that its cache served."""
    journal = SqliteJournal(folder / "cache.sqlite")
    model = open_model(name)
    conversation = journal.begin("bench")
    try:
        async with HeadlessNotebook(worked_in(folder / "work.ipynb", 40)) as notebook:
            agent = Agent(
                model, notebook, journal, budget=Budget(turns=turns), settings=ModelSettings(reply_tokens=200)
            )
            await agent.run(conversation, TASK, title="bench.ipynb")
    finally:
        await model.close()
    usages = [event.usage for event in journal.events(conversation) if isinstance(event, Reply)]
    journal.close()
    print(f"{name}: turn, prompt tokens, of them cached, share, reusable, share of it")
    for number, (before, now) in enumerate(pairwise(usages), 2):
        reusable = before.prompt_tokens + before.completion_tokens
        share, of_it = now.cached_tokens / now.prompt_tokens, now.cached_tokens / reusable
        print(
            f"{number:4} {now.prompt_tokens:6} {now.cached_tokens:6} {share:7.1%} {reusable:6} {of_it:7.1%}"
        )
    later = usages[1:]
    share = sum(usage.cached_tokens for usage in later) / max(1, sum(usage.prompt_tokens for usage in later))
    print(f"cached of all prompts from the second turn on: {share:.1%}")


def worked_in(path: Path, cells: int) -> Path:
    """Write a notebook with cells that have run."""
    node = nbformat.v4.new_notebook()
    for number in range(cells):
        source = f"table_{number} = [{number} * step for step in range(10)]\nprint(sum(table_{number}))"
        cell = nbformat.v4.new_code_cell(source, execution_count=number + 1)
        cell.outputs = [nbformat.v4.new_output("stream", text=f"{45 * number}\n")]
        node.cells.append(cell)
    nbformat.write(node, path)
    return path


def _spread(milliseconds: Sequence[float]) -> str:
    low, middle, high = statistics.quantiles(milliseconds, n=4)
    return f"median {middle:.2f} ms (quartiles {low:.2f} to {high:.2f})"


async def _never(_requested: object, _source: str) -> Decision:
    raise AssertionError("no cell is risky")


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", help="a model on this machine, for the part on its cache")
    parser.add_argument("--turns", type=int, default=8, help="turns that the model gets")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("An empty notebook:")
        await overhead(Path(folder))
        print(f"A notebook of {CELLS:,} cells:")
        await overhead(Path(folder), worked_in(Path(folder, "start.ipynb"), CELLS))
        await large(Path(folder))
        if options.model:
            await cache(Path(folder), options.model, options.turns)


if __name__ == "__main__":
    asyncio.run(main())
