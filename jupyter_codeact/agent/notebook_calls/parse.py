"""Reads the calls on ``notebook`` in an action's source, without running any of it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..contracts import RESERVED_NAMES
from ..source import syntax_tree
from ..unicode import valid

NAME, _ = RESERVED_NAMES
"""The name that the calls are made on, unless the user has defined it."""

CellName = str | int
"""A cell's short id, or the execution number that the user sees: ``"a1b2"``, ``"[7]"`` or ``7``."""


class Calls:
    """The signatures of the calls: what a model may write after ``notebook.``."""

    def read(self, cell: CellName, first_line: int = 1) -> None:
        """Show a cell in full, with its outputs."""

    def search(self, text: str) -> None:
        """Show where a text occurs in sources and outputs."""

    def outline(self) -> None:
        """Show the headings, and one line of each cell."""

    def insert(
        self,
        source: str,
        after: CellName | None = None,
        before: CellName | None = None,
        cell_type: Literal["code", "markdown"] = "code",
    ) -> None:
        """Insert a cell; if it is code, run it."""

    def replace(self, cell: CellName, source: str) -> None:
        """Replace a cell's source; if it is code, run it."""

    def edit(self, cell: CellName, old: str, new: str) -> None:
        """Replace the one occurrence of ``old`` in a cell's source; if it is code, run it."""

    def move(self, cell: CellName, after: CellName | None = None, before: CellName | None = None) -> None:
        """Move a cell below or above another."""

    def delete(self, cell: CellName) -> None:
        """Delete a cell."""


_SIGNATURES = {
    name: (inspect.signature(method), get_type_hints(method))
    for name, method in vars(Calls).items()
    if inspect.isfunction(method)
}
_OTHER_NAMES = {"id": "cell", "cell_id": "cell", "type": "cell_type", "query": "text"}
"""Names of arguments that models use, with ours."""


@dataclass(frozen=True)
class Call:
    """A call on ``notebook``: its name, its arguments by name, and its source."""

    name: str
    arguments: Mapping[str, Any]
    source: str


class CallError(Exception):
    """The calls cannot be read, or one of them not carried out; the message is for the model.

    ``reason`` is a phrase for the user; ``data`` is shown to the model below the message, between marks.
    """

    def __init__(self, message: str, reason: str = "", *, data: str = "") -> None:
        super().__init__(message)
        self.message, self.reason = message, reason or "the call could not be carried out"
        self.data = data


def mentions_notebook(source: str) -> bool:
    """Tell whether a source uses the name ``notebook`` without giving it a meaning of its own."""
    if NAME not in source:
        return False
    tree = syntax_tree(source)
    if tree is None:
        return False
    nodes = list(ast.walk(tree))
    used = any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == NAME
        and isinstance(node.value.ctx, ast.Load)
        for node in nodes
    )
    return used and not any(_binds(node) for node in nodes)


def read_calls(source: str) -> list[Call]:
    """Return the calls that a source consists of.

    A ``print()`` around calls, and names given to their results and only shown, are accepted: what the calls
    return is shown in any case.

    Raises
    ------
    CallError
        If there is other code too, or a call is not as it must be.
    """
    tree = syntax_tree(source)
    calls: list[Call] = []
    results: set[str] = set()
    for statement in tree.body if tree else ():
        value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
        if isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if len(names) != len(statement.targets) or not _is_call(value):
                raise CallError(MIXED, "calls on the notebook are mixed with other code")
            results.update(names)
        for part in _shown(value):
            if isinstance(part, ast.Name) and part.id in results:
                continue
            if not _is_call(part):
                raise CallError(MIXED, "calls on the notebook are mixed with other code")
            assert isinstance(part, ast.Call)
            calls.append(_read_call(part))
    return calls


MIXED = (
    "Nothing ran: calls on `notebook` must stand in a block of their own, one after the other, with literal "
    "arguments. What they return is shown to you; it is no value in the kernel. Write the other code in the "
    "next block."
)


def returns_values(source: str) -> bool:
    """Tell whether a source gives names to what its calls return."""
    tree = syntax_tree(source)
    return tree is not None and any(isinstance(statement, ast.Assign) for statement in tree.body)


def _binds(node: ast.AST) -> bool:
    """Tell whether a node of a syntax tree gives the name a meaning."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return name == NAME
        case ast.alias(name=name, asname=asname):
            return (asname or name.partition(".")[0]) == NAME
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name == NAME
        case ast.ExceptHandler(name=name):
            return name == NAME
    return False


def _shown(value: ast.expr | None) -> list[ast.expr | None]:
    """Return what a statement shows: its value, or what it prints."""
    if isinstance(value, ast.Await):
        value = value.value
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in ("print", "display")
        and value.args
        and not value.keywords
    ):
        return list(value.args)
    return [value]


def _is_call(value: ast.expr | None) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and isinstance(value.func.value, ast.Name)
        and value.func.value.id == NAME
    )


def _read_call(node: ast.Call) -> Call:
    assert isinstance(node.func, ast.Attribute)
    name, source = node.func.attr, ast.unparse(node)
    if name not in _SIGNATURES:
        known = ", ".join(_SIGNATURES)
        raise CallError(f"There is no notebook.{name}; there are {known}.", f"there is no notebook.{name}")
    signature, types = _SIGNATURES[name]
    try:
        positional = [valid(ast.literal_eval(argument)) for argument in node.args]
        keywords = {
            _OTHER_NAMES.get(str(keyword.arg), str(keyword.arg)): valid(ast.literal_eval(keyword.value))
            for keyword in node.keywords
        }
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise CallError(
            f"{source[:80]}: the arguments must be literals, such as a string in triple quotes. {MIXED}",
            "the arguments of a call are no literals",
        ) from None
    try:
        arguments = signature.bind(None, *positional, **keywords).arguments
    except TypeError as error:
        raise _wrong_arguments(name, f"{error}") from None
    del arguments["self"]
    for argument, value in arguments.items():
        if not _is_of(value, types[argument]):
            raise _wrong_arguments(name, f"{argument} cannot be {value!r}"[:200])
    if name == "move" and (arguments.get("after") is None) == (arguments.get("before") is None):
        raise _wrong_arguments(name, "give either after or before")
    if name == "insert" and arguments.get("after") is not None and arguments.get("before") is not None:
        raise _wrong_arguments(name, "give either after or before, not both")
    return Call(name, arguments, source)


def _wrong_arguments(name: str, why: str) -> CallError:
    return CallError(f"notebook.{name}: {why}. It is called like this: {usage(name)}.", why)


def usage(name: str) -> str:
    """Return how a call is written, as the model is told."""
    return _USAGE[name]


_USAGE = {
    "read": 'notebook.read("ID")',
    "search": 'notebook.search("text")',
    "outline": "notebook.outline()",
    "insert": 'notebook.insert("source", after="ID" or before="ID", cell_type="code" or "markdown")',
    "replace": 'notebook.replace("ID", "source")',
    "edit": 'notebook.edit("ID", "old", "new")',
    "move": 'notebook.move("ID", after="ID" or before="ID")',
    "delete": 'notebook.delete("ID")',
}


def _is_of(value: Any, expected: Any) -> bool:
    """Tell whether a literal is of the type that a signature asks for."""
    if get_origin(expected) is Literal:
        return value in get_args(expected)
    kinds: tuple[Callable[..., Any], ...] = get_args(expected) or (expected,)
    return not isinstance(value, bool) and isinstance(value, kinds)  # type: ignore[arg-type]
