"""A baseline: smolagents' `CodeAgent`, in the same kernel, with the same model.

It runs its code in its own process. That process is the episode's kernel, where it finds the task's variables
and functions, and where its results are judged like those of this project's agent.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any

from ..agent.contracts import ChatModel, CodeActError, Execution, Usage
from ..models.endpoints.client import EndpointModel
from ..models.engines.local import LocalModel
from .playing import CELL_SECONDS, TRY_AGAIN, Workspace
from .records import Ending, Played, Setting

_PLAY = """\
from jupyter_codeact.evaluation import baselines_worker as _baselines
_baselines.play(globals(), {options!r})
del _baselines"""


def require_smolagents() -> None:
    """Check that smolagents is installed.

    Raises
    ------
    CodeActError
        If it is not.
    """
    if find_spec("smolagents") is None:
        raise CodeActError('smolagents is not installed: pip install "jupyter-codeact[baselines]".')


async def play(
    workspace: Workspace,
    request: str,
    setting: Setting,
    model: ChatModel,
    judge: Callable[[str], Awaitable[bool]],
    *,
    proposals: int = 1,
) -> Played:
    """Let it work on a request until its answer is right or its last one; see `playing.play`.

    The ``detail`` of the outcome has the code of its actions without those that failed.

    Raises
    ------
    CodeActError
        If the model has no address.
    """
    if not isinstance(model, LocalModel | EndpointModel):
        raise CodeActError("smolagents needs a model with an address.")
    address = await model.address()
    options = {
        "episode": workspace.conversation,
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
    usage, turns, current_request = Usage(), 0, request
    while True:
        source = _PLAY.format(options=json.dumps({**options, "request": current_request}))
        execution = await _execute(workspace, source, setting)
        outcome = _outcome(execution)
        if outcome is None:
            late = execution.status == "interrupted"
            return Played(
                strict=bool(verdicts and verdicts[0]),
                success=False,
                ending="out_of_time" if late else "failed",
                turns=turns,
                usage=usage,
                message="" if late else _error(execution),
                detail={"actions": []},
            )
        usage += Usage(prompt_tokens=outcome["prompt_tokens"], completion_tokens=outcome["completion_tokens"])
        turns = outcome["turns"]
        verdicts.append(await judge(outcome["answer"]))
        ending: Ending = "answered" if outcome["answered"] else "out_of_turns"
        if verdicts[-1] or len(verdicts) >= proposals or turns >= setting.turns:
            return Played(
                strict=verdicts[0],
                success=verdicts[-1],
                ending=ending,
                turns=turns,
                usage=usage,
                answer=outcome["answer"],
                messages=outcome["messages"],
                detail={"actions": outcome["actions"]},
            )
        current_request = TRY_AGAIN


async def _execute(workspace: Workspace, source: str, setting: Setting) -> Execution:
    cell = await workspace.notebook.write_cell(source)
    try:
        return await workspace.notebook.run_cell(cell, source=source, timeout=setting.seconds)
    finally:
        await workspace.notebook.delete_cell(cell)


def _outcome(execution: Execution) -> dict[str, Any] | None:
    """Return the outcome that the worker printed last; its agent may print too."""
    printed = "".join(output["text"] for output in execution.outputs if output["output_type"] == "stream")
    for line in reversed(printed.splitlines()):
        if line.startswith('{"played": '):
            outcome: dict[str, Any] = json.loads(line)["played"]
            return outcome
    return None


def _error(execution: Execution) -> str:
    errors = [output for output in execution.outputs if output["output_type"] == "error"]
    return f"{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else "The kernel died."
