"""Reads a cell statement by statement, as if every branch of it ran."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from ..source import assigned_names
from . import dangers as d
from .calls import CallReader
from .findings import KernelState, TooComplexError, code_of
from .ipython import Command, read_as_ipython
from .magics import MagicReader
from .paths import Places
from .references import key_of
from .star_imports import public_names
from .values import (
    ANYTHING,
    PARAMETER,
    SOMETHING,
    Class,
    Function,
    Scope,
    Value,
    any_of,
    container,
    named,
    texts,
)

_DEEPEST_CODE = 5
_RISKY_FIELDS = {"sys.modules", "sys.path_hooks", "sys.meta_path", "builtins.__dict__", "sys.stdin"}


class Interpreter(CallReader):
    """Reads cells: ``state`` is what the cells before have left, and is changed.

    Whatever may run counts: both branches of a condition, the body of a loop, all handlers of an error. What
    is bound there adds to what a name meant before.
    """

    def __init__(self, state: KernelState, places: Places, *, muted: bool = False, depth: int = 0) -> None:
        super().__init__(state, places, muted=muted)
        self._depth, self._returns = depth, [SOMETHING]
        self._in_loop = False
        self._statements: dict[type[ast.AST], Callable[..., None]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.For: self._loop,
            ast.AsyncFor: self._loop,
            ast.While: self._while,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Return: self._return,
            ast.Delete: self._delete,
            ast.Global: self._global,
            ast.Nonlocal: self._global,
            ast.ExceptHandler: self._handler,
        }

    def cell(self, source: str) -> None:
        """Read a cell of IPython. What is too deep or too long for it is a reason to ask."""
        try:
            for reading in read_as_ipython(source, self.is_bound):
                self.commands(reading.commands)
                if reading.tree is None:
                    self.report(d.UNREADABLE)
                else:
                    self.block(reading.tree.body)
        except (RecursionError, TooComplexError, MemoryError):
            self.uncertain, self.scope, self._in_loop = 0, None, False
            self.report(d.TOO_COMPLEX)
            for name in assigned_names(source):
                self.fresh.setdefault(name, ANYTHING)
        self.report_all((d.OUTSIDE, path) for path, is_read in self.connected.items() if not is_read)
        self._keep()

    def _keep(self) -> None:
        """Add what the cell has bound to what the notebook's names mean."""
        for name, value in self.fresh.items():
            before = self.state.names.get(name)
            self.state.names[name] = value if before is None else before | value
        self.fresh = {}

    def is_bound(self, name: str) -> bool:
        """Tell whether the notebook defines a name."""
        return name in self.fresh or name in self.state.names

    def commands(self, commands: Sequence[Command]) -> None:
        """Read magics and shell commands."""
        reader = MagicReader(self.state, self.places)
        for command in commands:
            found = reader.read(command.text)
            self.report_all(found.reasons)
            self.targets |= found.targets
            for code in found.python:
                self.nested(code)

    def nested(self, text: str) -> None:
        """Read code within the cell, which runs among the same names."""
        if self._depth >= _DEEPEST_CODE:
            self.report(d.HIDDEN, "code in code in code")
            return
        self._depth += 1
        try:
            for reading in read_as_ipython(text, self.is_bound):
                self.commands(reading.commands)
                if reading.tree is None:
                    self.report(d.UNREADABLE)
                else:
                    self.block(reading.tree.body)
        finally:
            self._depth -= 1

    def check_code(self, text: str | None) -> None:
        """Check code that a cell writes into a file, as far as it is known."""
        if text is not None:
            inner = Interpreter(self.state.copy(), self.places, muted=self.muted, depth=self._depth)
            inner.cell(text)
            self.reasons |= {reason: None for reason in inner.reasons if not reason.startswith(d.UNREADABLE)}

    def block(self, body: Sequence[ast.AST]) -> None:
        """Read statements in order."""
        for node in body:
            self.step()
            reader = self._statements.get(type(node))
            if reader is not None:
                reader(node)
            else:
                self._others(node)

    def _others(self, node: ast.AST) -> None:
        """Read a statement whose parts may run or not: a condition, a loop, a ``try``, a ``match``."""
        self.uncertain += 1
        while True:
            following: ast.AST | None = None
            for _, part in ast.iter_fields(node):
                for one in part if isinstance(part, list) else [part]:
                    if isinstance(one, ast.expr):
                        self.evaluate(one)
                    elif (
                        isinstance(node, ast.If)
                        and part is node.orelse
                        and len(part) == 1
                        and isinstance(one, ast.If)
                    ):
                        following = one  # many ``elif`` are a deep tree
                    elif isinstance(one, ast.match_case):
                        self._case(one)
                    elif isinstance(one, ast.stmt | ast.ExceptHandler):
                        self.block([one])
            if following is None:
                break
            node = following
        self.uncertain -= 1

    def _case(self, case: ast.match_case) -> None:
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(name, str):
                self.bind_name(name, SOMETHING)
        if case.guard:
            self.evaluate(case.guard)
        self.block(case.body)

    def _handler(self, node: ast.ExceptHandler) -> None:
        if node.type:
            self.evaluate(node.type)
        if node.name:
            self.bind_name(node.name, SOMETHING)
        self.block(node.body)

    def _expression(self, node: ast.Expr) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.evaluate(node.value)

    def _assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value))
        elif isinstance(node.target, ast.Name) and self.scope is not None:
            self.scope.names.setdefault(node.target.id, ANYTHING)

    def _augmented(self, node: ast.AugAssign) -> None:
        whole = ast.BinOp(left=ast.Constant(None), op=node.op, right=node.value)
        left = self.evaluate(node.target) if isinstance(node.target, ast.Name) else SOMETHING
        value = self._combined(whole.op, left, self.evaluate(node.value))
        self.bind(node.target, value)

    def bind(self, target: ast.AST, value: Value) -> None:
        """Read an assignment to a name, to parts of a sequence, to an attribute or to an element."""
        if isinstance(target, ast.Name):
            self.bind_name(target.id, value)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, container([(None, self.iterated(value))]))
        elif isinstance(target, ast.Tuple | ast.List):
            for at, part in enumerate(target.elts):
                if isinstance(part, ast.Starred):
                    self.bind(part, value)
                    continue
                element = value.element(at) if value.items else None
                self.bind(part, element if element is not None else self.iterated(value))
        elif isinstance(target, ast.Attribute):
            owner = self.look(target.value)
            for one in [*owner.instances, *owner.functions]:
                if isinstance(one, Class):
                    before = one.fields.get(target.attr)
                    one.fields[target.attr] = value if before is None else before | value
            self._check_setattr(owner, code_of(target))
        elif isinstance(target, ast.Subscript):
            self._bind_element(target, value)

    def _bind_element(self, target: ast.Subscript, value: Value) -> None:
        owner, key = self.look(target.value), self.evaluate(target.slice)
        if owner.names & _RISKY_FIELDS:
            self.report(d.INTERNALS, code_of(target))
        elif owner.names & {"globals()", "locals()", "vars()", "get_ipython().user_ns"}:
            for text in key.whole_texts:
                self.bind_name(text, value)
        elif not owner.names & d.ENVIRONMENTS and isinstance(target.value, ast.Name):
            is_plain = owner.items or owner.names <= {"()", "dict()", "list()", "collections.defaultdict()"}
            if is_plain and value != SOMETHING and value.constant is None:
                self.bind_name(target.value.id, owner | container([(key_of(key), value)]), surely=True)
        elif not isinstance(target.value, ast.Name):
            self.evaluate(target.value) if not owner.names & d.ENVIRONMENTS else None

    def bind_name(self, name: str, value: Value, *, surely: bool = False) -> None:
        """Remember what a name means from here on: this alone if it is certain, else this too."""
        is_certain = surely or not self.uncertain
        if self.scope is not None and name not in self.scope.shared:
            before = self.scope.names.get(name)
            self.scope.names[name] = value if before is None or is_certain else before | value
            return
        known = self.fresh.get(name) or self.state.names.get(name)
        self.fresh[name] = value if known is None or is_certain else known | value

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            if first == "antigravity":
                self.report(d.SHELL, first)
            self.bind_name(alias.asname or first, self.module(alias.name if alias.asname else first))

    def _import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            module = node.module if node.module and not node.level else ""
            if alias.name == "*":
                for name in public_names(module):
                    self.bind_name(name.rpartition(".")[2], named(name))
            else:
                whole = self.module(f"{module}.{alias.name}") if module else named(alias.name)
                self.bind_name(alias.asname or alias.name, whole)

    def define(self, node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef) -> Value:
        """Read a function once where it is defined, with parameters that are not known yet."""
        spec = node.args
        positional = [one.arg for one in [*spec.posonlyargs, *spec.args]]
        given = [self.evaluate(one) for one in spec.defaults]
        defaults = dict(zip(positional[len(positional) - len(given) :], given, strict=True))
        for one, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            if default is not None:
                defaults[one.arg] = self.evaluate(default)
        function = Function(node, self.scope, defaults)
        if not self.muted and node not in self.active:
            everything = [*positional, *(one.arg for one in spec.kwonlyargs)]
            rest = [one.arg for one in (spec.vararg, spec.kwarg) if one]
            scope = Scope({name: texts([PARAMETER]) for name in [*everything, *rest]}, function.scope)
            self.active.append(node)
            self.read_body(function, scope)
            self.active.pop()
        return Value(functions=frozenset([function]))

    def read_body(self, function: Function, scope: Scope) -> Value:
        """Read the body of a function, and return what it may return."""
        outer = self.scope, self.uncertain, self._returns, self.state.files.folders
        self.scope, self.uncertain, self._returns = scope, 0, []
        try:
            if isinstance(function.node, ast.Lambda):
                return self.evaluate(function.node.body)
            self.block(function.node.body)
            return any_of(self._returns) if self._returns else Value()
        finally:
            self.scope, self.uncertain, self._returns = outer[:3]
            if scope.names.values() and all(value.texts == {PARAMETER} for value in scope.names.values()):
                self.state.files.folders = outer[3]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = [self.evaluate(one) for one in node.decorator_list]
        self.bind_name(node.name, ANYTHING)
        value = self.define(node)
        own = [one for decorator in decorators for one in decorator.functions]
        self.bind_name(node.name, value | Value(functions=frozenset(own)) if own else value)

    def _class(self, node: ast.ClassDef) -> None:
        bases = tuple(self.evaluate(one) for one in node.bases)
        for one in [*node.decorator_list, *(keyword.value for keyword in node.keywords)]:
            self.evaluate(one)
        made = Class(node.name, bases=bases)
        self.bind_name(node.name, Value(functions=frozenset([made])))
        outer, muted = self.scope, self.muted
        self.scope = Scope(made.fields, outer)
        self.muted = True  # the methods are read below, where they know their object
        self.block(node.body)
        self.scope, self.muted = outer, muted
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                for function in made.fields.get(statement.name, ANYTHING).functions:
                    if isinstance(function, Function):
                        function.scope = outer
                        self._read_method(function, made)
            elif not muted:
                self.scope = Scope(made.fields, outer)
                self.block([statement])
                self.scope = outer

    def _read_method(self, function: Function, owner: Class) -> None:
        if self.muted:
            return
        spec = function.node.args
        names = [one.arg for one in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]]
        names += [one.arg for one in (spec.vararg, spec.kwarg) if one]
        scope = Scope({name: texts([PARAMETER]) for name in names}, function.scope)
        if names:
            scope.names[names[0]] = Value(instances=frozenset([owner]))
        for decorator in getattr(function.node, "decorator_list", ()):
            self.evaluate(decorator)
        self.active.append(function.node)
        self.read_body(function, scope)
        self.active.pop()

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        value = self.evaluate(node.iter)
        self.uncertain += 1
        self.bind(node.target, self.iterated(value))
        self._repeated([*node.body, *node.orelse])
        self.uncertain -= 1

    def _while(self, node: ast.While) -> None:
        self.uncertain += 1
        self.evaluate(node.test)
        self._repeated([*node.body, *node.orelse])
        self.uncertain -= 1

    def _repeated(self, body: Sequence[ast.AST]) -> None:
        """Read the body of a loop twice, for what it binds for the next time; loops in it once each time."""
        self.block(body)
        if not self._in_loop:
            self._in_loop = True
            self.block(body)
            self._in_loop = False

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        self.uncertain += 1  # a context manager may end the block
        for item in node.items:
            value = self.evaluate(item.context_expr)
            if item.optional_vars is not None:
                self.uncertain -= 1
                self.bind(item.optional_vars, value)
                self.uncertain += 1
        self.block(node.body)
        self.uncertain -= 1

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self._returns.append(self.evaluate(node.value))

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                owner = self.look(target.value)
                self.evaluate(target.slice)
                if owner.names & {"globals()", "locals()", "vars()", "get_ipython().user_ns", "sys.modules"}:
                    self.report(d.CLEARS, code_of(target))
            elif isinstance(target, ast.Attribute):
                self.look(target.value)

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        if self.scope is not None:
            self.scope.shared |= set(node.names)
