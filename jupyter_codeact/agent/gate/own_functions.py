"""Reads the notebook's own functions and classes where they are called."""

from __future__ import annotations

import ast
from abc import abstractmethod

from . import dangers as d
from .check_calls import CallChecks
from .findings import Arguments, KernelState
from .paths import Places
from .values import ANYTHING, SOMETHING, Class, Function, Scope, Value, container, texts

_DEEPEST_CALL = 5
_GROWING = {"append", "add", "insert", "extend", "update", "appendleft", "setdefault"}


class OwnFunctions(CallChecks):
    """Reads a function once for each set of arguments with which a cell calls it."""

    def __init__(self, state: KernelState, places: Places, *, muted: bool = False) -> None:
        super().__init__(state, places, muted=muted)
        self.active: list[object] = []
        self._calls: dict[tuple[object, ...], Value] = {}

    @abstractmethod
    def read_body(self, function: Function, scope: Scope) -> Value:
        """Read the body of a function, and return what it may return."""

    @abstractmethod
    def bind_name(self, name: str, value: Value, *, surely: bool = False) -> None:
        """Remember what a name means from here on."""

    def call_own(self, function: Function | Class, arguments: Arguments) -> Value:
        """Read a function of the notebook's where it is called."""
        if isinstance(function, Class):
            made = Value(instances=frozenset([function]))
            for name in ("__init__", "__new__", "__post_init__", "__call__"):
                for one in self.field(function, name).functions:
                    if isinstance(one, Function):
                        self.call_own(one, arguments)
            if function.fields and "__init__" not in function.fields:  # a dataclass
                annotated = [name for name, value in function.fields.items() if not value.functions]
                for name, value in [
                    *zip(annotated, arguments.positional, strict=False),
                    *arguments.keywords.items(),
                ]:
                    function.fields[name] = (
                        function.fields[name] | value if name in function.fields else value
                    )
            return made
        key = (
            function.node,
            function.instance,
            tuple(arguments.positional),
            tuple(arguments.keywords.items()),
        )
        if key in self._calls:
            return self._calls[key]
        if function.node in self.active or len(self.active) >= _DEEPEST_CALL:
            if len(self.active) >= _DEEPEST_CALL and function.node not in self.active:
                self.report(d.TOO_COMPLEX, f"{function.name}()")
            return SOMETHING
        self._calls[key] = SOMETHING
        self.active.append(function.node)
        self.called_from.append(function.name)
        try:
            value = self.read_body(function, self._bound(function, arguments))
        finally:
            self.active.pop()
            self.called_from.pop()
        self._calls[key] = value
        return value

    def _bound(self, function: Function, arguments: Arguments) -> Scope:
        """Return the names in a function that is called with arguments."""
        spec = function.node.args
        names = [one.arg for one in [*spec.posonlyargs, *spec.args]]
        scope = Scope(parent=function.scope)
        positional = list(arguments.positional)
        if function.instance is not None and names:
            positional.insert(0, Value(instances=frozenset([function.instance])))
        unknown = texts(["\0"]) if arguments.has_more else None
        for at, name in enumerate([*names, *(one.arg for one in spec.kwonlyargs)]):
            given = positional[at] if at < min(len(positional), len(names)) else arguments.keywords.get(name)
            scope.names[name] = given or function.defaults.get(name) or unknown or ANYTHING
        if spec.vararg:
            rest = positional[len(names) :]
            scope.names[spec.vararg.arg] = container(enumerate(rest)) if rest else SOMETHING
        if spec.kwarg:
            others = [(key, value) for key, value in arguments.keywords.items() if key not in scope.names]
            scope.names[spec.kwarg.arg] = container(others) if others else SOMETHING
        return scope

    def grow(self, node: ast.Call, method: str, arguments: Arguments) -> None:
        """Remember what a method adds to a container."""
        if method not in _GROWING or not isinstance(node.func, ast.Attribute):
            return
        target = node.func.value
        if not isinstance(target, ast.Name):
            return
        known, is_free = self.lookup(target.id)
        if is_free or not (
            known.items or known.names <= {"()", "list()", "dict()", "set()", "collections.deque()"}
        ):
            return
        added: list[tuple[None, Value]] = []
        for value in arguments.values:
            added += (
                [(None, item) for _, item in value.items]
                if method in ("extend", "update")
                else [(None, value)]
            )
        useful = [pair for pair in added if pair[1] != SOMETHING]
        if useful:
            self.bind_name(target.id, known | container(useful), surely=True)
