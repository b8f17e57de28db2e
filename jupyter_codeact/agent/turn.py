"""One turn: carry out what a reply asks for, and see whether its answer is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from . import prompts
from .context import opening as context
from .context.cells import resolve
from .context.snapshot import NotebookSnapshot
from .contracts import Cell, Execution, Notebook, Variable
from .ending import Ended
from .events import (
    Action,
    AnswerRejected,
    ApprovalRequested,
    ApprovalResolved,
    CellWritten,
    Executed,
    HooksApplied,
    Observation,
)
from .gate.gate import Decision, Gate, decision, digest
from .hooks.hook import ProposedCell, RanCell, Reject, TurnOutcome
from .hooks.running import Hooks
from .observations.observe import observe
from .replies.reply import CodeAction, ParsedReply
from .run import Run
from .secrets import environment_secrets


@dataclass
class TurnState:
    """Where the run is in the notebook.

    Attributes
    ----------
    after : str or None
        The last cell it touched; the next one goes below.
    notebook : NotebookSnapshot
        The notebook as the model knows it.
    retry, attempt : str
        The cell that failed, which the next one replaces, and the source that ran in it.
    recorded : set of str
        Cells whose state before the run is in the record.
    answer_rejected : bool
        Whether an answer was rejected already.
    """

    after: str | None
    notebook: NotebookSnapshot
    supports_images: bool = False
    retry: str | None = None
    attempt: str = ""
    recorded: set[str] = field(default_factory=set)
    answer_rejected: bool = False

    def target(self, action: CodeAction) -> str | None:
        """Return the cell that an action rewrites: the one it names, or the attempt before it that failed.

        Models make names up; an action with such a name is written as a new cell.
        """
        named = resolve(action.cell_id, self.notebook.ids)
        retry = self.retry if action.cell_type == "code" and self.retry in self.notebook.ids else None
        return named or retry


@dataclass
class Outcome:
    """What came of an action: text and images for the model, and the run's end if it is one."""

    turn: TurnOutcome
    images: list[str] = field(default_factory=list)
    end: Ended | None = None


