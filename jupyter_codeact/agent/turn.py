"""One turn: carry out the actions of a reply, or check its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import prompts
from .aside import aside
from .attempt import needs, part_that_ran
from .context import opening as context
from .context.marks import marked
from .contracts import Cell, Execution, ModelInfo, Notebook, Place, Variable
from .ending import Ended
from .events import (
    Action,
    AnswerRejected,
    CellWritten,
    Executed,
    HooksApplied,
    Observation,
    PlanChanged,
    QuestionAnswered,
    QuestionAsked,
)
from .gate.decisions import Decisions
from .gate.gate import Gate
from .hooks.hook import ProposedCell, RanCell, Reject, TurnOutcome
from .hooks.running import Hooks
from .kernel_tools import KernelTools
from .notebook_calls.carry_out import NotebookCalls
from .notebook_calls.parse import NAME, Call, mentions_notebook
from .observations.displays import text_of
from .observations.observe import observe, size_of
from .plan import plan_of, read_plan
from .questions import FUNCTION, AskUser, Question, nobody, read_question
from .replies.reply import ActionFormat, CodeAction, ParsedReply
from .run import Run
from .secrets import hide
from .source import calls_exit, hides_values
from .turn_state import Outcome, TurnState


@dataclass
class Turns:
    """Carries out the turns of a run.

    Parameters
    ----------
    run, notebook, gate, hooks, tools, action_format
        The run, and what the agent works with.
    state : TurnState
        The run's position in the notebook.
    ask_user : callable
        Waits for the user's answer to a question of the model.
    """

    run: Run
    notebook: Notebook
    gate: Gate
    hooks: Hooks
    tools: KernelTools
    action_format: ActionFormat
    state: TurnState
    ask_user: AskUser = nobody

    def __post_init__(self) -> None:
        self._new_functions = ""
        self._decisions = Decisions(self.run, self.gate)
        self._calls = NotebookCalls(
            self.run, self.notebook, self._decisions, self.hooks, self.state, self._act_on_cell
        )

    def record(self, reply: ParsedReply, info: ModelInfo) -> None:
        """Record what came with a reply: its plan, the hooks of use, and whether images were refused."""
        self.state.supports_images = info.supports_images
        plan = plan_of(self.run.events, self.run.id)
        steps = read_plan(reply.prose, plan)
        if steps != plan:
            self.run.emit(PlanChanged, steps=steps)
        self.record_hooks()

    def record_hooks(self) -> None:
        """Record which hooks were of use since the last call."""
        if applied := self.hooks.applied():
            self.run.emit(HooksApplied, hooks=applied)

    async def rejects(self, reply: ParsedReply) -> bool:
        """Tell whether a reply's answer is rejected; the model is then told why.

        An answer is rejected at most once for each reason in a run, never in its last turn, and not if the
        model insists on it.
        """
        if self.state.answer_rejected or self.run.turn >= self.run.last_turn:
            return False
        rejection = self._doubted(reply) or await aside(None, self.hooks.on_answer, reply.prose)
        if rejection is None:
            return False
        self.state.answer_rejected = True
        self.record_hooks()
        self.run.emit(AnswerRejected, message=f"{rejection.reason}, so the model looks again.")
        self.run.emit(Observation, text=rejection.message)
        return True

    def _doubted(self, reply: ParsedReply) -> Reject | None:
        """Return a refusal of an answer that may be meant as an action: it is not run on a guess."""
        if not reply.doubt or self.state.doubted:
            return None
        self.state.doubted = True
        reason = "The answer has code in it that did not run"
        return Reject(reason, prompts.no_action(reply, self.action_format))

    async def carry_out(self, reply: ParsedReply) -> Ended | None:
        """Carry out the actions of a reply until one is refused, and tell the model the outcome."""
        changes = await self._describe_changes()
        outcome = Outcome(TurnOutcome(prompts.no_action(reply, self.action_format)))
        self.state.answer_rejected = False
        for action in reply.actions:
            outcome = await self._act(action)
            if outcome.turn.refused:
                break
        try:
            notes = await aside(len(outcome.turn.message), self.hooks.after_turn, outcome.turn)
            texts = [outcome.turn.message, *notes, *changes]
        finally:
            self.record_hooks()
        if not outcome.end:
            texts += await self._describe_changes()
        self.run.emit(Observation, text="\n".join(texts), images=outcome.images)
        return outcome.end

    async def carry_out_call(self, call: Call) -> Outcome:
        """Carry out a call on the notebook that another agent makes, and tell it the outcome.

        Unlike our model, it names the cell that it means: no failed attempt is rewritten unasked.
        """
        changes = await self._describe_changes()
        outcome = await self._calls.carry_out_call(call)
        self.state.retry_cell = self.state.task_cell = self.state.empty_cell = None
        texts = [outcome.turn.message, *changes]
        if not outcome.end:
            texts += await self._describe_changes()
        outcome = outcome.with_message("\n".join(texts))
        self.run.emit(Observation, text=outcome.turn.message, images=outcome.images)
        return outcome

    async def _act(self, action: CodeAction) -> Outcome:
        """Carry out an action: a question, calls on the notebook, or a cell."""
        if action.cell_type == "code":
            question = read_question(action.source)
            if question is not None and not await self._is_users_own(FUNCTION):
                return await self._ask(question)
            if mentions_notebook(action.source) and not await self._is_users_own(NAME):
                return await self._calls.carry_out(action.source)
        return await self._act_on_cell(action)

    async def _is_users_own(self, name: str) -> bool:
        """Tell whether the user has defined one of the `RESERVED_NAMES`."""
        state = await self.run.unless_stopped(self.notebook.state())
        return any(variable.name == name for variable in state.variables or ())

    async def _act_on_cell(self, action: CodeAction) -> Outcome:
        """Write an action into the notebook and, if it is code that the gate allows, run it.

        A failed attempt is rewritten in place, so that the notebook keeps only the cells that worked.
        """
        state = self.state
        if action.cell_type == "code":
            await self._update_functions()
        target = state.target(action)
        cell: ProposedCell | Reject = ProposedCell(action.source)
        if action.cell_type == "code":
            corrects = state.retry_source if target is not None and target == state.retry_cell else None
            proposed = ProposedCell(action.source, corrects)
            cell = await aside(len(action.source), self.hooks.before_cell, proposed)
        source = cell.source if isinstance(cell, ProposedCell) else action.source
        self.run.emit(Action, source=source, cell_type=action.cell_type)
        if target and state.snapshot.protected(target):
            message = prompts.PROTECTED.format(cell=state.snapshot.short_id(target))
            return self._refuse(source, Reject("the cell is protected", message))
        if isinstance(cell, Reject):
            return self._refuse(source, cell)
        if action.cell_type == "code" and target == state.retry_cell and needs(source, state.retry_ran):
            await self._keep_part(state.retry_ran, target)
            target = state.task_cell = None
        elif target and target == state.task_cell and needs(source, state.task_ran):
            target = state.task_cell = None  # what it holds now is needed: this one goes below
        if action.cell_type == "markdown":
            return await self._write_text(replace(action, source=source), target)
        written = await self._write(replace(action, source=source), target)
        decided = await self._decisions.about_cell(source, written, state.snapshot.without(written))
        state.retry_cell, state.retry_source, state.retry_ran = written, decided.source, ""
        if not decided.allowed:
            turn = TurnOutcome(prompts.denied(decided.reasons, decided.comment), source)
            return Outcome(turn, failed=True, cell=written)
        note = ""
        if cell.notes:
            note = prompts.RAN_INSTEAD.format(why=" ".join(cell.notes), source=source)
        if decided.source != source:
            note = prompts.EDITED.format(source=decided.source)
            await self.run.unless_stopped(self.notebook.write_cell(decided.source, cell_id=written))
        return await self._execute(written, decided.source, source, note)

    async def _write_text(self, action: CodeAction, target: str | None) -> Outcome:
        """Write a text cell, if the gate allows it: to write it is to show it, with all that it fetches."""
        decided = await self._decisions.about_text(
            action.source, target or "", self.state.snapshot.without(target or "")
        )
        if not decided.allowed:
            refusal = prompts.denied(decided.reasons, decided.comment)
            return Outcome(TurnOutcome(refusal, action.source, refused=True), failed=True)
        written = await self._write(replace(action, source=decided.source), target)
        note = prompts.EDITED_TEXT.format(source=decided.source) if decided.source != action.source else ""
        advice = self.hooks.after_cell(RanCell(decided.source, None))
        message = "\n".join(filter(None, [note, advice or prompts.TEXT_WRITTEN]))
        return Outcome(TurnOutcome(message), cell=written)

    async def _ask(self, question: Question) -> Outcome:
        """Ask the user, once in a run, and wait for the answer."""
        if any(isinstance(event, QuestionAsked) and event.run == self.run.id for event in self.run.events):
            return Outcome(TurnOutcome(prompts.ASKED_BEFORE, refused=True))
        asked = self.run.emit(QuestionAsked, question=question.text, options=list(question.options))
        answer = await self.run.unless_stopped(self.ask_user(asked))
        self.run.emit(QuestionAnswered, answer=answer)
        return Outcome(TurnOutcome(prompts.user_answered(answer), refused=True))

    async def _execute(self, cell: str, source: str, proposed: str, note: str) -> Outcome:
        """Run a cell and observe it."""
        run, state = self.run, self.state
        with self.tools.running(self.gate):
            execution = await run.unless_stopped(
                self.notebook.run_cell(cell, source=source, timeout=run.budget.cell_seconds),
                wind_up=lambda: self.notebook.interrupt(hurry=run.out_of_time),
            )
        run.emit(Executed, cell_id=cell, **dict(execution))
        state.snapshot.record(
            Cell(id=cell, cell_type="code", source=source, execution_count=execution.execution_count)
        )
        if execution.status == "ok":
            state.retry_cell = None
            state.task_ran = source if cell == state.task_cell else state.task_ran
        length = size_of(execution.outputs)
        state.retry_ran = await aside(length, part_that_ran, source, execution)
        observed = await aside(
            length,
            observe,
            execution,
            nonce=run.nonce,
            budget=run.window.observation(run.budget.observation),
            supports_images=state.supports_images,
            source=source,
            secrets=run.secrets,
        )
        errors = [output for output in execution.outputs if output["output_type"] == "error"]
        # then the outputs do not show the variables that the cell used
        shows_little = execution.status == "error" or not execution.outputs
        variables = await self._variables() if shows_little or hides_values(source) else []
        mentioned = context.describe_variables(
            context.mentioned_variables(variables if shows_little else [], source), run.nonce, run.secrets
        )
        ran = RanCell(source, execution, variables)
        advice = hide(await aside(length + len(source), self.hooks.after_cell, ran) or "", run.secrets)
        message = "\n".join(filter(None, [note, observed.text, mentioned, advice]))
        messages = tuple(f"{error['ename']}: {error['evalue']}" for error in errors)
        turn = TurnOutcome(message, proposed, ran=True, errors=messages)
        end = ending_of(execution, run, source)
        return Outcome(turn, list(observed.images), end, failed=execution.status != "ok", cell=cell)

    async def _keep_part(self, part: str, cell: str | None) -> None:
        """Leave in a failed cell what has run of it: the next cell needs it, and goes below."""
        self.run.emit(Action, source=part)
        await self._write(CodeAction(part, "code"), cell)

    def _refuse(self, source: str, rejection: Reject) -> Outcome:
        """Refuse an action, which is not written into the notebook."""
        self._decisions.refuse(source, rejection.reason)
        return Outcome(TurnOutcome(rejection.message, source, refused=True), failed=True)

    async def _write(self, action: CodeAction, target: str | None) -> str:
        """Write an action's cell; if it is not the run's own, record its state before."""
        state, before = self.state, None
        if target and target not in state.snapshot.created | state.recorded:
            before = await self.run.unless_stopped(self.notebook.read_cell(target))
            if target == state.empty_cell and text_of(before["source"]).strip():
                target = before = None  # the user has begun to write there
        state.empty_cell = None
        place = None if target else state.place(action) or (Place(above=state.after) if state.after else None)
        cell = await self.run.unless_stopped(
            self.notebook.write_cell(
                action.source,
                cell_type=action.cell_type,
                cell_id=target,
                after=place.above if place else state.after,
                before=place.below if place and place.above is None else None,
            )
        )
        in_place = cell == target
        self.run.emit(
            CellWritten,
            cell_id=cell,
            rewritten=in_place,
            before=before if in_place else None,
            after=(place.above or "") if place else None,
        )
        state.recorded.add(cell)
        state.snapshot.record(Cell(id=cell, cell_type=action.cell_type, source=action.source))
        if place and not in_place and (place.above is None or place.above in state.snapshot.ids):
            state.snapshot.place(cell, place.above)
        state.after = cell
        return cell

    async def _update_functions(self) -> None:
        """Give the kernel and the gate the functions of servers as they are now, and note what is to tell."""
        changed = await self.tools.update(self.run, self.notebook, self.gate)
        self._new_functions = "\n".join(filter(None, [self._new_functions, changed]))

    async def _describe_changes(self) -> list[str]:
        """Describe what the user, and servers, changed since the model was last told."""
        snapshot = self.state.snapshot
        try:
            changes = snapshot.describe_changes(
                await self.run.unless_stopped(self.notebook.state(brief=True))
            )
            if snapshot.restarted and self.tools:
                servers = await self.tools.load(self.run, self.notebook, self.gate)
                self.tools.record(self.run, servers)
            await self._update_functions()
        except Ended:
            return []  # the run ends when the next turn begins; the cell's outputs are still recorded
        self.state.after = snapshot.nearest_remaining(self.state.after)
        texts = [prompts.RESTARTED] if snapshot.restarted else []
        if changes:
            texts.append(marked(prompts.USER_CHANGES, "changes", changes, self.run.nonce, self.run.secrets))
        if functions := self._new_functions:
            self._new_functions = ""
            told = prompts.FUNCTIONS_CHANGED
            texts.append(marked(told, "functions", functions, self.run.nonce, self.run.secrets))
        return texts

    async def _variables(self) -> list[Variable]:
        """Read the variables in the kernel, unless the run is over: reading them may need a page."""
        try:
            return (await self.run.unless_stopped(self.notebook.state())).variables or []
        except Ended:
            return []


STUBBORN = (
    "The cell did not end when it was interrupted, so its kernel was ended, and the variables are gone. "
    "Restart it if it does not come back by itself."
)


def ending_of(execution: Execution, run: Run, source: str) -> Ended | None:
    """Return the end of a run that a cell causes: with its kernel, or because the user interrupted it."""
    limit = run.budget.cell_seconds
    too_long = limit is not None and execution.seconds >= limit
    overrun = run.overrun()
    if execution.status == "dead" and (overrun or too_long):
        before = f"{overrun.message} " if overrun else ""
        return Ended(overrun.ending if overrun else "failed", message=before + STUBBORN)
    if execution.status == "dead":
        what = "The cell ended the kernel with exit()"
        if not calls_exit(source):
            what = "The kernel died while it ran the cell"
        return Ended(
            "failed",
            message=f"{what}, so its variables are gone. Restart it if it does not come back by itself, and "
            "ask again.",
        )
    if execution.status == "interrupted" and not too_long and not overrun:
        return Ended("stopped", message="Stopped, because the cell was interrupted.")
    return None
