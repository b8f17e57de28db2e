"""Our own agent as a contestant: a run in a notebook and a kernel of its own."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ..agent import history
from ..agent.agent import Agent
from ..agent.contracts import ChatModel, CodeActError, Execution, Usage
from ..agent.events import RunEnded
from ..agent.formats import FORMATS
from ..agent.run import Budget
from ..journal import SqliteJournal
from ..notebooks.headless import HeadlessNotebook
from .records import Ending, Played, Setting

CELL_SECONDS = 60.0
"""What a cell may take before it is interrupted."""
AGAIN = "That is not right. Look again, and answer anew."
"""What the agent is told of a wrong answer, where the protocol lets it go on."""

_ANSWER = re.compile(r"^\W*answer\W*?:\s*(.*)$", re.IGNORECASE | re.MULTILINE)

_ENDINGS: dict[str, Ending] = {
    "answered": "answered",
    "out_of_turns": "out_of_turns",
    "out_of_tokens": "out_of_tokens",
    "out_of_time": "out_of_time",
    "stuck": "stuck",
}


class Bench:
    """A fresh notebook, kernel and journal for one episode."""

    def __init__(self, notebook: HeadlessNotebook, journal: SqliteJournal) -> None:
        self.notebook, self.journal = notebook, journal
        self.conversation = journal.begin("evaluation")

    async def hidden(self, source: str) -> Execution:
        """Run code that leaves no cell behind."""
        cell = await self.notebook.write_cell(source)
        try:
            return await self.notebook.run_cell(cell, source=source, timeout=CELL_SECONDS)
        finally:
            await self.notebook.delete_cell(cell)

    async def text(self, name: str) -> str | None:
        """Return the value of a variable as text, or ``None`` if there is no such variable."""
        shown = await self.hidden(
            f"if {name!r} in globals(): print(globals()[{name!r}], end='')\nelse: 1 / 0"
        )
        if shown.status != "ok":
            return None
        return "".join(output["text"] for output in shown.outputs if output["output_type"] == "stream")

    async def cell(self, source: str) -> Execution:
        """Run one of the user's cells."""
        cell = await self.notebook.write_cell(source)
        return await self.notebook.run_cell(cell, source=source, timeout=CELL_SECONDS)


@asynccontextmanager
async def bench() -> AsyncGenerator[Bench, None]:
    """Set up a bench in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder) / "journal.sqlite")
        try:
            async with HeadlessNotebook(None, Path(folder) / "task.ipynb") as notebook:
                yield Bench(notebook, journal)
        finally:
            journal.close()


async def play(
    on: Bench,
    request: str,
    setting: Setting,
    model: ChatModel,
    judge: Callable[[str], Awaitable[bool]],
    *,
    proposals: int = 1,
) -> Played:
    """Let the agent work on a request until its answer is right, or no further one is allowed.

    Parameters
    ----------
    on
        The bench, with whatever the task needs in its kernel.
    judge
        Judges an answer.
    proposals
        How many answers it may give; it is told when one is wrong.
    """
    ends: list[RunEnded] = []
    verdicts: list[bool] = []
    asked = request
    while True:
        spent = sum(end.turns for end in ends)
        used = sum(end.usage.prompt_tokens + end.usage.completion_tokens for end in ends)
        budget = Budget(
            turns=setting.turns - spent,
            tokens=max(1, setting.tokens - used),
            seconds=max(1.0, setting.seconds - sum(end.seconds for end in ends)),
            reply_tokens=setting.reply_tokens,
            cell_seconds=CELL_SECONDS,
        )
        agent = Agent(model, on.notebook, on.journal, action_format=FORMATS[setting.format], budget=budget)
        end = await agent.run(on.conversation, asked, title="evaluation")
        ends.append(end)
        try:
            verdicts.append(end.ending == "answered" and await judge(end.answer))
        except (TimeoutError, CodeActError) as error:
            return _played(ends, [*verdicts, False], on, ending="crashed", message=str(error))
        over = end.ending != "answered" or verdicts[-1] or len(verdicts) >= proposals
        if over or sum(one.turns for one in ends) >= setting.turns:
            return _played(ends, verdicts, on, ending=_ENDINGS.get(end.ending, "failed"), message=end.message)
        asked = AGAIN


def _played(
    ends: Sequence[RunEnded], verdicts: Sequence[bool], on: Bench, *, ending: Ending, message: str
) -> Played:
    usage = Usage()
    for end in ends:
        usage += end.usage
    return Played(
        strict=verdicts[0],
        success=verdicts[-1],
        ending=ending,
        turns=sum(end.turns for end in ends),
        usage=usage,
        answer=ends[-1].answer,
        message=message,
        messages=history.messages(list(on.journal.events(on.conversation))),
    )


def value(answer: str) -> str:
    """Return what an answer gives after its last ``Answer:``, or all of it."""
    found = _ANSWER.findall(answer)
    return (found[-1] if found else answer).strip().strip("`*").strip()