@dataclass
class Turns:
    """The turns of one run in one notebook.

    Parameters
    ----------
    run, notebook, gate, hooks, tools
        What the agent works with.
    state : TurnState
        Where the run is.
    """

    run: Run
    notebook: Notebook
    gate: Gate
    hooks: Hooks
    tools: Sequence[str]
    state: TurnState

    def record_hooks(self) -> None:
        """Record which hooks have helped since this was called last."""
        if applied := self.hooks.applied():
            self.run.emit(HooksApplied, hooks=applied)

    def rejects(self, answer: str) -> bool:
        """Tell whether an answer is not taken; the model is then told why, and looks again.

        That happens once in a run, and not in its last turn: then the answer stands.
        """
        if self.state.answer_rejected or self.run.turn >= self.run.last_turn:
            return False
        against = self.hooks.on_answer(answer)
        if against is None:
            return False
        self.state.answer_rejected = True
        self.record_hooks()
        self.run.emit(AnswerRejected, message=f"{against.reason}, so the model looks again.")
        self.run.emit(Observation, text=against.told)
        return True

    async def carry_out(self, reply: ParsedReply) -> Ended | None:
        """Do what a reply asks for, as far as it can be done, and tell the model what came of it."""
        changes = await self._describe_changes()
        outcome = Outcome(TurnOutcome(prompts.CUT_OFF if reply.incomplete else prompts.EMPTY))
        for action in reply.actions:
            outcome = await self._act(action)
            if outcome.turn.refused:
                break
        try:
            told = [outcome.turn.told, *self.hooks.after_turn(outcome.turn), *changes]
        finally:
            self.record_hooks()
        if not outcome.end:
            told += await self._describe_changes()
        self.run.emit(Observation, text="\n".join(told), images=outcome.images)
        return outcome.end

    async def _act(self, action: CodeAction) -> Outcome:
        """Put an action into the notebook and, if it is code that the gate allows, run it.

        A failed attempt is rewritten in place, so that the notebook keeps only what worked.
        """
        state = self.state
        target = state.target(action)
        cell: ProposedCell | Reject = ProposedCell(action.source)
        if action.cell_type == "code":
            corrects = state.attempt if target is not None and target == state.retry else None
            cell = self.hooks.before_cell(ProposedCell(action.source, corrects))
        source = cell.source if isinstance(cell, ProposedCell) else action.source
        self.run.emit(Action, source=source, cell_type=action.cell_type)
        if target and state.notebook.protected(target):
            told = prompts.PROTECTED.format(cell=state.notebook.name(target))
            return self._refuse(source, Reject("the cell is protected", told))
        if isinstance(cell, Reject):
            return self._refuse(source, cell)
        written = await self._write(CodeAction(source, action.cell_type), target)
        if action.cell_type == "markdown":
            return Outcome(TurnOutcome(self.hooks.after_cell(RanCell(source, None)) or prompts.WRITTEN))
        decided = await self._decide(source, written)
        state.retry, state.attempt = written, decided.source
        if not decided.allowed:
            return Outcome(TurnOutcome(prompts.denied(decided.reasons), source))
        note = ""
        if cell.notes:
            note = prompts.INSTEAD.format(why=" ".join(cell.notes), source=source)
        if decided.source != source:
            note = prompts.EDITED.format(source=decided.source)
            await self.run.unless_stopped(self.notebook.write_cell(decided.source, cell_id=written))
        return await self._execute(written, decided.source, source, note)

    async def _execute(self, cell: str, source: str, proposed: str, note: str) -> Outcome:
        """Run a cell and observe it."""
        run, state = self.run, self.state
        execution = await run.unless_stopped(
            self.notebook.run_cell(cell, source=source, timeout=run.budget.cell_seconds),
            wind_up=self.notebook.interrupt,
        )
        run.emit(Executed, cell_id=cell, **execution.model_dump())
        state.notebook.wrote(
            Cell(id=cell, cell_type="code", source=source, execution_count=execution.execution_count)
        )
        if execution.status == "ok":
            state.retry = None
        observed = observe(
            execution,
            nonce=run.nonce,
            budget=run.window.observation(run.budget.observation),
            sees_images=state.supports_images,
            source=source,
            secrets=environment_secrets(),
        )
        errors = [one for one in execution.outputs if one["output_type"] == "error"]
        variables: list[Variable] = []
        if errors or not execution.outputs:  # then the outputs do not say what the cell worked with
            variables = await self._variables()
        mentioned = context.described(context.mentioned(variables, source))
        advice = self.hooks.after_cell(RanCell(source, execution, variables))
        told = "\n".join(filter(None, [note, observed.text, mentioned, advice]))
        named = tuple(f"{error['ename']}: {error['evalue']}" for error in errors)
        turn = TurnOutcome(told, proposed, ran=True, errors=named)
        return Outcome(turn, list(observed.images), _end_of(execution, run))

    def _refuse(self, source: str, why: Reject) -> Outcome:
        """Leave an action out of the notebook."""
        refused = decision(source, allowed=False, reasons=[why.reason])
        self._resolved("", source, refused)
        return Outcome(TurnOutcome(why.told, source, refused=True))

    async def _write(self, action: CodeAction, target: str | None) -> str:
        """Write an action's cell, and record what was there before if it is not the run's own."""
        state, before = self.state, None
        if target and target not in state.notebook.made | state.recorded:
            before = await self.run.unless_stopped(self.notebook.read_cell(target))
        cell = await self.run.unless_stopped(
            self.notebook.write_cell(
                action.source, cell_type=action.cell_type, cell_id=target, after=state.after
            )
        )
        in_place = cell == target
        self.run.emit(CellWritten, cell_id=cell, rewritten=in_place, before=before if in_place else None)
        state.recorded.add(cell)
        state.notebook.wrote(Cell(id=cell, cell_type=action.cell_type, source=action.source))
        state.after = cell
        return cell

    async def _decide(self, source: str, cell: str) -> Decision:
        """Return what the gate, or the user it asks, says of a cell."""
        judged = self.gate.judge(source)
        if judged.verdict == "allow":
            decided = decision(source, allowed=True, reasons=judged.reasons)
        else:
            requested = self.run.emit(
                ApprovalRequested, cell_id=cell, sha256=digest(source), reasons=judged.reasons
            )
            decided = await self.run.unless_stopped(self.gate.ask(requested, source))
            if decided.sha256 != digest(decided.source):
                decided = decision(source, allowed=False, reasons=["the approval is not of this code"])
        self._resolved(cell, source, decided)
        return decided

    def _resolved(self, cell: str, source: str, decided: Decision) -> None:
        self.run.emit(
            ApprovalResolved,
            cell_id=cell,
            sha256=decided.sha256,
            allowed=decided.allowed,
            reasons=decided.reasons,
            edited=decided.source if decided.source != source else None,
        )

    async def _describe_changes(self) -> list[str]:
        """Tell what the user did in the notebook since the model last heard of it."""
        known = self.state.notebook
        try:
            told = known.describe_changes(await self.run.unless_stopped(self.notebook.state(brief=True)))
            if known.restarted and self.tools:
                await self.run.unless_stopped(self.notebook.load_tools(self.tools))
        except Ended:
            return []  # the run ends with the next turn; what the cell showed until then is still recorded
        self.state.after = known.standing(self.state.after)
        return [told] if told else []

    async def _variables(self) -> list[Variable]:
        """Read the variables in the kernel; not when the run is to end, for that takes a page."""
        try:
            return (await self.run.unless_stopped(self.notebook.state())).variables
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
