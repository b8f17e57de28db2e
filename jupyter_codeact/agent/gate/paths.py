"""Where a path in code leads, as far as that is known without running the code."""

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
"""Stands for a part of a path that is only known when the code runs."""


class PathReader:
    """Reads paths in expressions; ``name_of`` returns the full name of a function."""

    def __init__(self, name_of: Callable[[ast.AST], str | None], folder: Path | str | None) -> None:
        self._name_of, self._folder = name_of, folder
        self._values: dict[str, str | None] = {}

    def assign(self, name: str, value: ast.expr) -> None:
        """Remember the value of a variable."""
        self._values[name] = self.partial_text(value)

    def forget(self, name: str) -> None:
        """Forget the value of a variable that is assigned otherwise."""
        self._values.pop(name, None)

    def text(self, node: ast.AST) -> str | None:
        """Return the string value of an expression, if all of it is known."""
        found = self.partial_text(node)
        return None if found is None or _UNKNOWN in found else found

    def partial_text(self, node: ast.AST) -> str | None:
        """Return the string value of an expression, with a mark for each unknown part; ``None`` if all is."""
        if isinstance(node, ast.Constant):
            value = node.value
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else _string(value)
        if isinstance(node, ast.Name):
            return self._values.get(node.id)
        if isinstance(node, ast.JoinedStr):
            return "".join(map(self._part_text, node.values))
        if isinstance(node, ast.FormattedValue):
            return self.partial_text(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div | ast.Mod):
            return self._joined_text(node)
        if isinstance(node, ast.Attribute) and node.attr == "parent":
            inner = self.partial_text(node.value)
            return None if inner is None else f"{inner}/.."
        if isinstance(node, ast.Subscript) and self._name_of(node.value) == "os.environ":
            return "~" if self.text(node.slice) in ("HOME", "USERPROFILE") else None
        return self._returned_text(node) if isinstance(node, ast.Call) else None

    def outside(self, node: ast.expr) -> str:
        """Return a path, for display, that leads out of the working folder; empty if it may stay inside."""
        path = self.partial_text(node)
        return path.replace(_UNKNOWN, "…") if path and self._is_outside(path) else ""

    def _part_text(self, node: ast.AST) -> str:
        found = self.partial_text(node)
        return _UNKNOWN if found is None else found

    def _joined_text(self, node: ast.BinOp) -> str | None:
        left = self.partial_text(node.left)
        if left is None:
            return None
        if isinstance(node.op, ast.Mod):
            return left.partition("%")[0] + _UNKNOWN
        right = self._part_text(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        return right if right.startswith("/") else f"{left}/{right}"

    def _returned_text(self, node: ast.Call) -> str | None:
        name = self._name_of(node.func)
        if name in _HOMES:
            return "~"
        if name in _JOIN or (name in _PATHS and len(node.args) > 1):
            parts = list(map(self._part_text, node.args))
            return os.path.join(*parts) if parts else None
        if name in _PATHS | _EXPAND and node.args:
            return self.partial_text(node.args[0])
        if name == "os.getcwd" or name in ("pathlib.Path.cwd", "Path.cwd"):
            return "."
        if isinstance(node.func, ast.Attribute):
            inner = self.partial_text(node.func.value)
            if inner is not None and node.func.attr in ("expanduser", "resolve", "absolute"):
                return inner
            if inner is not None and node.func.attr in ("joinpath", "with_name", "with_suffix"):
                rest = self.partial_text(node.args[0]) if node.args else None
                return os.path.join(inner, rest or _UNKNOWN)
            if inner is not None and node.func.attr == "join" and node.args:
                items = node.args[0]
                if isinstance(items, ast.List | ast.Tuple):
                    return inner.join(map(self._part_text, items.elts))
        return None

    def _is_outside(self, path: str) -> bool:
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
        allowed = [tempfile.gettempdir(), "/tmp", "/dev/null", "/dev/stdout", "/dev/stderr"]  # noqa: S108
        if self._folder is not None:
            allowed += [str(self._folder), os.path.realpath(self._folder)]
        return not any(plain == folder or plain.startswith(folder.rstrip("/") + "/") for folder in allowed)


def path_argument(call: ast.Call, position: int) -> ast.expr | None:
    """Return the path among a call's arguments: by position, or by one of the usual names."""
    if len(call.args) > position:
        return call.args[position]
    return next((keyword.value for keyword in call.keywords if keyword.arg in _ARGUMENTS), None)


def opens_for_writing(call: ast.Call, position: int) -> bool:
    """Tell whether a call with its mode at ``position`` opens a file for writing."""
    mode = call.args[position] if len(call.args) > position else None
    mode = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), mode)
    if mode is None:
        return False
    if not (isinstance(mode, ast.Constant) and isinstance(mode.value, str)):
        return True
    return bool(set(re.split(r"[:|]", mode.value)[0]) & set("wax+"))


def is_string_method(function: ast.expr) -> bool:
    """Tell whether a method is a string method of pandas, whose argument is a pattern and not a path."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Attribute) and owner.attr == "str"


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
