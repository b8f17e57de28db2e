"""Replaying a conversation: the same cells, written and run in the same order, without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from ..agent.contracts import Execution, Frozen, Notebook, NotebookCell, Output
from ..agent.events import (
    Action,
    ApprovalResolved,
    CellDeleted,
    CellMoved,
    CellWritten,
    Event,
    Executed,
    RunRedone,
    RunStarted,
    RunUndone,
)
from .undo import redo, undo

INTERRUPTED_AFTER = 1.0
"""Seconds that a cell gets beyond those after which it was interrupted in the record."""


class Step(Frozen):
    """A step of a replay: a run begun, a cell run, or a run undone or redone.

    ``message`` says what is different this time, and is empty where nothing is.
    """

    kind: Literal["run", "cell", "undo", "redo"]
    run: str
    turn: int = 0
    cell_id: str = ""
    text: str = ""
    status: str = ""
    message: str = ""


async def replay(
    notebook: Notebook,
    events: Iterable[Event],
    *,
    difference: Callable[[Sequence[Output], Sequence[Output]], str],
    on_step: Callable[[Step], None] = lambda _step: None,
) -> list[Step]:
    """Repeat ``events`` in ``notebook``, rewrites and undone runs included.

    Cells keep their ids. What was not allowed to run does not run; what the user edited before allowing it
    runs as edited.

    Parameters
    ----------
    notebook
        A fresh one, or the one that the conversation began with.
    events
        Those of the conversation.
    difference
        Returns a sentence on how two lists of outputs differ, or an empty string.
    on_step
        Called with each step when it is done.

    Raises
    ------
    NotebookError
        If the notebook refuses.
    """
    state = _Replay(notebook)
    steps: list[Step] = []
    for event in events:
        step = await state.take(event, difference)
        if step is not None:
            steps.append(step)
            on_step(step)
    return steps


class _Replay:
    """The state of a replay: the action to be written, and the cell it comes below."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.action: Action | None = None
        self.below: str | None = None
        self.sources: dict[str, str] = {}
        self.done: list[Event] = []

    async def take(
        self,
        event: Event,
        difference: Callable[[Sequence[Output], Sequence[Output]], str],
    ) -> Step | None:
        """Repeat an event."""
        if not isinstance(event, RunUndone):
            self.done.append(event)
        place: dict[str, Any] = {"run": event.run, "turn": event.turn}
        match event:
            case RunStarted():
                return Step(kind="run", text=event.task, **place)
            case Action():
                self.action = event
            case CellMoved():
                await self._move(event)
            case CellDeleted() if event.cell_id in await self._ids():
                await self.notebook.delete_cell(event.cell_id)
            case CellWritten() if self.action is not None:
                await self._write(event, self.action)
            case ApprovalResolved(allowed=True, edited=str(edited)) if event.cell_id in self.sources:
                await self.notebook.write_cell(edited, cell_id=event.cell_id)
                self.sources[event.cell_id] = edited
            case Executed() if event.cell_id in self.sources:
                source = self.sources[event.cell_id]
                now = await self._run(event, source)
                message = _other_status(event, now) or difference(event.outputs, now.outputs)
                place |= {"cell_id": event.cell_id, "text": source, "status": now.status}
                return Step(kind="cell", message=message, **place)
            case RunUndone():
                undone = await undo(self.notebook, self.done, event.run, event.cells)
                self.done.append(undone)  # with what was taken here, for a redo
                also = set(undone.left) - set(event.left)
                message = "Some of its cells could not be put back." if also else ""
                return Step(kind="undo", message=message, **place)
            case RunRedone():
                redone = await redo(self.notebook, self.done, event.run, event.cells)
                also = set(redone.left) - set(event.left)
                message = "Some of its cells could not be brought back." if also else ""
                return Step(kind="redo", message=message, **place)
        return None

    async def _write(self, event: CellWritten, action: Action) -> None:
        cells = await self._ids()
        if event.cell_id in cells and event.rewritten:
            await self.notebook.write_cell(action.source, cell_type=action.cell_type, cell_id=event.cell_id)
        else:
            below = self.below if self.below in cells else next(reversed(cells), None)
            if event.after == "" or event.after in cells:
                below = event.after or None
            if event.before is not None:  # the user's cell, which this notebook does not have
                await self.notebook.restore_cell(event.before, after=below)
                await self.notebook.write_cell(
                    action.source, cell_type=action.cell_type, cell_id=event.cell_id
                )
            else:
                await self.notebook.restore_cell(_cell(event.cell_id, action), after=below)
        self.below, self.sources[event.cell_id] = event.cell_id, action.source

    async def _move(self, event: CellMoved) -> None:
        cells = await self._ids()
        if event.cell_id in cells and (event.now.above is None or event.now.above in cells):
            await self.notebook.move_cell(event.cell_id, after=event.now.above)

    async def _ids(self) -> list[str]:
        return [cell.id for cell in (await self.notebook.state(brief=True)).cells]

    async def _run(self, event: Executed, source: str) -> Execution:
        timeout = event.seconds + INTERRUPTED_AFTER if event.status == "interrupted" else None
        return await self.notebook.run_cell(event.cell_id, source=source, timeout=timeout)


def _cell(cell_id: str, action: Action) -> NotebookCell:
    cell: NotebookCell = {
        "id": cell_id,
        "cell_type": action.cell_type,
        "source": action.source,
        "metadata": {},
    }
    return {**cell, "outputs": [], "execution_count": None} if action.cell_type == "code" else cell


def _other_status(event: Executed, now: Execution) -> str:
    if event.status == now.status:
        return ""
    ended = {
        "ok": "ran",
        "error": "failed",
        "interrupted": "was interrupted",
        "dead": "ended with the kernel's death",
    }
    errors = [output for output in now.outputs if output.get("output_type") == "error"]
    why = (
        f": {errors[-1].get('ename')}: {errors[-1].get('evalue')}" if errors and now.status == "error" else ""
    )
    return f"It {ended[now.status]}{why}. When it was recorded, it {ended[event.status]}."
