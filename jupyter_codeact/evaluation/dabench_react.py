"""A ReAct harness for DABench, in the manner of its paper but in our own words.

The model writes a thought and an action in a fixed form, and gets the action's output as an observation, up
to ten times; then a final answer. It is not told the form of the answer before it has given one.
"""

from __future__ import annotations

import re
import time
from typing import Any

from ..agent.contracts import ChatModel, Message, ModelError, Usage
from ..agent.observations.observe import observe
from ..agent.source import dedented
from .harness import reply_of
from .playing import CELL_SECONDS, Workspace
from .records import Played, Setting

PROMPT = """\
Find the answer to the question below. You have one tool, python: it runs code in an interpreter that keeps \
its variables, and shows what the code prints. Work in rounds of this form:

Thought: what to do in this round
Action: python
Action Input:
```python
the code
```
Observation: here you are shown what the code printed

As soon as you know the answer, write instead:

Thought: what the answer rests on
Final Answer: the answer

Question: {question}"""
HELP = "That is neither an Action with its Action Input, nor a Final Answer."
STOP = ("\nObservation:",)
OUTPUT = 2000
"""Most characters of an observation."""

_FINAL = re.compile(r"Final Answer:\s*(.*)", re.DOTALL)
_CODE = re.compile(r"Action Input:\s*(?:```\w*\n(.*?)(?:```|\Z)|(.*))", re.DOTALL)


async def play(workspace: Workspace, question: str, setting: Setting, model: ChatModel) -> Played:
    """Play until the model gives an answer, which is not judged here."""
    started = time.monotonic()
    messages: list[Message] = [{"role": "user", "content": PROMPT.format(question=question)}]
    usage, answer, message, turns = Usage(), "", "", 0
    ending: Any = "out_of_turns"
    while turns < setting.turns:
        if time.monotonic() - started > setting.seconds:
            ending = "out_of_time"
            break
        if usage.prompt_tokens + usage.completion_tokens >= setting.tokens:
            ending = "out_of_tokens"
            break
        try:
            text, cost = await reply_of(model, messages, setting, stop=STOP)
        except ModelError as error:
            ending, message = "failed", str(error)
            break
        except TimeoutError:
            ending = "out_of_time"
            break
        turns, usage = turns + 1, usage + cost
        messages.append({"role": "assistant", "content": text})
        code, final = read_reply(text)
        if final is not None:
            ending, answer = "answered", final
            break
        observation = HELP if code is None else await _observe(workspace, code)
        messages.append({"role": "user", "content": f"Observation: {observation}"})
    return Played(
        strict=False,
        success=False,
        ending=ending,
        turns=turns,
        usage=usage,
        answer=answer,
        message=message,
        messages=messages,
    )


def read_reply(text: str) -> tuple[str | None, str | None]:
    """Return the code and the final answer of a reply: what comes first counts, the other is ``None``."""
    text = text.partition(STOP[0])[0]
    code, final = _CODE.search(text), _FINAL.search(text)
    if code and (final is None or code.start() < final.start()):
        source = code[1] if code[1] is not None else code[2]
        return dedented(source).strip("\n"), None
    return None, final[1].strip() if final else None


async def _observe(workspace: Workspace, code: str) -> str:
    cell = await workspace.notebook.write_cell(code)
    execution = await workspace.notebook.run_cell(cell, source=code, timeout=CELL_SECONDS)
    return observe(execution, nonce="", budget=OUTPUT, source="", secrets={}).text
