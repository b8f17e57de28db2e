"""What of a failed cell has run: its variables are in the kernel, so the notebook needs that part, too."""

from __future__ import annotations

import ast
import re

from .contracts import Execution
from .observations.displays import text_of
from .observations.terminal import strip_terminal_codes
from .source import assigned_names, magics_and_strings, source_lines, syntax_tree

_IN_TRACEBACK = re.compile(
    r"(?:Cell|Input) In ?\[\d+\], line (\d+)|ipykernel_\d+[/\\]\d+\.py\", line (\d+), in <module>"
)
_MAGIC_ERROR = re.compile(r"`?(%{1,2}\w+)`? not found")


def part_that_ran(source: str, execution: Execution) -> str:
    """Return the beginning of a failed cell, up to the statement that failed; empty if that is not known."""
    tree = syntax_tree(source)
    line = _failing_line(source, execution)
    if tree is None or line is None or execution.status != "error":
        return ""
    starts = [
        min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]) for node in tree.body
    ]
    first = max((start for start in starts if start <= line), default=1)
    part = "\n".join(source_lines(source)[: first - 1]).strip()
    return part if syntax_tree(part) is not None else ""


def needs(source: str, part: str) -> bool:
    """Tell whether a cell uses names that ``part`` of a failed one assigns and it does not."""
    tree = syntax_tree(source)
    if tree is None:
        return False
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return bool((used - assigned_names(source)) & assigned_names(part))


def _failing_line(source: str, execution: Execution) -> int | None:
    """Return the line at which a cell failed, from what it shows."""
    texts = [text_of(output.get("traceback") or output.get("text", "")) for output in execution.outputs]
    text = strip_terminal_codes("\n".join(texts))
    if place := _IN_TRACEBACK.search(text):
        return int(place[1] or place[2])
    if (magic := _MAGIC_ERROR.search(text)) is None:
        return None
    for span in magics_and_strings(source):
        if span.is_magic and magic[1] in source[span.start : span.end]:
            return source.count("\n", 0, span.start) + 1
    return None
