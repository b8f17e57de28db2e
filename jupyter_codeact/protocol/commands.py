"""What the server asks a page to do with a notebook.

A page that lost its connection may get a command again, with the same ``id``: it carries a command out once,
and repeats its answer.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..agent.contracts import Frozen


class ReadState(Frozen):
    """Command: read the notebook, without outputs if ``brief``. Answered by `Done` with ``state``."""

    type: Literal["read_state"] = "read_state"
    id: int
    notebook: str
    brief: bool = False


class ReadCell(Frozen):
    """Command: read a whole cell. Answered by `Done` with ``cell``."""

    type: Literal["read_cell"] = "read_cell"
    id: int
    notebook: str
    cell_id: str


class RestoreCell(Frozen):
    """Command: put a whole cell back, in place if it is there, else below ``after`` (first if ``None``).

    In place, a cell keeps its editor and whatever the user is doing there. ``trusted`` says that the kernel
    made its outputs just now, as if the page had run the cell itself. Answered by `Done`.
    """

    type: Literal["restore_cell"] = "restore_cell"
    id: int
    notebook: str
    cell: dict[str, Any] = Field(description="as nbformat spells it")
    after: str | None = None
    trusted: bool = False


class WriteCell(Frozen):
    """Command: rewrite ``cell_id`` in place, or insert ``new_id`` below ``after`` or above ``before``.

    If both are ``None``, or the cell is gone, the new one is the last.

    A cell that holds neither ``source`` nor ``was`` (what the run left there) has been edited by the user: it
    is left alone, and the new cell goes below it. Without ``was`` it is rewritten in any case. A protected
    cell is refused. Answered by `Done` with ``cell_id``. Must not move the focus, selection or scroll
    position of a user at work elsewhere.
    """

    type: Literal["write_cell"] = "write_cell"
    id: int
    notebook: str
    source: str
    cell_type: Literal["code", "markdown"] = "code"
    cell_id: str | None = None
    new_id: str
    after: str | None = None
    before: str | None = None
    was: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict, description="for information only, never obeyed")


class RunCell(Frozen):
    """Command: run the cell if its source is still exactly ``source``.

    Answered by `Began` when the kernel has been asked, and by `Done` with ``execution`` and a brief ``state``
    once the cell is done.
    """

    type: Literal["run_cell"] = "run_cell"
    id: int
    notebook: str
    cell_id: str
    source: str


class DeleteCell(Frozen):
    """Command: remove a cell. Answered by `Done`."""

    type: Literal["delete_cell"] = "delete_cell"
    id: int
    notebook: str
    cell_id: str


class MoveCell(Frozen):
    """Command: move a cell below ``after`` (``None``: to the top). Answered by `Done`.

    The cell keeps its editor and its outputs. A protected cell is refused.
    """

    type: Literal["move_cell"] = "move_cell"
    id: int
    notebook: str
    cell_id: str
    after: str | None = None


Command = ReadState | ReadCell | WriteCell | RestoreCell | RunCell | DeleteCell | MoveCell
