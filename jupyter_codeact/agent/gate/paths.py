"""Where a path in code leads, as far as it can be told without running it."""

from __future__ import annotations

import ast
import os.path
import re
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

_HOMES = {"pathlib.Path.home", "Path.home"}
_PATHS = {
    "pathlib.Path",
    "Path",
    "pathlib.PurePath",
    "pathlib.PosixPath",
    "str",
    "os.fspath",
    "os.path.abspath",
}
_EXPAND = {"os.path.expanduser", "pathlib.Path.expanduser"}
_JOIN = {"os.path.join", "posixpath.join"}
_ARGUMENTS = {
    *("path", "fname", "filename", "file", "path_or_buf", "excel_writer", "dst", "buf", "fp", "f", "name")
}
_UNKNOWN = "\0"
"""Stands in a path for a part that only running the code would tell."""


class Places:
    """Reads paths; ``name_of`` tells the full name of a function."""

    def __init__(self, name_of: Callable[[ast.AST], str | None], folder: Path | str | None) -> None:
        self._name_of, self._folder = name_of, folder
        self._values: dict[str, str | None] = {}

    def assign(self, name: str, value: ast.expr) -> None:
        """Take note of what a variable holds."""
        self._values[name] = self.beginning(value)

    def forget(self, name: str) -> None:
        """Take note that a variable holds something else."""
        self._values.pop(name, None)

    def text(self, node: ast.AST) -> str | None:
        """Return the text that an expression is, if all of it is known."""
        found = self.beginning(node)
        return None if found is None or _UNKNOWN in found else found

    def beginning(self, node: ast.AST) -> str | None:
        """Return the text that an expression is, with a mark where a part is unknown; ``None`` if all is."""
        if isinstance(node, ast.Constant):
            value = node.value
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else _string(value)
        if isinstance(node, ast.Name):
            return self._values.get(node.id)
        if isinstance(node, ast.JoinedStr):
            return "".join(map(self._part, node.values))
        if isinstance(node, ast.FormattedValue):
            return self.beginning(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div | ast.Mod):
            return self._combined(node)
        if isinstance(node, ast.Attribute) and node.attr == "parent":
            inner = self.beginning(node.value)
            return None if inner is None else f"{inner}/.."
        if isinstance(node, ast.Subscript) and self._name_of(node.value) == "os.environ":
            return "~" if self.text(node.slice) in ("HOME", "USERPROFILE") else None
        return self._called(node) if isinstance(node, ast.Call) else None

    def outside(self, node: ast.expr) -> str:
        """Return a path, as words, that leads out of the working folder; empty if it does not, surely."""
        path = self.beginning(node)
        return path.replace(_UNKNOWN, "…") if path and self._leads_out(path) else ""

    def _part(self, node: ast.AST) -> str:
        found = self.beginning(node)
        return _UNKNOWN if found is None else found

    def _combined(self, node: ast.BinOp) -> str | None:
        left = self.beginning(node.left)
        if left is None:
            return None
        if isinstance(node.op, ast.Mod):
            return left.partition("%")[0] + _UNKNOWN
        right = self._part(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        return right if right.startswith("/") else f"{left}/{right}"

    def _called(self, node: ast.Call) -> str | None:
        name = self._name_of(node.func)
        if name in _HOMES:
            return "~"
        if name in _JOIN or (name in _PATHS and len(node.args) > 1):
            parts = list(map(self._part, node.args))
            return os.path.join(*parts) if parts else None
        if name in _PATHS | _EXPAND and node.args:
            return self.beginning(node.args[0])
        if name == "os.getcwd" or name in ("pathlib.Path.cwd", "Path.cwd"):
            return "."
        if isinstance(node.func, ast.Attribute):
            inner = self.beginning(node.func.value)
            if inner is not None and node.func.attr in ("expanduser", "resolve", "absolute"):
                return inner
            if inner is not None and node.func.attr in ("joinpath", "with_name", "with_suffix"):
                rest = self.beginning(node.args[0]) if node.args else None
                return os.path.join(inner, rest or _UNKNOWN)
            if inner is not None and node.func.attr == "join" and node.args:
                items = node.args[0]
                if isinstance(items, ast.List | ast.Tuple):
                    return inner.join(map(self._part, items.elts))
        return None

    def _leads_out(self, path: str) -> bool:
        if path.startswith(_UNKNOWN):
            return False
        if path.startswith("~") or "://" in path:
            return path.startswith("~")
        if PureWindowsPath(path).drive:
            folder = str(self._folder or "")
            return not path.lower().startswith(folder.lower()) if folder else True
        plain = os.path.normpath(path)
        if not PurePosixPath(plain).is_absolute():
            return plain == ".." or plain.startswith("../")
        inside = [tempfile.gettempdir(), "/tmp", "/dev/null", "/dev/stdout", "/dev/stderr"]  # noqa: S108
        if self._folder is not None:
            inside += [str(self._folder), os.path.realpath(self._folder)]
        return not any(plain == place or plain.startswith(place.rstrip("/") + "/") for place in inside)


def argument(call: ast.Call, position: int) -> ast.expr | None:
    """Return the argument of a call that is a path: by its position, or by one of the usual names."""
    if len(call.args) > position:
        return call.args[position]
    return next((keyword.value for keyword in call.keywords if keyword.arg in _ARGUMENTS), None)


def writes(call: ast.Call, position: int) -> bool:
    """Tell whether a call, whose mode is at ``position``, opens a file for writing."""
    mode = call.args[position] if len(call.args) > position else None
    mode = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), mode)
    if mode is None:
        return False
    if not (isinstance(mode, ast.Constant) and isinstance(mode.value, str)):
        return True
    return bool(set(re.split(r"[:|]", mode.value)[0]) & set("wax+"))


def is_text(function: ast.expr) -> bool:
    """Tell whether a method is one of pandas' for texts, whose argument is a pattern and not a path."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Attribute) and owner.attr == "str"


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
