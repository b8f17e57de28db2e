"""Reads expressions: what they may be, and what is risky about them."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable

from . import dangers as d
from .findings import Arguments, KernelState, code_of
from .paths import Places
from .references import References, is_namespace, key_of
from .text_values import joined_paths, sliced
from .values import (
    ANYTHING,
    DATA,
    PARAMETER,
    SOMETHING,
    Key,
    Scope,
    Value,
    any_of,
    concatenated,
    container,
    named,
    texts,
)

_REPLACED = ("%s", "%d", "%i", "%r", "%f")


class Evaluator(References):
    """Evaluates expressions without running them, each once."""

    def __init__(self, state: KernelState, places: Places, *, muted: bool = False) -> None:
        super().__init__(state, places, muted=muted)
        self.uncertain = 0
        self._readers: dict[type[ast.AST], Callable[..., Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: lambda node: self.chain(node)[0],
            ast.Subscript: self._subscript,
            ast.Call: self.call,
            ast.JoinedStr: self._joined_text,
            ast.FormattedValue: lambda node: self.evaluate(node.value),
            ast.BinOp: self._operation,
            ast.BoolOp: lambda node: any_of([self.evaluate(one) for one in node.values]),
            ast.IfExp: self._choice,
            ast.Lambda: self.define,
            ast.NamedExpr: self._named,
            ast.List: self._sequence,
            ast.Tuple: self._sequence,
            ast.Set: self._sequence,
            ast.Dict: self._dict,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
            ast.Compare: self._comparison,
            ast.Await: lambda node: self.evaluate(node.value),
            ast.Starred: lambda node: self.evaluate(node.value),
        }

    @abstractmethod
    def call(self, node: ast.Call) -> Value:
        """Read a call."""

    @abstractmethod
    def define(self, node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef) -> Value:
        """Read the definition of a function."""

    @abstractmethod
    def bind(self, target: ast.AST, value: Value) -> None:
        """Read an assignment."""

    def evaluate(self, node: ast.AST) -> Value:
        """Return what an expression may be, and check all that it mentions."""
        self.step()
        reader = self._readers.get(type(node))
        if reader is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.evaluate(child)
            return SOMETHING
        return reader(node)

    def _constant(self, node: ast.Constant) -> Value:
        value = node.value
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            self.check_text(value)
            return texts([value])
        return Value(constant=value) if value is not None else Value()

    def _name(self, node: ast.Name) -> Value:
        value, is_free = self.lookup(node.id)
        self.check_names(value, is_free=is_free)
        return value

    def _named(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.bind(node.target, value)
        return value

    def _choice(self, node: ast.IfExp) -> Value:
        self.evaluate(node.test)
        return self.evaluate(node.body) | self.evaluate(node.orelse)

    def _joined_text(self, node: ast.JoinedStr) -> Value:
        value = concatenated([self.evaluate(part) for part in node.values])
        for text in value.texts:
            if len(node.values) > 1:
                self.check_text(text)
        return value

    def _operation(self, node: ast.BinOp) -> Value:
        operands: list[tuple[ast.operator, ast.expr]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):  # sums of a thousand terms are deep trees
            operands.append((left.op, left.right))
            left = left.left
        value = self.evaluate(left)
        for operator, right in reversed(operands):
            self.step()
            value = self._combined(operator, value, self.evaluate(right))
        for text in value.texts:
            self.check_text(text)
        return value

    def _combined(self, operator: ast.operator, left: Value, right: Value) -> Value:
        if isinstance(operator, ast.Add):
            if left.texts or right.texts:
                return concatenated([left, right])
            return left | right if left.items or right.items else SOMETHING
        if isinstance(operator, ast.Div) and (left.texts or right.texts):
            return joined_paths([left, right])
        if isinstance(operator, ast.Mod) and left.texts:
            return self._formatted(left, right)
        if isinstance(operator, ast.BitOr):
            return left | right
        if isinstance(operator, ast.Mult) and left.texts and isinstance(right.constant, int):
            return texts(one * max(0, min(right.constant, 50)) for one in left.texts)
        return left if left.items else SOMETHING

    def _formatted(self, left: Value, right: Value) -> Value:
        text = left.text
        if text is None:
            return texts([*(one.partition("%")[0] + DATA for one in left.texts)])
        pieces: list[Value] = []
        count = 0
        while (
            found := min((text.find(mark), mark) for mark in _REPLACED if mark in text)
            if any(mark in text for mark in _REPLACED)
            else None
        ):
            argument = right.element(count) if right.items else right
            pieces += [texts([text[: found[0]]]), argument or ANYTHING]
            text, count = text[found[0] + 2 :], count + 1
        return concatenated([*pieces, texts([text.partition("%")[0] + (DATA if "%" in text else "")])])

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items: list[tuple[Key, Value]] = []
        for one in node.elts:
            value = self.evaluate(one)
            if isinstance(one, ast.Starred):
                items += [(len(items) + at, item) for at, (_, item) in enumerate(value.items)]
            else:
                items.append((len(items), value))
        return container(items)

    def _dict(self, node: ast.Dict) -> Value:
        items: list[tuple[Key, Value]] = []
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            key = self.evaluate(key_node) if key_node else None
            value = self.evaluate(value_node)
            if key is None:
                items += value.items
            else:
                items.append((key_of(key), value))
        return container(items)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        self.scope = Scope(parent=self.scope)
        try:
            for generator in node.generators:
                self.bind(generator.target, self.iterated(self.evaluate(generator.iter)))
                for condition in generator.ifs:
                    self.evaluate(condition)
            if isinstance(node, ast.DictComp):
                self.evaluate(node.key)
                return container([(None, self.evaluate(node.value))])
            return container([(None, self.evaluate(node.elt))])
        finally:
            self.scope = self.scope.parent if self.scope else None

    def iterated(self, value: Value) -> Value:
        """Return what an element of an iterable may be."""
        if value.items:
            found = value.element()
            assert found is not None
            return found
        if PARAMETER in value.texts:
            return texts([PARAMETER])
        if value.names - {"()"}:
            return named(*(name if name.endswith(")") else f"{name}()" for name in value.names))
        return SOMETHING

    def _comparison(self, node: ast.Compare) -> Value:
        for part in [node.left, *node.comparators]:  # ``name in os.environ`` reveals no value
            if not self.look(part).names & d.ENVIRONMENTS and isinstance(part, ast.Name | ast.Attribute):
                self.evaluate(part)
        return SOMETHING

    def _subscript(self, node: ast.Subscript) -> Value:
        owner, key = self.look(node.value), self.evaluate(node.slice)
        if owner.names & d.ENVIRONMENTS:
            self.check_variable(key)
            is_home = key.text in ("HOME", "USERPROFILE")
            return texts(["~"]) if is_home else named("os.environ.get()")
        if isinstance(node.value, ast.Name | ast.Attribute):
            self.evaluate(node.value)
        value = self.namespace_member(owner, key, code_of(node) if is_namespace(owner) else "")
        if value is not None:
            self.check_names(value)
            return value
        if owner.items:
            value = owner.element(key_of(key)) or owner.element() or ANYTHING
            self.check_names(value, is_called=True)
            return value
        if owner.texts and isinstance(node.slice, ast.Slice):
            return sliced(owner, node.slice)
        if PARAMETER in owner.texts:
            return texts([PARAMETER])
        names = [name if name.endswith(")") else f"{name}()" for name in owner.names - {"()"}]
        return Value(names=frozenset(names) or SOMETHING.names, paths=owner.paths)

    def arguments(self, node: ast.Call) -> Arguments:
        """Read the arguments of a call, those in stars too."""
        arguments = Arguments()
        for one in node.args:
            value = self.evaluate(one)
            if not isinstance(one, ast.Starred):
                arguments.positional.append(value)
            elif value.items and all(key is not None for key, _ in value.items):
                arguments.positional += [item for _, item in value.items]
            else:
                arguments.positional += [item for _, item in value.items]
                arguments.has_more = True
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                arguments.keywords[keyword.arg] = value
            else:
                known = {str(key): item for key, item in value.items if isinstance(key, str)}
                arguments.keywords |= known
                arguments.has_more |= not known
        return arguments
