"""What came of a run, for the user's own code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agent.events import Event


@dataclass(frozen=True, repr=False)
class Result:
    """What came of a run.

    Attributes
    ----------
    task : str
        What was asked for.
    answer : str
        What the agent said; empty if it came to no answer.
    ok : bool
        Whether it answered.
    message : str
        Why there is no answer, as a sentence.
    turns : int
        How many replies it took.
    cells : list of dict
        The cells that the run wrote, with their outputs, as nbformat spells them.
    path : Path or None
        The notebook file it worked in, if it was one.
    cost : str
        What it took, in words.
    """

    task: str
    answer: str
    ok: bool
    message: str
    turns: int
    cells: list[dict[str, Any]] = field(default_factory=list)
    path: Path | None = None
    cost: str = ""

    def to_notebook(self, path: str | Path) -> Path:
        """Write the task, the run's cells and the answer as a notebook, and return where it is.

        Raises
        ------
        OSError
            If it could not be written, or if something is there that is not a regular file.
        """
        import nbformat
        from nbformat.v4 import new_markdown_cell, new_notebook

        from .notebooks.saving import replace_file

        said = self.answer or self.message
        cells = [
            new_markdown_cell(f"**Task:** {self.task}"),
            *(nbformat.from_dict(cell) for cell in self.cells),
            *([new_markdown_cell(said)] if said else []),
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        written = Path(path)
        whole: str = nbformat.writes(new_notebook(cells=cells, metadata={"kernelspec": kernel}))
        replace_file(written, f"{whole}\n".encode("utf-8", "replace"))
        return written

    def __repr__(self) -> str:
        return "\n".join(filter(None, [self.answer or self.message or "No answer.", self._cost_line()]))

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def _repr_markdown_(self) -> str:
        small = f"<small>{self._cost_line()}</small>" if self.cost else ""
        return "\n\n".join(filter(None, [self.answer or self.message or "No answer.", small]))

    def _cost_line(self) -> str:
        return f"({self.cost})" if self.cost else ""


def result_of(
    task: str, events: Iterable[Event], run: str, cells: Iterable[Any], path: Path | None = None
) -> Result:
    """Return what came of ``run``, from its events and the notebook's cells (nbformat nodes)."""
    from .agent.events import CellWritten, RunEnded
    from .costs import cost
    from .notebooks.document import plain_copy

    own = [event for event in events if event.run == run]
    written = {event.cell_id for event in own if isinstance(event, CellWritten)}
    ended = next(event for event in reversed(own) if isinstance(event, RunEnded))
    return Result(
        task=task,
        answer=ended.answer,
        ok=ended.ending == "answered",
        message=ended.message,
        turns=ended.turns,
        cells=[plain_copy(cell) for cell in cells if cell.id in written],
        path=path,
        cost=cost(ended),
    )
