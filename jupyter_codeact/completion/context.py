"""What a model is given to complete code: cells above, the user's variables, the text at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..agent.contracts import Frozen, Variable
from ..agent.secrets import all_secrets, masker
from ..agent.unicode import valid
from ..models.endpoints.completions import Gap

ABOVE, HERE, AFTER, VARIABLES = 3000, 2000, 600, 1500
"""Most characters of the cells above, of the cell before and after the cursor, and about the variables.

A model on CPU cores reads some hundred tokens a second, so that more would come too late.
"""

_STEP = 500
_LONGEST_VARIABLE = 200


class Cursor(Frozen):
    """Where the user types: the cell ``before`` and ``after`` the cursor, and the code cells above it."""

    before: str
    after: str = ""
    cells: tuple[str, ...] = ()


def gap_at(
    cursor: Cursor, variables: Sequence[Variable] = (), kernel_secrets: Mapping[str, str] | None = None
) -> Gap:
    """Return the place in the code that the model sees, without the secrets of this process and the kernel.

    While the user types, only its end changes, so that the rest is served from the prefix cache.
    """
    mask = masker(all_secrets(kernel_secrets or {}))
    cells = [mask(valid(cell)) for cell in cursor.cells]  # before anything is cut: half a secret is one, too
    parts = [mask(valid(_described(variables))), *_nearest(cells), _end_of(mask(valid(cursor.before)))]
    before = "\n\n".join(part for part in parts[:-1] if part.strip())
    return Gap(
        before=f"{before}\n\n{parts[-1]}" if before else parts[-1],
        after=_beginning_of(mask(valid(cursor.after))),
    )


def _described(variables: Sequence[Variable]) -> str:
    """Return comments that say what the kernel holds, the variables defined last before others."""
    lines, length = list[str](), 0
    for variable in reversed(variables):
        if variable.type in ("tool", "module"):
            continue
        said = f" {variable.summary}" if variable.summary else ""
        line = " ".join(f"# {variable.name}: {variable.type}{said}".split())[:_LONGEST_VARIABLE]
        length += len(line) + 1
        if length > VARIABLES:
            break
        lines.append(line)
    return "\n".join(reversed(lines))


def _nearest(cells: Sequence[str]) -> list[str]:
    """Return as many of the last cells as there is room for, whole ones; the last one at any rate."""
    taken, length = list[str](), 0
    for cell in reversed([cell.strip("\n") for cell in cells if cell.strip()]):
        length += len(cell) + 2
        if length > ABOVE:
            return taken or [cell[-ABOVE:].partition("\n")[2]]
        taken.insert(0, cell)
    return taken


def _end_of(before: str) -> str:
    """Return the end of a long text, whole lines, from a place that does not move with every key."""
    if len(before) <= HERE:
        return before
    start = (len(before) - HERE + _STEP - 1) // _STEP * _STEP
    end = before[start:]
    line = end.find("\n")
    return end[line + 1 :] if line >= 0 else end


def _beginning_of(after: str) -> str:
    if len(after) <= AFTER:
        return after
    return after[:AFTER].rpartition("\n")[0] or after[:AFTER]
