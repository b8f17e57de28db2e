"""Reads names, attributes, and dictionaries of names: what they refer to, and whether that is risky."""

from __future__ import annotations

import ast
import builtins
import functools
from abc import abstractmethod
from dataclasses import replace

from . import dangers as d
from .findings import SERVER, Findings, KernelState, canonical
from .paths import Places
from .text_values import path_attribute
from .values import ANYTHING, PARAMETER, SOMETHING, Class, Function, Key, Scope, Value, any_of, named, texts

_BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display"}
_CONSTANTS = {
    "os.sep": "/",
    "os.path.sep": "/",
    "os.curdir": ".",
    "os.pardir": "..",
    "os.extsep": ".",
    "os.devnull": "/dev/null",
}


class References(Findings):
    """Finds out what names and attributes refer to."""

    def __init__(self, state: KernelState, places: Places, *, muted: bool = False) -> None:
        super().__init__(state, places, muted=muted)
        self.scope: Scope | None = None
        self.fresh: dict[str, Value] = {}
        """What the cell has bound so far in the notebook's own scope."""

    @abstractmethod
    def evaluate(self, node: ast.AST) -> Value:
        """Return what an expression may be, and check all that it mentions."""

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
        if name in self.state.servers:
            return named(f"{SERVER}{name}"), False
        if name in _BUILTINS:
            return named(name), True
        return named(d.ALIASES.get(name, d.CORE.get(name, name)), is_known=False), True

    def module(self, name: str) -> Value:
        """Return what an import of a module, or of a name in one, binds."""
        is_server = name.partition(".")[0] in self.state.servers
        return named(f"{SERVER}{name}" if is_server else canonical(name))

    def attribute(self, owner: Value, name: str) -> Value:
        """Return what an attribute of a value may be."""
        if owner.texts and (text := path_attribute(owner, name)):
            return text
        found = owner.element(name) if owner.items else None
        for one in [*owner.instances, *owner.functions]:
            if isinstance(one, Class):
                value = self.field(one, name)
                found = value if found is None else found | value
        if constant := next(
            (_CONSTANTS[one] for one in (f"{start}.{name}" for start in owner.names) if one in _CONSTANTS), ""
        ):
            return texts([constant])
        names = frozenset(canonical(f"{start}.{name}") for start in owner.names if len(start) < 120)
        rest = Value(names=names or SOMETHING.names, paths=owner.paths)
        if PARAMETER in owner.texts:
            rest = texts([PARAMETER])
        return rest if found is None else found | rest if owner.names - {"()"} else found

    def field(self, owner: Class, name: str, depth: int = 5) -> Value:
        if name in owner.fields:
            value = owner.fields[name]
            bound = frozenset(
                Function(one.node, one.scope, one.defaults, owner) if isinstance(one, Function) else one
                for one in value.functions
            )
            return replace(value, functions=bound) if bound else value
        values = [
            self.field(one, name, depth - 1) if depth else ANYTHING
            for base in owner.bases
            for one in base.functions
            if isinstance(one, Class)
        ]
        return any_of(values) if values else ANYTHING

    def chain(
        self, node: ast.Attribute, *, checked: bool = True, is_called: bool = False
    ) -> tuple[Value, Value]:
        """Return what a chain of attributes may be, and the object that has the last one."""
        attributes = [node]
        while isinstance(attributes[-1].value, ast.Attribute):
            attributes.append(attributes[-1].value)
        base = attributes[-1].value
        value = self.lookup(base.id)[0] if isinstance(base, ast.Name) else self.look(base)
        owners, values = [], [value]
        for one in reversed(attributes):
            self.step()
            owners.append(value)
            value = self.attribute(value, one.attr)
            values.append(value)
        if checked:
            self._check_chain(attributes[::-1], values, is_called=is_called)
        return value, owners[-1]

    def _check_chain(self, attributes: list[ast.Attribute], values: list[Value], *, is_called: bool) -> None:
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
        is_environment = bool(values[0].names & d.ENVIRONMENTS)
        is_handled = is_environment and attributes[0].attr in d.ENVIRONMENT_READS | d.ENVIRONMENT_UPDATES
        if (is_environment or not found) and not is_handled:
            self.check_names(values[0], is_called=not is_environment)

    def namespace_member(self, owner: Value, key: Value, code: str = "") -> Value | None:
        """Return what ``globals()["os"]`` and the like are; ``None`` for any other subscript."""
        if not is_namespace(owner):
            return None
        found = [self._member(name, text) for name in owner.names for text in key.whole_texts]
        if not found:
            if any(
                name in d.WATCHED or name.endswith(".__dict__") for name in map(_module_of, owner.names)
            ) or owner.names & {"globals()", "locals()", "vars()", "sys.modules", "get_ipython().user_ns"}:
                self.report(d.HIDDEN, code)
            return ANYTHING
        return any_of(found)

    def _member(self, namespace: str, text: str) -> Value:
        if namespace in ("sys.modules", "builtins", "__builtins__", "builtins.__dict__"):
            return named(canonical(text))
        if namespace.endswith(".__dict__"):
            return named(canonical(f"{namespace.removesuffix('.__dict__')}.{text}"))
        return self.lookup(text)[0]


def key_of(value: Value) -> Key:
    """Return the key of a container that a value is, if it is known."""
    if value.text is not None:
        return value.text
    return value.constant if isinstance(value.constant, int) else None


def is_namespace(value: Value) -> bool:
    """Tell whether a value is a dictionary of names."""
    return any(
        name
        in (
            "sys.modules",
            "globals()",
            "locals()",
            "vars()",
            "builtins",
            "__builtins__",
            "get_ipython().user_ns",
        )
        or name.endswith(".__dict__")
        for name in value.names
    )


def _module_of(name: str) -> str:
    return name.removesuffix(".__dict__")


@functools.lru_cache(maxsize=4096)
def _is_harmless(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:n]) in d.HARMLESS for n in range(1, len(parts) + 1))
