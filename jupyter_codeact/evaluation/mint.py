"""MINT's offline tasks: five steps, two proposed answers, and a Python interpreter.

Its own harness shows examples, from which models learn that code begins in the first column. This one shows
none, so it removes common indentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..agent.contracts import ChatModel, Message, ModelError, Usage
from ..agent.observations.observe import observe
from ..agent.source import dedented
from . import playing
from .grading import grade, letter_options
from .harness import reply_of
from .records import Case, Played, SelfTest, Setting
from .upstream import UpstreamError

FAMILIES = ("gsm8k", "math", "mmlu", "theoremqa", "humaneval", "mbpp", "hotpotqa")
CODE = ("humaneval", "mbpp")
STEPS, PROPOSALS = 5, 2
STOP = ("\nObservation:", "\nTask:", "\n---")

SYSTEM = (
    "You solve a task step by step. In each step you may either run Python, written between <execute> and "
    "</execute> (you are shown what it prints; variables stay), or propose the answer, between <solution> "
    "and </solution>. You have {steps} steps in all and may propose {proposals} times."
)
REQUEST = {
    "code": "{prompt}\n\nDefine the function in the notebook, try it out, and then say that it is done.",
    "words": "{prompt}\n\nEnd your answer with a line that holds only “Answer: ” and the answer itself.",
}
HELP = "Write either <execute>…</execute> with Python, or <solution>…</solution> with your answer."
_TAG = re.compile(r"<(execute|solution)>(.*?)(?:</\1>|\Z)", re.DOTALL)


class Mint:
    """The suite, from a checkout of ``xingyaoww/mint-bench`` (Apache-2.0); nothing is copied from it."""

    name = "mint"
    notes: Sequence[str] = ()
    formats: Mapping[str, Sequence[str]] = MappingProxyType(
        {"agent": ("markdown", "execute", "tools"), "paper": ("code",)}
    )

    def __init__(self, source: Path) -> None:
        processed = source / "data" / "processed"
        folder = processed if processed.is_dir() else source
        self._items: dict[str, tuple[str, dict[str, Any]]] = {}
        for family in FAMILIES:
            path = folder / family / "test_prompts.json"
            if not path.is_file():
                raise UpstreamError(f"There is no {path}. Give a checkout of mint-bench with --source.")
            for line in path.read_text().splitlines():
                if line.strip():
                    item = json.loads(line)
                    self._items[f"{family}-{item['id']}"] = (family, item)

    async def cases(self) -> list[Case]:
        """Return the tasks, family by family."""
        return [Case(name=name, family=family) for name, (family, _) in self._items.items()]

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Play a task within MINT's five steps and two proposals."""
        family, item = self._items[case.name]
        setting = setting.model_copy(update={"turns": min(setting.turns, STEPS)})
        async with playing.open_workspace() as workspace:
            if setting.protocol == "paper":
                return await _harness(workspace, family, item, setting, model)

            async def judge(answer: str) -> bool:
                if family in CODE:
                    return await _passes(workspace, item)
                return grade(family, item, playing.value(answer))

            kind = "code" if family in CODE else "words"
            request = REQUEST[kind].format(prompt=item["prompt"])
            return await playing.play(
                workspace, request, setting, model, judge, proposals=PROPOSALS if setting.goes_on else 1
            )

    async def self_test(self) -> SelfTest:
        """Submit each reference, and a wrong answer."""
        failed = []
        async with playing.open_workspace() as workspace:
            for name, (family, item) in self._items.items():
                if family in CODE:
                    right, wrong = await _solves(workspace, item, _reference(family, item)), False
                else:
                    reference = item["reference"]
                    right = grade(family, item, str(reference))
                    wrong = grade(family, item, "perhaps something else entirely")
                if not right or wrong:
                    failed.append(
                        f"{name} {'accepts a wrong answer' if wrong else 'does not accept its reference'}."
                    )
        count = len(self._items)
        summary = f"{count - len(failed)} of {count} accept their reference and nothing else."
        return SelfTest(count=count, summary=summary, failed=failed)

    async def close(self) -> None:
        """Do nothing: the suite holds no resources."""


def _reference(family: str, item: Mapping[str, Any]) -> str:
    if family == "humaneval":
        return f"{item['prompt']}\n{item['canonical_solution']}"
    return str(item["code"]).replace("\r\n", "\n")


async def _solves(workspace: playing.Workspace, item: Mapping[str, Any], code: str) -> bool:
    """Tell whether code passes a task's tests, in a fresh namespace."""
    program = "\n".join([str(item.get("test_setup_code", "")), code, str(item["reference"])])
    checked = await workspace.run_hidden(f"exec({program!r}, {{'__name__': 'solution'}})")
    return checked.status == "ok"


async def _passes(workspace: playing.Workspace, item: Mapping[str, Any]) -> bool:
    """Tell whether the kernel's own definitions pass a task's tests."""
    tests = "\n".join([str(item.get("test_setup_code", "")), str(item["reference"])])
    checked = await workspace.run_hidden(f"exec({tests!r}, dict(globals()))")
    return checked.status == "ok"


async def _harness(
    workspace: playing.Workspace, family: str, item: Mapping[str, Any], setting: Setting, model: ChatModel
) -> Played:
    """Play as in MINT, which announces after each step how many steps and proposals are left."""
    prompt = f"{SYSTEM.format(steps=setting.turns, proposals=PROPOSALS)}\n\nTask:\n{item['prompt']}"
    if family == "mmlu" and (options := letter_options(item["prompt"])):
        prompt += f"\nThe answer is one of {', '.join(options)}."
    messages: list[Message] = [{"role": "user", "content": prompt}]
    usage, answer, message, turns = Usage(), "", "", 0
    verdicts: list[bool] = []
    ending: Any = "out_of_turns"
    chances = PROPOSALS if setting.goes_on else 1
    while turns < setting.turns and len(verdicts) < chances:
        try:
            text, cost = await reply_of(model, messages, setting, stop=STOP)
        except ModelError as error:
            ending, message = "failed", str(error)
            break
        turns, usage = turns + 1, usage + cost
        messages.append({"role": "assistant", "content": text})
        feedback = HELP
        found = [(tag, dedented(body)) for tag, body in _TAG.findall(text)]
        proposals = [body for tag, body in found if tag == "solution"]
        if proposals:
            answer = proposals[0].strip()
            code = family in CODE
            verdicts.append(
                await _solves(workspace, item, unfenced(answer)) if code else grade(family, item, answer)
            )
            if verdicts[-1]:
                ending = "answered"
                break
            feedback = "Your answer is wrong."
        elif found:
            execution = await workspace.run_cell("\n".join(unfenced(body) for _, body in found))
            feedback = observe(execution, nonce="", budget=2000, source="", secrets={}).text
        left = f"Steps left: {setting.turns - turns}. Proposals left: {PROPOSALS - len(verdicts)}."
        messages.append({"role": "user", "content": f"Observation:\n{feedback}\n{left}"})
    return Played(
        strict=bool(verdicts and verdicts[0]),
        success=bool(verdicts and verdicts[-1]),
        ending=ending,
        turns=turns,
        usage=usage,
        answer=answer,
        message=message,
        messages=messages,
    )


def unfenced(code: str) -> str:
    """Return code without the fence that models like to put around it."""
    found = re.fullmatch(r"\s*```\w*\n(.*?)\n?```\s*", code, re.DOTALL)
    return found[1] if found else code
