"""Another agent as a contestant: smolagents' `CodeAgent`, in the same kernel, with the same model.

It runs in the episode's kernel, because its code runs in its own process; so it has the task's variables and
functions, and what it makes is judged where our agent's is.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any

from ..agent.contracts import ChatModel, CodeActError, Execution, Usage
from ..models.endpoints.client import EndpointModel
from ..models.engines.local import LocalModel
from .playing import AGAIN, CELL_SECONDS, Bench
from .records import Ending, Played, Setting

_PLAY = """\
from jupyter_codeact.evaluation import baselines_worker as _baselines
_baselines.play(globals(), {told!r})
del _baselines"""


def demand() -> None:
    """See that smolagents is here.

    Raises
    ------
    CodeActError
        If it is not.
    """
    if find_spec("smolagents") is None:
        raise CodeActError("smolagents is not installed: pip install 'jupyter-codeact[baselines]'.")


async def play(
    on: Bench,
    request: str,
    setting: Setting,
    model: ChatModel,
    judge: Callable[[str], Awaitable[bool]],
    *,
    proposals: int = 1,
) -> Played:
    """Let it work on a request until its answer is right, or no further one is allowed; see `playing.play`.

    Raises
    ------
    CodeActError
        When the model cannot be reached by address.
    """
    if not isinstance(model, LocalModel | EndpointModel):
        raise CodeActError("smolagents needs a model with an address.")
    address = await model.address()
    told = {
        "episode": on.conversation,
        "url": address.url,
        "api_key": address.api_key,
        "model": model.name,
        "turns": setting.turns,
        "reply_tokens": setting.reply_tokens,
        "temperature": setting.temperature,
        "seed": setting.seed,
        "cell_seconds": int(CELL_SECONDS),
    }
    verdicts: list[bool] = []
    usage, turns, asked = Usage(), 0, request
    while True:
        execution = await _execute(on, _PLAY.format(told=json.dumps({**told, "request": asked})), setting)
        played = _played(execution)
        if played is None:
            late = execution.status == "interrupted"
            return Played(
                strict=bool(verdicts and verdicts[0]),
                success=False,
                ending="out_of_time" if late else "failed",
                turns=turns,
                usage=usage,
                message="" if late else _error(execution),
            )
        usage += Usage(prompt_tokens=played["prompt_tokens"], completion_tokens=played["completion_tokens"])
        turns = played["turns"]
        verdicts.append(await judge(played["answer"]))
        ending: Ending = "answered" if played["answered"] else "out_of_turns"
        if verdicts[-1] or len(verdicts) >= proposals or turns >= setting.turns:
            return Played(
                strict=verdicts[0],
                success=verdicts[-1],
                ending=ending,
                turns=turns,
                usage=usage,
                answer=played["answer"],
                messages=played["messages"],
            )
        asked = AGAIN


async def _execute(on: Bench, source: str, setting: Setting) -> Execution:
    cell = await on.notebook.write_cell(source)
    try:
        return await on.notebook.run_cell(cell, source=source, timeout=setting.seconds)
    finally:
        await on.notebook.delete_cell(cell)


def _played(execution: Execution) -> dict[str, Any] | None:
    """Return what the worker printed last; its agent may print, too."""
    printed = "".join(one["text"] for one in execution.outputs if one["output_type"] == "stream")
    for line in reversed(printed.splitlines()):
        if line.startswith('{"played": '):
            played: dict[str, Any] = json.loads(line)["played"]
            return played
    return None


def _error(execution: Execution) -> str:
    errors = [one for one in execution.outputs if one["output_type"] == "error"]
    return f"{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else "The kernel died."
