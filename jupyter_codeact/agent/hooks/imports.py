"""A hook against lost imports: a correction replaces the failed cell, and often drops its imports."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import copy

from ..source import assigned_names, import_name, source_lines, syntax_tree
from .hook import Hook, ProposedCell


class KeepImports(Hook):
    """Restores imports of a failed cell that its correction uses but leaves out.

    They ran, so the kernel has them, but without them the notebook would no longer run from top to bottom.
    """

    name, group = "keep_imports", "imports"

    def before_cell(self, cell: ProposedCell) -> ProposedCell | None:
        """Add the imports; the model is not told, because nothing changes for it."""
        if cell.corrects is None:
            return None
        source = with_imports(cell.source, cell.corrects)
        return cell.changed(source) if source != cell.source else None


def with_imports(source: str, attempt: str) -> str:
    """Return a cell's source with the imports of an earlier attempt that it uses but lacks.

    A cell that cannot be parsed is returned unchanged.
    """
    tree, earlier = syntax_tree(source), syntax_tree(attempt)
    if tree is None or earlier is None:
        return source
    used = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    missing = {node.id for node in used if isinstance(node.ctx, ast.Load)} - assigned_names(source)
    kept = []
    for node in earlier.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias for alias in node.names if import_name(alias) in missing]
            if names:
                part = copy(node)  # the tree is shared
                part.names = names
                kept.append(ast.unparse(part))
    if not kept:
        return source
    lines = source_lines(source)
    count = _lines_before_imports(lines)
    return "\n".join([*lines[:count], *kept, "", *lines[count:]])


def _lines_before_imports(lines: Sequence[str]) -> int:
    """Count the lines that must stay before imports: magics, which may install things, and future imports."""
    count = 0
    for number, line in enumerate(lines, 1):
        goes_on = number > 1 and lines[number - 2].endswith("\\") and count == number - 1
        if goes_on or line.startswith(("%", "!", "from __future__ ")):
            count = number
        elif line.strip() and not line.startswith("#"):
            break
    return count
