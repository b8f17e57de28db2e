"""M3ToolEval: 82 tasks with tools, for the paper's harness, this project's agent, and the baseline."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ..agent.contracts import ChatModel, Message, ModelError, Usage
from . import baselines, playing
from .harness import reply_of
from .records import Case, Ending, Played, SelfTest, Setting
from .upstream import Upstream

WRONG = "Your answer is incorrect. Try again, and give only the answer, without any other text."
"""The message after a wrong answer, as in the paper's harness but in other words."""
REQUEST = "{instruction}\n\nUse the functions in the kernel."
_STEP_MARK = re.compile(r"(Answer:|Action:)")


class M3ToolEval:
    """The suite, from the user's checkout of ``xingyaoww/code-act``."""

    name = "m3tooleval"
    notes: Sequence[str] = ()
    formats: Mapping[str, Sequence[str]] = MappingProxyType(
        {
            "agent": ("markdown", "execute", "tools"),
            "paper": ("code", "json", "text"),
            "smolagents": ("code",),
        }
    )

    def __init__(self, source: Path) -> None:
        self._source = source.resolve()
        self._upstream = Upstream("m3tooleval_worker", source)
        self._free: list[Upstream] = []
        self._names: list[str] = []

    async def cases(self) -> list[Case]:
        """Return the 82 tasks, in the repository's order."""
        listed = [Case(**case) for case in await self._upstream.call("list")]
        self._names = [case.name for case in listed]
        return listed

    async def self_test(self) -> SelfTest:
        """Submit each task's own expected output."""
        failed = []
        cases = await self.cases()
        for index, case in enumerate(cases):
            expected = await self._upstream.call("expected", index=index)
            if not await self._upstream.call("judge", index=index, answer=expected):
                failed.append(f"{case.name} does not accept its own answer, {expected}.")
        passed = f"{len(cases) - len(failed)} of {len(cases)} accept their own answer."
        return SelfTest(count=len(cases), summary=passed, failed=failed)

    async def play(self, case: Case, setting: Setting, model: ChatModel) -> Played:
        """Play a task in its own process (the paper's harness) or its own kernel (the agents)."""
        if not self._names:
            await self.cases()
        index = self._names.index(case.name)
        upstream = self._free.pop() if self._free else Upstream("m3tooleval_worker", self._source)
        try:
            await upstream.call("reset", index=index)
            if setting.protocol == "paper":
                return await _harness(upstream, index, setting, model)
            return await self._agent(upstream, index, setting, model)
        finally:
            self._free.append(upstream)

    async def close(self) -> None:
        """End the processes."""
        for upstream in (self._upstream, *self._free):
            await upstream.close()

    async def _agent(self, upstream: Upstream, index: int, setting: Setting, model: ChatModel) -> Played:
        instruction = await upstream.call("instruction", index=index)
        async with playing.open_workspace() as workspace:

            async def judge(answer: str) -> bool:
                return bool(await upstream.call("judge", index=index, answer=answer))

            await workspace.run_hidden(_DEFINE.format(source=str(self._source), index=index))
            proposals = setting.turns if setting.goes_on else 1
            if setting.protocol == "smolagents":
                return await baselines.play(
                    workspace, instruction, setting, model, judge, proposals=proposals
                )
            request = REQUEST.format(instruction=instruction)
            return await playing.play(
                workspace, request, setting, model, judge, proposals=proposals, value_only=True
            )


_DEFINE = """\
def _define():
    import contextlib, io, os
    from jupyter_codeact.evaluation.m3tooleval_worker import define
    here = os.getcwd()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        define({source!r}, {index}, globals())
    os.chdir(here)
_define(); del _define"""


async def _harness(upstream: Upstream, index: int, setting: Setting, model: ChatModel) -> Played:
    """Play as in the paper: one user message, no system prompt, each reply an action or an answer."""
    started = time.monotonic()
    prompt = await upstream.call("prompt", index=index, action_format=setting.format)
    messages: list[Message] = [{"role": "user", "content": prompt}]
    usage, verdicts, answer, ending, message = Usage(), [], "", "out_of_turns", ""
    turns = 0
    while turns < setting.turns:
        if time.monotonic() - started > setting.seconds:
            ending = "out_of_time"
            break
        if usage.prompt_tokens + usage.completion_tokens >= setting.tokens:
            ending = "out_of_tokens"
            break
        try:
            text, cost = await reply_of(model, messages, setting)
        except ModelError as error:  # usually because the conversation is too long for the model
            ending, message = "failed", str(error)
            break
        turns += 1
        usage += cost
        reply = one_step(text)
        messages.append({"role": "assistant", "content": reply})
        outcome = await upstream.call("step", index=index, action_format=setting.format, reply=reply)
        feedback = outcome["text"]
        if outcome["type"] == "answer":
            answer = feedback
            verdicts.append(outcome["correct"])
            if outcome["correct"] or not setting.goes_on:
                ending = "answered"
                break
            feedback = WRONG
        extra = f"\n*{outcome['extra']}" if outcome["extra"] and outcome["type"] != "invalid" else ""
        messages.append({"role": "user", "content": feedback + extra})
    judged: Ending = ending  # type: ignore[assignment]
    return Played(
        strict=bool(verdicts and verdicts[0]),
        success=bool(verdicts and verdicts[-1]),
        ending=judged,
        turns=turns,
        usage=usage,
        answer=answer,
        message=message,
        messages=messages,
    )


def one_step(generation: str) -> str:
    """Cut a reply after its first action or answer, as the paper's harness does before parsing."""
    text = generation.lstrip()
    marks = list(_STEP_MARK.finditer(text))
    if len(marks) < 2:
        return text
    text = text[: marks[1].start()].strip()
    start = text.find("Action:")
    begin = start + len("Action:") if start >= 0 else 0
    end = text.find("End Action", begin)
    if end >= 0:
        text = text[: end + len("End Action")].strip()
    thought = text.find("Thought:", begin)
    return text[:thought].strip() if thought >= 0 else text
