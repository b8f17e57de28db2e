"""Carries out the calls on the notebook that an action consists of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .. import prompts
from ..context.cells import short_ids
from ..context.marks import marked
from ..contracts import Cell, Notebook, Place
from ..events import Action, CellDeleted, CellMoved, NotebookRead
from ..gate.decisions import Decisions
from ..hooks.hook import RanCell, TurnOutcome
from ..hooks.running import Hooks
from ..observations.observe import cut
from ..replies.reply import CodeAction
from ..run import Run
from ..turn_state import Outcome, TurnState, joined
from .parse import Call, CallError, read_calls, returns_values
from .reading import Reading, find_cell, label, read_cell, read_outline, search

SOURCE = 4000
"""Most characters of a source that is quoted because an edit does not fit it."""


@dataclass
class NotebookCalls:
    """Carries out calls on the notebook.

    Parameters
    ----------
    run, notebook, decisions, hooks, state
        The run, what it works with, and its position.
    act
        Writes a cell and runs it, as any action.
    """

    run: Run
    notebook: Notebook
    decisions: Decisions
    hooks: Hooks
    state: TurnState
    act: Callable[[CodeAction], Awaitable[Outcome]]

    async def carry_out(self, source: str) -> Outcome:
        """Carry out calls in their order, until one is refused or fails."""
        try:
            calls = read_calls(source)
        except CallError as error:
            return self._refuse(source, error)
        outcomes: list[Outcome] = []
        for call in calls:
            outcomes.append(await self.carry_out_call(call))
            if outcomes[-1].failed or outcomes[-1].end:
                break
        outcome = joined(outcomes)
        notes = []
        if left := len(calls) - len(outcomes):
            notes.append(prompts.calls_left(left))
        elif returns_values(source):
            notes.append(prompts.CALL_RESULTS_ONLY_SHOWN)
        if not outcome.failed and outcomes[-1].cell is None:
            notes.append(self.hooks.after_cell(RanCell(source, None)))
        return outcome.with_message("\n".join(filter(None, [outcome.turn.message, *notes])))

    async def carry_out_call(self, call: Call) -> Outcome:
        """Carry out one call."""
        state = await self.run.unless_stopped(self.notebook.state(brief=call.name != "search"))
        try:
            match call.name:
                case "read" | "search" | "outline":
                    return await self._read(call, state.cells)
                case "insert" | "replace" | "edit":
                    return await self._write(await self._as_action(call, state.cells))
                case "move":
                    return await self._move(call, state.cells)
                case _:
                    return await self._delete(call, state.cells)
        except CallError as error:
            return self._refuse(call.source, error)

    async def _read(self, call: Call, cells: list[Cell]) -> Outcome:
        room = self.run.window.reading
        match call.name:
            case "read":
                reading = await self._read_cell(call, cells, room)
            case "search":
                reading = search(call.arguments["text"], cells, room=room, secrets=self.run.secrets)
            case _:
                reading = read_outline(cells, room=room, secrets=self.run.secrets)
        self.run.emit(NotebookRead, message=reading.message)
        return Outcome(TurnOutcome(self._marked(call.source[:100], reading.text)), list(reading.images))

    def _marked(self, heading: str, text: str) -> str:
        return marked(heading, "notebook", text, self.run.nonce, self.run.secrets)

    async def _read_cell(self, call: Call, cells: list[Cell], room: int) -> Reading:
        cell = find_cell(call.arguments["cell"], cells)
        whole = await self.run.unless_stopped(self.notebook.read_cell(cell.id))
        return read_cell(
            cell,
            whole,
            _short(cell, cells),
            room=room,
            secrets=self.run.secrets,
            first_line=call.arguments.get("first_line", 1),
            supports_images=self.state.supports_images,
        )

    async def _as_action(self, call: Call, cells: list[Cell]) -> CodeAction:
        """Return what a call writes as an action like any other."""
        arguments = call.arguments
        if call.name == "insert":
            place = self._place(call, cells)
            return CodeAction(
                arguments["source"],
                arguments.get("cell_type", "code"),
                after=place.above if place else None,
                before=place.below if place and place.above is None else None,
            )
        cell = find_cell(arguments["cell"], cells)
        if cell.cell_type == "raw":
            raise CallError("A raw cell cannot be rewritten.", "it is a raw cell")
        source = arguments.get("source")
        if call.name == "edit":
            source = _edited(cell, arguments["old"], arguments["new"])
        return CodeAction(str(source), "markdown" if cell.cell_type == "markdown" else "code", cell.id)

    async def _write(self, action: CodeAction) -> Outcome:
        outcome = await self.act(action)
        if outcome.cell is not None:
            name = prompts.CELL_WRITTEN.format(cell=self.state.snapshot.short_id(outcome.cell))
            outcome = outcome.with_message(f"{name}\n{outcome.turn.message}")
        return outcome

    async def _move(self, call: Call, cells: list[Cell]) -> Outcome:
        cell = self._changeable(call, cells)
        now = self._place(call, cells, without=cell)
        assert now is not None
        if refusal := await self._refusal(call, cell, "moves"):
            return refusal
        await self.run.unless_stopped(self.notebook.move_cell(cell.id, after=now.above))
        self.run.emit(CellMoved, cell_id=cell.id, name=label(cell), was=_place_of(cell, cells), now=now)
        self.state.snapshot.place(cell.id, now.above)
        return Outcome(TurnOutcome(prompts.CELL_MOVED.format(cell=_short(cell, cells))))

    async def _delete(self, call: Call, cells: list[Cell]) -> Outcome:
        cell = self._changeable(call, cells)
        if refusal := await self._refusal(call, cell, "deletes"):
            return refusal
        before = await self.run.unless_stopped(self.notebook.read_cell(cell.id))
        await self.run.unless_stopped(self.notebook.delete_cell(cell.id))
        self.run.emit(
            CellDeleted, cell_id=cell.id, name=label(cell), before=before, was=_place_of(cell, cells)
        )
        state = self.state
        state.snapshot.forget(cell.id)
        state.after = state.snapshot.nearest_remaining(state.after)
        return Outcome(TurnOutcome(prompts.CELL_DELETED.format(cell=_short(cell, cells))))

    def _changeable(self, call: Call, cells: list[Cell]) -> Cell:
        """Return the cell that a call moves or deletes."""
        cell = find_cell(call.arguments["cell"], cells)
        if cell.protected:
            message = prompts.PROTECTED.format(cell=_short(cell, cells))
            raise CallError(message, "the cell is protected")
        return cell

    def _place(self, call: Call, cells: list[Cell], without: Cell | None = None) -> Place | None:
        """Return the place between the cells that a call names, if it names one."""
        after, before = call.arguments.get("after"), call.arguments.get("before")
        name = before if after is None else after
        if name is None:
            return None
        anchor = find_cell(name, cells)
        if anchor == without:
            raise CallError(
                f"{call.source[:100]}: a cell cannot be moved next to itself.", "it is the same cell"
            )
        others = [cell.id for cell in cells if cell != without]
        at = others.index(anchor.id) + (after is not None)
        return _between(others, at)

    async def _refusal(self, call: Call, cell: Cell, verb: str) -> Outcome | None:
        """Ask the gate about a move or a deletion; return the outcome if it is not allowed."""
        self.run.emit(Action, source=call.source, is_call=True)
        mine = cell.id in self.state.snapshot.created
        reasons = [] if mine else [f"{verb} your {label(cell)}"]
        decided = await self.decisions.about_change(call.source, cell.id, reasons)
        if decided.allowed:
            return None
        turn = TurnOutcome(prompts.denied(decided.reasons), call.source, refused=True)
        return Outcome(turn, failed=True)

    def _refuse(self, source: str, error: CallError) -> Outcome:
        """Refuse calls that cannot be read, or one that cannot be carried out."""
        self.run.emit(Action, source=source, is_call=True)
        self.decisions.refuse(source, error.reason)
        message = self._marked(error.message, error.data) if error.data else error.message
        return Outcome(TurnOutcome(message, source, refused=True), failed=True)


def _edited(cell: Cell, old: str, new: str) -> str:
    """Return a cell's source with the one occurrence of ``old`` replaced."""
    count = cell.source.count(old) if old else 0
    if count == 1:
        return cell.source.replace(old, new)
    if not old:
        raise CallError("notebook.edit needs the text to replace.", "the text to replace is empty")
    if count:
        raise CallError(
            f"{old[:200]!r} is there {count} times, so nothing was changed: give more of the text around the "
            "one that is meant.",
            f"the text to replace is there {count} times",
        )
    raise CallError(
        f"{old[:200]!r} is not in the cell, so nothing was changed. Its source is",
        "the text to replace is not in the cell",
        data=cut(cell.source, SOURCE),
    )


def _place_of(cell: Cell, cells: list[Cell]) -> Place:
    at = cells.index(cell)
    return _between([other.id for other in cells if other != cell], at)


def _between(ids: list[str], at: int) -> Place:
    return Place(above=ids[at - 1] if at else None, below=ids[at] if at < len(ids) else None)


def _short(cell: Cell, cells: list[Cell]) -> str:
    return short_ids([other.id for other in cells])[cell.id]
