"""Plays episodes with this project's agent, each in its own notebook and kernel."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator

from ..agent import prompts
from ..agent.agent import Agent
from ..agent.context import history
from ..agent.contracts import ChatModel, CodeActError, ModelSettings, Usage
from ..agent.events import Action, ApprovalResolved, Event, Executed, HooksApplied
from ..agent.hooks import all_but
from ..agent.replies.formats import FORMATS
from ..agent.run import Budget
from .harness import reply_of
from .records import Ending, Played, RanCell, Setting
from .workspaces import Workspace, open_workspace

__all__ = ["CELL_SECONDS", "TRY_AGAIN", "Workspace", "open_workspace", "play", "value"]

CELL_SECONDS = 60.0
"""Seconds after which a cell is interrupted."""
TRY_AGAIN = "That is not right. Look again, and answer anew."
"""The message after a wrong answer, if the protocol allows another one."""
VALUE_ONLY = (
    "Now give only the final value that the task asks for, as the outputs show it, without any other text. "
    "The task was: {task}"
)
"""The question after an answer in words, for suites that compare values; it counts as a turn."""

_ANSWER = re.compile(r"^[^\w\n]*answer[^\w\n]*?:\s*(.*)$", re.IGNORECASE | re.MULTILINE)

_ENDINGS: dict[str, Ending] = {
    "answered": "answered",
    "out_of_turns": "out_of_turns",
    "out_of_tokens": "out_of_tokens",
    "out_of_time": "out_of_time",
    "stuck": "stuck",
}


async def play(
    workspace: Workspace,
    request: str,
    setting: Setting,
    model: ChatModel,
    judge: Callable[[str], Awaitable[bool]],
    *,
    proposals: int = 1,
    value_only: bool = False,
) -> Played:
    """Let the agent work on a request until its answer is right or its last one.

    Parameters
    ----------
    workspace
        The workspace, with the task's variables in its kernel.
    judge
        Judges an answer.
    proposals
        How many answers the agent may give; it is told when one is wrong.
    value_only
        Whether to ask for the bare value after each answer in words; the judge gets the value.
    """
    verdicts: list[bool] = []
    usage, turns, seconds = Usage(), 0, 0.0
    current_request = request
    # the same each time: prompts repeat byte for byte, so that a second setting finds the first one's cached
    nonce = hashlib.sha256(request.encode()).hexdigest()[:6]
    while True:
        budget = Budget(
            turns=setting.turns - turns,
            tokens=max(1, setting.tokens - usage.prompt_tokens - usage.completion_tokens),
            seconds=max(1.0, setting.seconds - seconds),
            cell_seconds=CELL_SECONDS,
        )
        agent = Agent(
            model,
            workspace.notebook,
            workspace.journal,
            action_format=FORMATS[setting.format],
            budget=budget,
            hooks=all_but(setting.without),
            guidance=setting.guidance,
            settings=ModelSettings(temperature=0.0, reply_tokens=setting.reply_tokens),
        )
        end = await agent.run(workspace.conversation, current_request, title="evaluation", nonce=nonce)
        usage, turns, seconds = usage + end.usage, turns + end.turns, seconds + end.seconds
        ending, answer, message = _ENDINGS.get(end.ending, "failed"), end.answer, end.message
        verdict = False
        if ending == "answered":
            try:
                if value_only:
                    answer, cost = await _ask_for_value(workspace, request, setting, model)
                    usage, turns = usage + cost, turns + 1
                verdict = await judge(answer)
            except (TimeoutError, CodeActError) as error:
                ending, message = "crashed", str(error)
        verdicts.append(verdict)
        if ending != "answered" or verdict or len(verdicts) >= proposals or turns >= setting.turns:
            break
        current_request = TRY_AGAIN
    return Played(
        strict=verdicts[0],
        success=verdicts[-1],
        ending=ending,
        turns=turns,
        usage=usage,
        answer=answer,
        message=message,
        messages=history.messages(events := list(workspace.journal.events(workspace.conversation))),
        cells=list(_ran(events)),
        hooks=dict(_count_hooks(events)),
    )


def _ran(events: Iterable[Event]) -> Iterator[RanCell]:
    """Yield the cells that ran."""
    source = ""
    for event in events:
        match event:
            case Action():
                source = event.source
            case ApprovalResolved(edited=str(edited)):
                source = edited
            case Executed():
                yield RanCell(
                    turn=event.turn, source=source, status=event.status, seconds=round(event.seconds, 3)
                )


def _count_hooks(events: Iterable[Event]) -> Counter[str]:
    """Count the turns in which each hook was of use."""
    turns = {
        (event.run, event.turn, name)
        for event in events
        if isinstance(event, HooksApplied)
        for name in event.hooks
    }
    return Counter(name for _run, _turn, name in sorted(turns))


async def _ask_for_value(
    workspace: Workspace, request: str, setting: Setting, model: ChatModel
) -> tuple[str, Usage]:
    """Ask for the value in an answer in words."""
    chat = history.messages(list(workspace.journal.events(workspace.conversation)))
    question = VALUE_ONLY.format(task=prompts.reminder(request))
    text, usage = await reply_of(model, [*chat, {"role": "user", "content": question}], setting)
    return value(text), usage


def value(answer: str) -> str:
    """Return the text after the last ``Answer:`` in an answer, or all of it."""
    found = _ANSWER.findall(answer)
    return (found[-1] if found else answer).strip().strip("`*").strip()
