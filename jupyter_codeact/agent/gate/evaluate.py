"""Reads expressions: what they may be, and what is risky about them."""

from __future__ import annotations

import ast
import builtins
from abc import abstractmethod
from collections.abc import Callable, Sequence

from . import dangers as d
from .findings import Arguments, Findings, KernelState, canonical, code_of
from .paths import Places
from .text_values import joined_paths, path_attribute, sliced
from .values import (
    ANYTHING,
    DATA,
    PARAMETER,
    SOMETHING,
    Class,
    Function,
    Key,
    Scope,
    Value,
    any_of,
    concatenated,
    container,
    named,
    texts,
)

_BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display"}
_CONSTANTS = {"os.sep": "/", "os.path.sep": "/", "os.curdir": ".", "os.pardir": "..", "os.extsep": ".", "os.devnull": "/dev/null"}
_REPLACED = ("%s", "%d", "%i", "%r", "%f")


class Evaluator(Findings):
    """Evaluates expressions without running them, each once."""

    def __init__(self, state: KernelState, places: Places, *, muted: bool = False) -> None:
        super().__init__(state, places, muted=muted)
        self.scope: Scope | None = None
        self.fresh: dict[str, Value] = {}
        """What the cell has bound so far in the notebook's own scope."""
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

    def look(self, node: ast.AST) -> Value:
        """Return what an expression may be; that it is mentioned does not count yet."""
        if isinstance(node, ast.Name):
            self.step()
            return self.lookup(node.id)[0]
        if isinstance(node, ast.Attribute):
            return self.chain(node, checked=False)[0]
        return self.evaluate(node)

    def lookup(self, name: str) -> tuple[Value, bool]:
        """Return what a name means, and whether nothing in the notebook defines it."""
        value = self.scope.lookup(name) if self.scope else None
        if value is None:
            value = self.fresh.get(name) or self.state.names.get(name)
        if value is not None:
            return value, False
        if name in _BUILTINS:
            return named(name), True
        return named(d.ALIASES.get(name, d.CORE.get(name, name)), is_known=False), True

    def attribute(self, owner: Value, name: str) -> Value:
        """Return what an attribute of a value may be."""
        if owner.texts and (text := path_attribute(owner, name)):
            return text
        found = owner.element(name) if owner.items else None
        for one in [*owner.instances, *owner.functions]:
            if isinstance(one, Class):
                value = self._field(one, name)
                found = value if found is None else found | value
        if constant := next((_CONSTANTS[one] for one in (f"{start}.{name}" for start in owner.names) if one in _CONSTANTS), ""):
            return texts([constant])
        names = frozenset(canonical(f"{start}.{name}") for start in owner.names if len(start) < 120)  # noqa: PLR2004
        rest = Value(names=names or SOMETHING.names, paths=owner.paths)
        if PARAMETER in owner.texts:
            rest = texts([PARAMETER])
        return rest if found is None else found | rest if owner.names - {"()"} else found

    def _field(self, owner: Class, name: str, depth: int = 5) -> Value:
        if name in owner.fields:
            value = owner.fields[name]
            bound = frozenset(
                Function(one.node, one.scope, one.defaults, owner) if isinstance(one, Function) else one
                for one in value.functions
            )
            return Value(**{**_fields(value), "functions": bound}) if bound else value
        values = [
            self._field(one, name, depth - 1) if depth else ANYTHING
            for base in owner.bases
            for one in base.functions
            if isinstance(one, Class)
        ]
        return any_of(values) if values else ANYTHING

    def chain(self, node: ast.Attribute, *, checked: bool = True, is_called: bool = False) -> tuple[Value, Value]:
        """Return what a chain of attributes may be, and the object that has the last one."""
        attributes = [node]
        while isinstance(attributes[-1].value, ast.Attribute):
            attributes.append(attributes[-1].value)
        base = attributes[-1].value
        value, is_free = self.lookup(base.id) if isinstance(base, ast.Name) else (self.look(base), False)
        owners, values = [], [value]
        for one in reversed(attributes):
            self.step()
            owners.append(value)
            value = self.attribute(value, one.attr)
            values.append(value)
        if checked:
            self._check_chain(attributes[::-1], values, is_called=is_called, is_free=is_free)
        return value, owners[-1]

    def _check_chain(
        self, attributes: list[ast.Attribute], values: list[Value], *, is_called: bool, is_free: bool
    ) -> None:
        """Check a chain from its end, which says most precisely what is risky about it."""
        found = False
        for index in range(len(attributes) - 1, -1, -1):
            name, owner, value = attributes[index].attr, values[index], values[index + 1]
            is_last = index == len(attributes) - 1
            following = "" if is_last else attributes[index + 1].attr
            if value.names & d.ENVIRONMENTS and following in d.ENVIRONMENT_READS | d.ENVIRONMENT_UPDATES:
                continue
            if not found:
                found = self.check_names(value, is_called=is_called and is_last)
                found = found or any(_is_harmless(one) for one in value.names)
            found = self.check_method(name, owner) or found
        if not found and not (values[0].names & d.ENVIRONMENTS):
            self.check_names(values[0], is_called=True, is_free=is_free and len(attributes) == 0)
        elif values[0].names & d.ENVIRONMENTS and attributes:
            if attributes[0].attr not in d.ENVIRONMENT_READS | d.ENVIRONMENT_UPDATES:
                self.check_names(values[0])

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
        while found := min((text.find(mark), mark) for mark in _REPLACED if mark in text) if any(
            mark in text for mark in _REPLACED
        ) else None:
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

    def namespace_member(self, owner: Value, key: Value, code: str = "") -> Value | None:
        """Return what ``globals()["os"]`` and the like are; ``None`` for any other subscript."""
        if not is_namespace(owner):
            return None
        found = [self._member(name, text) for name in owner.names for text in key.whole_texts]
        if not found:
            if any(name in d.WATCHED or name.endswith(".__dict__") for name in map(_module_of, owner.names)):
                self.report(d.HIDDEN, code)
            elif owner.names & {"globals()", "locals()", "vars()", "sys.modules", "get_ipython().user_ns"}:
                self.report(d.HIDDEN, code)
            return ANYTHING
        return any_of(found)

    def _member(self, namespace: str, text: str) -> Value:
        if namespace in ("sys.modules", "builtins", "__builtins__", "builtins.__dict__"):
            return named(canonical(text))
        if namespace.endswith(".__dict__"):
            return named(canonical(f"{namespace.removesuffix('.__dict__')}.{text}"))
        return self.lookup(text)[0]

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


def key_of(value: Value) -> Key:
    """Return the key of a container that a value is, if it is known."""
    if value.text is not None:
        return value.text
    return value.constant if isinstance(value.constant, int) else None


def is_namespace(value: Value) -> bool:
    """Tell whether a value is a dictionary of names."""
    return any(
        name in ("sys.modules", "globals()", "locals()", "vars()", "builtins", "__builtins__", "get_ipython().user_ns")
        or name.endswith(".__dict__")
        for name in value.names
    )


def _module_of(name: str) -> str:
    return name.removesuffix(".__dict__")


def _is_harmless(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:n]) in d.HARMLESS for n in range(1, len(parts) + 1))


def _fields(value: Value) -> dict[str, object]:
    return {name: getattr(value, name) for name in Value.__slots__}  # type: ignore[attr-defined]


__all__: Sequence[str] = ["Evaluator", "is_namespace", "key_of"]
