"""The imports that a corrected cell leaves out because the failed attempt, which it replaces, had them."""

from __future__ import annotations

import ast

from .source import syntax_tree


def with_imports(source: str, attempt: str) -> str:
    """Return a cell's source with the imports of an earlier attempt that it uses and does not have itself.

    In the kernel they were run, but the notebook would no longer hold by itself. A cell that begins with a
    cell magic, or cannot be parsed, is returned as it is.
    """
    tree, earlier = syntax_tree(source), syntax_tree(attempt)
    if tree is None or earlier is None or source.lstrip().startswith("%%"):
        return source
    nodes = list(ast.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    bound |= {_bound(one) for node in imports for one in node.names}
    bound |= {
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    lines = []
    for node in earlier.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [one for one in node.names if _bound(one) in used - bound]
            if node.names:
                lines.append(ast.unparse(node))
    return "\n".join([*lines, *([""] if lines else []), source])


def _bound(one: ast.alias) -> str:
    return one.asname or one.name.partition(".")[0]
