"""Our own agent as a contestant: a run in a notebook and a kernel of its own."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from ..agent import prompts
from ..agent.agent import Agent
from ..agent.context import history
from ..agent.contracts import ChatModel, CodeActError, Execution, Usage
from ..agent.events import Event, HooksApplied
from ..agent.hooks import all_but
from ..agent.replies.formats import FORMATS
from ..agent.run import Budget
from ..journal import SqliteJournal
from ..notebooks.headless import HeadlessNotebook
from .harness import reply_of
from .records import Ending, Played, Setting

CELL_SECONDS = 60.0
"""What a cell may take before it is interrupted."""
AGAIN = "That is not right. Look again, and answer anew."
"""What the agent is told of a wrong answer, where the protocol lets it go on."""
BARE = (
    "Now give only the final value that the task asks for, as the outputs show it, without any other text. "
    "The task was: {task}"
)
"""What the model is asked once it has answered in words, where a suite compares values; it is a turn, too."""

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

    async def cell(self, source: str) -> Execution:
        """Run one of the user's cells."""
        cell = await self.notebook.write_cell(source)
        return await self.notebook.run_cell(cell, source=source, timeout=CELL_SECONDS)


@asynccontextmanager
async def bench() -> AsyncGenerator[Bench, None]:
    """Set up a bench in a folder of its own, which is gone afterwards with all that was written there."""
    with tempfile.TemporaryDirectory() as folder:
        (work := Path(folder) / "work").mkdir()
        journal = SqliteJournal(Path(folder) / "journal.sqlite")
        try:
            async with HeadlessNotebook(None, Path(folder) / "task.ipynb", folder=work) as notebook:
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
    bare: bool = False,
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
    bare
        Whether the value is asked for by itself after each answer in words; the judge gets that.
    """
    verdicts: list[bool] = []
    usage, turns, seconds = Usage(), 0, 0.0
    asked = request
    while True:
        budget = Budget(
            turns=setting.turns - turns,
            tokens=max(1, setting.tokens - usage.prompt_tokens - usage.completion_tokens),
            seconds=max(1.0, setting.seconds - seconds),
            reply_tokens=setting.reply_tokens,
            cell_seconds=CELL_SECONDS,
        )
        agent = Agent(
            model,
            on.notebook,
            on.journal,
            action_format=FORMATS[setting.format],
            budget=budget,
            hooks=all_but(setting.without),
            guidance=setting.guidance,
        )
        end = await agent.run(on.conversation, asked, title="evaluation")
        usage, turns, seconds = usage + end.usage, turns + end.turns, seconds + end.seconds
        ending, answer, message = _ENDINGS.get(end.ending, "failed"), end.answer, end.message
        verdict = False
        if ending == "answered":
            try:
                if bare:
                    answer, cost = await _bare_value(on, request, setting, model)
                    usage, turns = usage + cost, turns + 1
                verdict = await judge(answer)
            except (TimeoutError, CodeActError) as error:
                ending, message = "crashed", str(error)
        verdicts.append(verdict)
        if ending != "answered" or verdict or len(verdicts) >= proposals or turns >= setting.turns:
            break
        asked = AGAIN
    return Played(
        strict=verdicts[0],
        success=verdicts[-1],
        ending=ending,
        turns=turns,
        usage=usage,
        answer=answer,
        message=message,
        messages=history.messages(list(on.journal.events(on.conversation))),
        hooks=dict(_applied(on.journal.events(on.conversation))),
    )


def _applied(events: Iterable[Event]) -> Counter[str]:
    """Count in how many turns each hook was of use."""
    turns = {
        (event.run, event.turn, name)
        for event in events
        if isinstance(event, HooksApplied)
        for name in event.hooks
    }
    return Counter(name for _run, _turn, name in sorted(turns))


async def _bare_value(on: Bench, request: str, setting: Setting, model: ChatModel) -> tuple[str, Usage]:
    """Ask for the value that an answer in words holds."""
    chat = history.messages(list(on.journal.events(on.conversation)))
    asked = BARE.format(task=prompts.reminder(request))
    text, usage = await reply_of(model, [*chat, {"role": "user", "content": asked}], setting)
    return value(text), usage


def value(answer: str) -> str:
    """Return what an answer gives after its last ``Answer:``, or all of it."""
    found = _ANSWER.findall(answer)
    return (found[-1] if found else answer).strip().strip("`*").strip()
