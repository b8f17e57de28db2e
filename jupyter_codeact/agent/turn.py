"""One turn: ask the model for a reply, and carry out the action in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from . import prompts
from .context import opening as context
from .context.cells import resolve
from .context.snapshot import NotebookSnapshot
from .contracts import Cell, ChatModel, Execution, Message, Notebook, TooLongError, Usage, Variable
from .events import (
    Action,
    AnswerRejected,
    ApprovalRequested,
    ApprovalResolved,
    CellWritten,
    Executed,
    HistoryCompacted,
    Observation,
    Reply,
    ReplyDelta,
)
from .gate.gate import Decision, Gate, decision, digest
from .hooks.grounding import ungrounded_values
from .hooks.imports import with_imports
from .hooks.suggestions import renamed, suggest, suggest_lookups
from .observations.displays import names_object, shows_nan
from .observations.observe import environment_secrets, observe
from .replies.actions import ActionFormat, CodeAction, ParsedReply
from .run import Ended, Run
from .source import assigned_names, drop_assignments, has_code, is_bare_calls, normalized

TEMPERATURES = (0.0, 0.7, 1.0)
"""Of a reply, and of further attempts at it: without chance, a model would repeat itself for ever."""


@dataclass
class TurnState:
    """Where the run is in the notebook: the last cell it touched, and a failed one to rewrite.

    ``attempt`` is what ran in the failed one; ``kept`` are cells of others in the record as they were;
    ``given`` are functions that are there for the work, if the task does not name them, and ``untried`` those
    of them that no cell has called; ``unused`` tells whether the model is to hear of it when it goes on
    without them.
    """

    after: str | None
    known: NotebookSnapshot
    retry: str | None = None
    attempt: str = ""
    kept: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    untried: set[str] = field(init=False)
    unused: bool = True
    sees_images: bool = False

    def __post_init__(self) -> None:
        self.untried = set(self.given)

    def target(self, action: CodeAction) -> str | None:
        """Return the cell that an action rewrites: the one it names, or the attempt before it that failed.

        Models make names up; an action with such a name is written as a new cell.
        """
        named = resolve(action.cell_id, self.known.ids)
        retry = self.retry if action.cell_type == "code" and self.retry in self.known.ids else None
        return named or retry


@dataclass
class Outcome:
    """What came of an action: the words and images for the model, and the run's end if it is one.

    ``marks`` are the action, and the error if there was one, by which a repetition is known.
    """

    text: str
    images: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    end: Ended | None = None
    refused: bool = False


async def ask(run: Run, model: ChatModel, action_format: ActionFormat, given: set[str]) -> ParsedReply:
    """Return the model's reply to the conversation, which is condensed first if it might not have room.

    One that is nothing but calls of functions that are ``given`` is a cell, however it is written.
    """
    reply = await _asked(run, model, action_format)
    if not reply.actions and is_bare_calls(reply.prose, given):
        return replace(reply, actions=(CodeAction(reply.prose),), prose="")
    return reply


async def _asked(run: Run, model: ChatModel, action_format: ActionFormat) -> ParsedReply:
    run.window.tokens = getattr(model, "context", None) or run.window.tokens
    chat = context.messages(run.events, action_format)
    fresh = not run.window.holds(chat, run.window.reply(run.budget.reply_tokens))
    if fresh:
        chat = _condensed(run, action_format, chat)
    try:
        return await _read(run, model, action_format, chat)
    except TooLongError:
        if fresh:
            raise
        run.window.tokens = run.window.tokens or round(context.size(chat) / run.window.per_token)
        return await _read(run, model, action_format, _condensed(run, action_format, chat))


def _condensed(run: Run, action_format: ActionFormat, chat: Sequence[Message]) -> list[Message]:
    run.emit(HistoryCompacted, room=run.window.kept(chat))
    return context.messages(run.events, action_format)


async def _read(
    run: Run, model: ChatModel, action_format: ActionFormat, chat: Sequence[Message]
) -> ParsedReply:
    """Stream a reply, cut where its first action is complete; what was said is recorded however it ends.

    One that is a cell which failed just so before, or ran just before, is thrown away, and the model is asked
    again, with more chance in it and without the failed attempts in its sight: a repetition only invites the
    next. Unless it is known what the cell should have been: then that will run. Where the cell ran, the model
    may have all it needs and only not see it, so that it is told first.
    """
    text, finish = "", "broken off"
    usage = spent = Usage()
    first: float | None = None
    begun = time.monotonic()

    def anew(note: str = "") -> list[Message]:
        return context.messages(context.hide_failed_turns(run.events, run.id, note), action_format)

    asked, told = anew() if run.repeating else chat, False

    async def read(temperature: float) -> None:
        nonlocal text, usage, finish, first
        stream = model.stream(
            asked,
            stop=action_format.stop,
            max_tokens=run.window.reply(run.budget.reply_tokens),
            temperature=temperature,
            tools=action_format.tools,
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
        for temperature in TEMPERATURES[run.repeating :]:
            if text:
                spent, text = spent + usage, ""
                run.emit(ReplyDelta, text="", restart=True)
            await run.unless_stopped(read(0.0 if told else temperature))
            codes = [one.source for one in action_format.parse(text).actions if one.cell_type == "code"]
            if not any(run.repeats(code) and not run.mended(code) for code in codes):
                break
            told = not told and run.just_ran(codes[-1])
            asked = anew(prompts.JUST_RAN if told else "")
    finally:
        reply = action_format.parse(text)
        if not usage.estimated:
            run.window.learn(asked, usage.prompt_tokens)
        usage = spent + usage
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


def accepts(run: Run, spot: TurnState, answer: str) -> bool:
    """Tell whether an answer is taken; if not, the model is told why, and looks again.

    One is doubted that only repeats what the model was told to do, or has values that were nowhere shown.
    That happens once in a run, and not in its last turn: then the answer stands.
    """
    if run.doubted or run.turn >= run.budget.turns:
        return True
    values = ungrounded_values(answer, run.events, run.id)
    if prompts.echoes(answer):
        told, why = prompts.EMPTY, "That is no answer"
    elif values:
        told, why = prompts.ungrounded_values(sorted(spot.untried)), f"No output shows {' or '.join(values)}"
    else:
        return True
    run.doubted = True
    run.emit(AnswerRejected, message=f"{why}, so the model looks again.")
    run.emit(Observation, text=told)
    return False


async def carry_out(run: Run, notebook: Notebook, gate: Gate, reply: ParsedReply, spot: TurnState) -> Outcome:
    """Do what a reply asks for, as far as it can be done."""
    nothing = prompts.CUT_OFF if reply.incomplete else prompts.EMPTY
    outcome = Outcome(nothing, marks=[nothing])
    for action in reply.actions:
        outcome = await _act(run, notebook, gate, action, spot)
        if outcome.refused:
            break
    return outcome


async def _act(run: Run, notebook: Notebook, gate: Gate, action: CodeAction, spot: TurnState) -> Outcome:
    """Put an action into the notebook and, if the gate allows, run it.

    A failed attempt is rewritten in place, so that the notebook keeps only what worked.
    """
    target = spot.target(action)
    changed, replaced = "", ""
    if action.cell_type == "code":
        action, changed = _improved(run, spot, action, retried=target is not None and target == spot.retry)
        replaced = ", ".join(sorted(assigned_names(action.source) & spot.given))
    run.emit(Action, source=action.source, cell_type=action.cell_type)
    if target and spot.known.protected(target):
        told = prompts.PROTECTED.format(cell=spot.known.name(target))
        return _refused(run, action, told, "the cell is protected")
    if replaced:
        return _refused(run, action, prompts.GIVEN.format(names=replaced), f"it would replace {replaced}")
    cell = await _written(run, notebook, action, spot, target)
    if action.cell_type == "markdown":
        return Outcome(prompts.following(run.task))

    decided = await _decided(run, gate, action.source, cell)
    run.emit(ApprovalResolved, cell_id=cell, **decided.model_dump())
    spot.retry, spot.attempt = cell, decided.source
    if not decided.allowed:
        return Outcome(prompts.denied(decided.reasons), marks=[normalized(action.source)])
    if decided.source != action.source:
        changed = prompts.EDITED.format(source=decided.source)
        await run.unless_stopped(notebook.write_cell(decided.source, cell_id=cell))

    execution = await run.unless_stopped(
        notebook.run_cell(cell, source=decided.source, timeout=run.budget.cell_seconds),
        wind_up=notebook.interrupt,
    )
    run.emit(Executed, cell_id=cell, **execution.model_dump())
    spot.known.wrote(
        Cell(id=cell, cell_type="code", source=decided.source, execution_count=execution.execution_count)
    )
    if execution.status == "ok":
        spot.retry = None
    if execution.status in ("ok", "error"):
        run.executed(decided.source, ok=execution.status == "ok")
    observed = observe(
        execution,
        nonce=run.nonce,
        budget=run.window.observation(run.budget.observation),
        sees_images=spot.sees_images,
        source=decided.source,
        secrets=environment_secrets(),
    )
    errors = [one for one in execution.outputs if one["output_type"] == "error"]
    there: list[Variable] = []
    if errors or not execution.outputs:  # then the outputs do not say what the cell worked with
        there = await _variables(run, notebook)
    shown = context.described(context.mentioned(there, decided.source))
    advice = _advice(run, spot, execution, decided.source, there)
    return Outcome(
        "\n".join(filter(None, [changed, observed.text, shown, advice])),
        images=list(observed.images),
        marks=[normalized(action.source), *(f"{error['ename']}: {error['evalue']}" for error in errors)],
        end=_end_of(execution, run),
    )


def _improved(run: Run, spot: TurnState, action: CodeAction, *, retried: bool) -> tuple[CodeAction, str]:
    """Return what is to run of a cell that the model wrote, and what it is told if that is something else.

    A failed attempt that comes again although its error named what was meant has that; a correction has the
    imports of the attempt; and what would replace a given function is left out.
    """
    source, why = action.source, []
    if better := run.mended(source):
        source = better
        why.append(prompts.MENDED)
    if retried:
        source = with_imports(source, spot.attempt)
    given = assigned_names(source) & spot.given
    if given and has_code(kept := drop_assignments(source, given)) and kept != source:
        source = kept
        why.append(prompts.LEFT_OUT.format(names=", ".join(sorted(given))))
    told = prompts.INSTEAD.format(why=" ".join(why), source=source) if why else ""
    return replace(action, source=source), told


def _advice(run: Run, spot: TurnState, execution: Execution, source: str, there: Sequence[Variable]) -> str:
    """Return what the model may do next after a cell ran, and what it may overlook in what that showed."""
    advice = prompts.following(run.task)
    errors = [one for one in execution.outputs if one["output_type"] == "error"]
    if execution.status == "error" and errors:
        error, meant = errors[-1]["ename"], suggest(errors[-1], there, source)
        run.mend(source, renamed(source, error, meant))
        advice = prompts.failed(error, meant)
    elif names_object(execution.outputs):
        advice = f"{prompts.OPAQUE} {advice}"
    elif shows_nan(execution.outputs):
        advice = f"{prompts.NAN} {advice}"
    elif meant := suggest_lookups(source, execution, run.events[:-1]):
        run.executed(source, ok=False)
        run.mend(source, renamed(source, "", meant))
        advice = f"{prompts.meant_by(meant)} {advice}"
    spot.untried -= context.words(source)
    if spot.given and spot.unused and not context.words(source) & spot.given:
        advice = f"{prompts.UNUSED.format(names=', '.join(sorted(spot.given)))} {advice}"
    spot.unused = False
    return advice


def _refused(run: Run, action: CodeAction, told: str, why: str) -> Outcome:
    """Leave an action out of the notebook."""
    run.executed(action.source, ok=False)
    run.emit(
        ApprovalResolved, cell_id="", **decision(action.source, allowed=False, reasons=[why]).model_dump()
    )
    return Outcome(told, marks=[told], refused=True)


async def news(run: Run, notebook: Notebook, spot: TurnState, tools: Sequence[str]) -> list[str]:
    """Tell what the user did in the notebook since the model last heard of it."""
    try:
        told = spot.known.news(await run.unless_stopped(notebook.state(brief=True)))
        if spot.known.restarted and tools:
            await run.unless_stopped(notebook.load_tools(tools))
    except Ended:
        return []  # the run ends with the next turn; what the cell showed until then is still recorded
    spot.after = spot.known.standing(spot.after)
    return [told] if told else []


async def _written(
    run: Run, notebook: Notebook, action: CodeAction, spot: TurnState, target: str | None
) -> str:
    """Write an action's cell, and record what was there before if it is not the run's own."""
    before = None
    if target and target not in spot.known.made | spot.kept:
        before = await run.unless_stopped(notebook.read_cell(target))
    cell = await run.unless_stopped(
        notebook.write_cell(action.source, cell_type=action.cell_type, cell_id=target, after=spot.after)
    )
    in_place = cell == target
    run.emit(CellWritten, cell_id=cell, rewritten=in_place, before=before if in_place else None)
    spot.kept.add(cell)
    spot.known.wrote(Cell(id=cell, cell_type=action.cell_type, source=action.source))
    spot.after = cell
    return cell


async def _decided(run: Run, gate: Gate, source: str, cell: str) -> Decision:
    """Return what the gate, or the user it asks, says of a cell."""
    judged = gate.judge(source)
    if judged.verdict != "ask":
        return decision(source, allowed=judged.verdict == "allow", reasons=judged.reasons)
    asked = run.emit(
        ApprovalRequested, cell_id=cell, source=source, sha256=digest(source), reasons=judged.reasons
    )
    decided = await run.unless_stopped(gate.ask(asked))
    if decided.sha256 != digest(decided.source):
        return decision(source, allowed=False, reasons=["the approval is not of this code"])
    return decided


async def _variables(run: Run, notebook: Notebook) -> list[Variable]:
    """Read the variables in the kernel; not when the run is to end, for that takes a page."""
    try:
        return (await run.unless_stopped(notebook.state())).variables
    except Ended:
        return []


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
