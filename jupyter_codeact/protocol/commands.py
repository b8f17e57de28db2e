"""What the server asks a page to do with a notebook.

A page that has lost its socket and is back may be asked again, with the same ``id``: it does nothing twice,
and repeats an answer it has given.
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

    In place, a cell keeps its editor and whatever the user is doing there. ``trusted`` says that its outputs
    are the kernel's own of just now, as if the page had run the cell itself. Answered by `Done`.
    """

    type: Literal["restore_cell"] = "restore_cell"
    id: int
    notebook: str
    cell: dict[str, Any] = Field(description="as nbformat spells it")
    after: str | None = None
    trusted: bool = False


class WriteCell(Frozen):
    """Command: rewrite ``cell_id`` in place, or insert ``new_id`` below ``after`` (``None``: at the end).

    A cell that holds neither ``source`` nor what the run left there (``was``) is the user's by now: it is
    left alone, and the new one goes below it; not so if ``was`` is ``None``. A protected cell is refused.
    Answered by `Done` with ``cell_id``. Must not move focus, selection or scroll of a user at work elsewhere.
    """

    type: Literal["write_cell"] = "write_cell"
    id: int
    notebook: str
    source: str
    cell_type: Literal["code", "markdown"] = "code"
    cell_id: str | None = None
    new_id: str
    after: str | None = None
    was: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict, description="for information only, never obeyed")


class RunCell(Frozen):
    """Command: run the cell if its source is still exactly ``source``.

    Answered by `Began` when the kernel was asked, and by `Done` with ``execution`` once the cell is done,
    and with ``state`` in brief.
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


Command = ReadState | ReadCell | WriteCell | RestoreCell | RunCell | DeleteCell
