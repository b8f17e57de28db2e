"""One turn: ask the model for a reply, and carry out the action in it."""

from __future__ import annotations

import os
import time
from contextlib import aclosing
from dataclasses import dataclass, field

from . import context, prompts
from .actions import ActionFormat, CodeAction, ParsedReply
from .contracts import ChatModel, Execution, Notebook, Usage
from .events import Action, Asked, CellWritten, Decided, Executed, Reply, ReplyDelta
from .gate import Decision, Gate, decision, digest
from .observations import observe, secrets_in
from .run import Ended, Run

AGAIN = 0.7
"""Temperature for a model that has just repeated itself; without chance it would do so for ever."""


@dataclass
class Spot:
    """Where the run is in the notebook: the last cell it touched, and a failed one to rewrite.

    ``known`` are the ids of the cells there are; models make up others.
    """

    after: str | None
    known: set[str]
    retry: str | None = None


@dataclass
class Outcome:
    """What came of an action: the words and images for the model, and the run's end if it is one.

    ``marks`` are the action, and the error if there was one, by which a repetition is known.
    """

    text: str
    images: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    end: Ended | None = None


async def ask(run: Run, model: ChatModel, action_format: ActionFormat) -> ParsedReply:
    """Stream a reply, cut where its first action is complete; what was said is recorded however it ends."""
    text, finish = "", "broken off"
    usage = Usage()
    messages = context.messages(run.events)
    begun = time.monotonic()
    first: float | None = None

    async def read() -> None:
        nonlocal text, usage, finish, first
        stream = model.stream(
            messages,
            stop=action_format.stop,
            max_tokens=run.budget.reply_tokens,
            temperature=AGAIN if run.repeating else 0.0,
        )
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                usage, finish = delta.usage or usage, delta.finish_reason or finish
                if delta.text or delta.restart:
                    if delta.text and first is None:
                        first = time.monotonic() - begun
                    text = delta.text if delta.restart else text + delta.text
                    run.emit(ReplyDelta, text=delta.text, restart=delta.restart)
                    if action_format.is_complete(text):
                        finish = "action"
                        return

    try:
        await run.unless_stopped(read())
    finally:
        reply = action_format.parse(text)
        run.spend(usage)
        if text:
            run.emit(
                Reply,
                text=reply.text,
                usage=usage,
                seconds=time.monotonic() - begun,
                first_token_seconds=first,
                finish_reason=finish,
            )
    return reply


async def act(run: Run, notebook: Notebook, gate: Gate, action: CodeAction, spot: Spot) -> Outcome:
    """Put an action into the notebook and, if the gate allows, run it.

    A failed attempt is rewritten in place, so that the notebook keeps only what worked.
    """
    run.emit(Action, source=action.source, cell_type=action.cell_type)
    named = action.cell_id if action.cell_id in spot.known else None
    target = named or (spot.retry if action.cell_type == "code" else None)
    cell = await run.unless_stopped(
        notebook.write_cell(action.source, cell_type=action.cell_type, cell_id=target, after=spot.after)
    )
    run.emit(CellWritten, cell_id=cell, rewritten=cell == target)
    spot.after = cell
    spot.known.add(cell)
    if action.cell_type == "markdown":
        return Outcome(prompts.NEXT)

    decided = await _decided(run, gate, action.source, cell)
    run.emit(Decided, cell_id=cell, **decided.model_dump())
    spot.retry = cell
    if not decided.allowed:
        return Outcome(prompts.denied(decided.reasons), marks=[action.source])
    if decided.source != action.source:
        await run.unless_stopped(notebook.write_cell(decided.source, cell_id=cell))

    execution = await run.unless_stopped(
        notebook.run_cell(cell, source=decided.source, timeout=run.budget.cell_seconds),
        wind_up=notebook.interrupt,
    )
    run.emit(Executed, cell_id=cell, **execution.model_dump())
    if execution.status == "ok":
        spot.retry = None
    observed = observe(
        execution,
        nonce=run.nonce,
        budget=run.budget.observation,
        source=decided.source,
        secrets=secrets_in(os.environ),
    )
    errors = [one for one in execution.outputs if one["output_type"] == "error"]
    shown = ""
    if errors or not execution.outputs:  # then the outputs do not say what the cell worked with
        shown = await _variables(run, notebook, decided.source)
    failed = execution.status == "error" and errors
    advice = prompts.failed(errors[-1]["ename"]) if failed else prompts.NEXT
    return Outcome(
        "\n".join(filter(None, [observed.text, shown, advice])),
        images=list(observed.images),
        marks=[action.source, *(f"{error['ename']}: {error['evalue']}" for error in errors)],
        end=_end_of(execution, run),
    )


async def _decided(run: Run, gate: Gate, source: str, cell: str) -> Decision:
    """Return what the gate, or the user it asks, says of a cell."""
    judged = gate.judge(source)
    if judged.verdict != "ask":
        return decision(source, allowed=judged.verdict == "allow", reasons=judged.reasons)
    asked = run.emit(Asked, cell_id=cell, source=source, sha256=digest(source), reasons=judged.reasons)
    return await run.unless_stopped(gate.ask(asked))


async def _variables(run: Run, notebook: Notebook, source: str) -> str:
    """Describe the variables that ``source`` mentions; not when the run is to end, for that takes a page."""
    try:
        state = await run.unless_stopped(notebook.state())
    except Ended:
        return ""
    return context.variables(state.variables, source)


def _end_of(execution: Execution, run: Run) -> Ended | None:
    limit = run.budget.cell_seconds
    if execution.status == "dead":
        return Ended(
            "failed",
            message="The kernel died while it ran the cell, so its variables are gone. "
            "Restart it if it does not come back by itself, and ask again.",
        )
    too_long = limit is not None and execution.seconds >= limit
    if execution.status == "interrupted" and not too_long and not run.over:
        return Ended("stopped", message="Stopped, because the cell was interrupted.")
    return None
