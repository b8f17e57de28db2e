"""Against lost imports: a correction replaces the failed cell, and often leaves out the imports it had."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ..source import assigned_names, named, syntax_tree
from .hook import Hook, ProposedCell


class KeepImports(Hook):
    """Puts imports of a failed cell that its correction uses and leaves out back into the correction.

    They ran, so the kernel has them, but the notebook would no longer run from top to bottom without them.
    """

    name, group = "keep_imports", "imports"

    def before_cell(self, cell: ProposedCell) -> ProposedCell | None:
        """Add the imports; the model is not told, for nothing is different to it."""
        if cell.corrects is None:
            return None
        source = with_imports(cell.source, cell.corrects)
        return cell.changed(source) if source != cell.source else None


def with_imports(source: str, attempt: str) -> str:
    """Return a cell's source with the imports of an earlier attempt that it uses and does not have itself.

    A cell that cannot be parsed is returned as it is.
    """
    tree, earlier = syntax_tree(source), syntax_tree(attempt)
    if tree is None or earlier is None:
        return source
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    missing = {node.id for node in names if isinstance(node.ctx, ast.Load)} - assigned_names(source)
    kept = []
    for node in earlier.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [one for one in node.names if named(one) in missing]
            if node.names:
                kept.append(ast.unparse(node))
    if not kept:
        return source
    lines = source.split("\n")
    head = _head(lines)
    return "\n".join([*lines[:head], *kept, "", *lines[head:]])


def _head(lines: Sequence[str]) -> int:
    """Return how many lines must stay before imports: magics, which may install things, and the future's."""
    head = 0
    for number, line in enumerate(lines, 1):
        goes_on = number > 1 and lines[number - 2].endswith("\\") and head == number - 1
        if goes_on or line.startswith(("%", "!", "from __future__ ")):
            head = number
        elif line.strip() and not line.startswith("#"):
            break
    return head
