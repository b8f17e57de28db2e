"""The run's position in the notebook, and the outcome of an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .context.cells import resolve
from .context.snapshot import NotebookSnapshot
from .contracts import Place
from .ending import Ended
from .hooks.hook import TurnOutcome
from .replies.reply import CodeAction


@dataclass
class TurnState:
    """The run's position in the notebook.

    Attributes
    ----------
    after : str or None
        The last cell that the run touched; the next one goes below it.
    snapshot : NotebookSnapshot
        The notebook as the model knows it.
    supports_images : bool
        Whether the model is sent images.
    retry_cell, retry_source, retry_ran : str
        The last cell if it did not succeed, which the next one replaces, its source, and the part that ran.
    task_cell, task_ran : str
        The cell that the task is about, which actions rewrite unless they name another cell or place, and
        what the run last ran in it.
    empty_cell : str or None
        The empty cell that the first one to be written goes into.
    recorded : set of str
        Cells whose earlier state is in the record.
    answer_rejected : bool
        Whether an answer was rejected, and nothing was done since.
    doubted : bool
        Whether an answer was rejected because it may be meant as an action.
    """

    after: str | None
    snapshot: NotebookSnapshot
    supports_images: bool = False
    retry_cell: str | None = None
    retry_source: str = ""
    retry_ran: str = ""
    task_cell: str | None = None
    task_ran: str = ""
    empty_cell: str | None = None
    recorded: set[str] = field(default_factory=set)
    answer_rejected: bool = False
    doubted: bool = False

    @classmethod
    def at(
        cls, cell_id: str | None, snapshot: NotebookSnapshot, *, target: str | None, supports_images: bool
    ) -> TurnState:
        """Return the position of a run that begins at a cell: in it if it is the ``target``, or empty."""
        state = cls(cell_id, snapshot, supports_images)
        cell = snapshot.cell(cell_id)
        if cell is None or cell.protected:
            return state
        if cell.id == target:
            state.task_cell = target
            if any(output.get("output_type") == "error" for output in cell.outputs):
                state.retry_cell, state.retry_source = target, cell.source
        elif not cell.source.strip():
            state.empty_cell = cell.id
        return state

    def target(self, action: CodeAction) -> str | None:
        """Return the cell that an action rewrites, if it makes no new one.

        It is the cell that the action names, else the previous failed attempt or the cell that the task is
        about, else an empty one. Models make ids up; an action with such an id is as one without.
        """
        ids = self.snapshot.ids
        if named := resolve(action.cell_id, ids):
            return named
        if self.place(action) is not None:
            return None
        if action.cell_type == "code" and self.retry_cell in ids:
            return self.retry_cell
        about = self.snapshot.cell(self.task_cell)
        if about and about.cell_type == action.cell_type:
            return about.id
        return self.empty_cell if self.empty_cell in ids else None

    def place(self, action: CodeAction) -> Place | None:
        """Return the place that an action asks for, between cells that are there."""
        snapshot = self.snapshot
        if below := resolve(action.before, snapshot.ids):
            return Place(above=snapshot.above(below), below=below)
        above = resolve(action.after, snapshot.ids)
        return Place(above=above) if above else None


@dataclass
class Outcome:
    """The outcome of an action: text and images for the model, and the end of the run if it causes one.

    ``failed`` says that it was refused or did not succeed; ``cell`` is the id of the cell that was written.
    """

    turn: TurnOutcome
    images: list[str] = field(default_factory=list)
    end: Ended | None = None
    failed: bool = False
    cell: str | None = None

    def with_message(self, message: str) -> Outcome:
        """Return the outcome with another message for the model."""
        return replace(self, turn=replace(self.turn, message=message))


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of several actions, one after the other."""
    turns = [outcome.turn for outcome in outcomes]
    sources = [turn.source for turn in turns if turn.source is not None]
    return Outcome(
        TurnOutcome(
            "\n\n".join(turn.message for turn in turns),
            sources[-1] if sources else None,
            ran=any(turn.ran for turn in turns),
            refused=any(turn.refused for turn in turns),
            errors=tuple(error for turn in turns for error in turn.errors),
        ),
        [image for outcome in outcomes for image in outcome.images],
        next((outcome.end for outcome in outcomes if outcome.end), None),
        any(outcome.failed for outcome in outcomes),
    )
