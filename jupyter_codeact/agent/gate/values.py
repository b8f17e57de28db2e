"""What an expression in a cell may be, as far as that is known without running the code.

A value is a set of possibilities: a later binding adds to what a name may mean and never takes away from it,
unless it certainly comes last.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce

UNKNOWN = "\0"
"""Stands in a text for a part that is only known when the code runs."""
DATA = "\1"
"""Stands for a part that comes from data: a column's name, a number, a date."""
PARAMETER = "\2"
"""Stands for a parameter of a function that is read where it is defined, not where it is called."""
FILE_NAME = "\3"
"""Stands for the name of some file, without folders."""
EXISTING = "\4"
"""Stands for a file that is there, as `glob` finds it."""
MARKS = UNKNOWN + DATA + PARAMETER + FILE_NAME + EXISTING
_DEPENDENT = str.maketrans(EXISTING, FILE_NAME)
_SHOWN = str.maketrans(dict.fromkeys(MARKS, "…"))

_MOST = 24
_MOST_NAMES = 16
_LONGEST = 600
_MOST_ITEMS = 64
_DEEPEST_NAME = 160

Key = str | int | None


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may be.

    Attributes
    ----------
    names : frozenset of str
        Full names of modules and functions of libraries (``os.system``), and of what these return
        (``sqlite3.connect()``).
    texts : frozenset of str
        Strings and paths, with marks for parts that are not known.
    items : tuple
        Pairs of keys and elements of a container; the key ``None`` stands for all others.
    functions, instances : frozenset
        The notebook's own functions and classes, and objects of these classes.
    paths : frozenset of str
        The files that a file object or a connection was opened with.
    constant : object
        The value of a constant that is no text.
    is_known : bool
        Whether it can be nothing else.
    """

    names: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    items: tuple[tuple[Key, Value], ...] = ()
    functions: frozenset[Function | Class] = frozenset()
    instances: frozenset[Class] = frozenset()
    paths: frozenset[str] = frozenset()
    constant: object = None
    is_known: bool = True

    def __or__(self, other: Value) -> Value:
        """Return what is one of two values."""
        if self is other or self == other:
            return self
        return Value(
            _some(self.names | other.names),
            texts(self.texts | other.texts).texts,
            _joined_items(self.items, other.items),
            frozenset([*self.functions, *other.functions][:_MOST]),
            frozenset([*self.instances, *other.instances][:_MOST]),
            _some(self.paths | other.paths),
            None,
            self.is_known and other.is_known,
        )

    def element(self, key: Key = None) -> Value | None:
        """Return the element with a key, or any element without one; ``None`` if there is none."""
        if key is not None:
            for known, value in self.items:
                if known == key:
                    return value
            return dict(self.items).get(None)
        return any_of(value for _, value in self.items) if self.items else None

    def parts(self) -> frozenset[str]:
        """Return the texts that it may contribute to a longer text."""
        if self.texts:
            return self.texts if self.is_known else self.texts | {UNKNOWN}
        if self.constant is not None:
            return frozenset([str(self.constant)])
        return frozenset([DATA if self.is_known and self.names else UNKNOWN])

    @property
    def text(self) -> str | None:
        """The text, if it is one that is known entirely."""
        found = [one for one in self.texts if not any(mark in one for mark in MARKS)]
        return found[0] if len(found) == 1 and len(self.texts) == 1 and self.is_known else None

    @property
    def whole_texts(self) -> list[str]:
        """The texts that are known entirely."""
        return sorted(one for one in self.texts if not any(mark in one for mark in MARKS))


@dataclass(eq=False, slots=True)
class Function:
    """A function of the notebook's, with the names around it and the values of its parameters' defaults."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope | None
    defaults: dict[str, Value]
    instance: Class | None = None

    @property
    def name(self) -> str:
        """Its name, for display."""
        return "lambda" if isinstance(self.node, ast.Lambda) else self.node.name


@dataclass(eq=False, slots=True)
class Class:
    """A class of the notebook's; ``fields`` are its methods, and the attributes of all its objects."""

    name: str
    fields: dict[str, Value] = field(default_factory=dict)
    bases: tuple[Value, ...] = ()


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a function, within those of the scope around it; ``shared`` belong to the notebook."""

    names: dict[str, Value] = field(default_factory=dict)
    parent: Scope | None = None
    shared: set[str] = field(default_factory=set)

    def lookup(self, name: str) -> Value | None:
        """Return what a name means in this scope or around it, if it is defined there."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


ANYTHING = Value(is_known=False)
SOMETHING = Value(names=frozenset(["()"]))
"""A result of data work: no function, and no path."""


def named(*names: str, is_known: bool = True) -> Value:
    """Return what libraries know under these names."""
    return Value(names=frozenset(name for name in names if len(name) <= _DEEPEST_NAME), is_known=is_known)


def texts(found: Iterable[str]) -> Value:
    """Return one of these texts; of too many, only that they are not known."""
    some = frozenset(found)
    if len(some) > _MOST:
        some = frozenset([*sorted(some)[: _MOST - 1], UNKNOWN])
    if any(len(one) > _LONGEST for one in some):
        some = frozenset(one if len(one) <= _LONGEST else one[:_LONGEST] + UNKNOWN for one in some)
    return Value(texts=some)


def container(items: Iterable[tuple[Key, Value]]) -> Value:
    """Return a container of these elements."""
    pairs = list(items)
    if len(pairs) > _MOST_ITEMS:
        pairs = [*pairs[:_MOST_ITEMS], (None, any_of(value for _, value in pairs[_MOST_ITEMS:]))]
    return Value(items=_limited(tuple(pairs)), names=frozenset(["()"]))


def any_of(values: Iterable[Value]) -> Value:
    """Return what is one of some values."""
    some = list(values)
    if len(some) <= 2:
        return reduce(Value.__or__, some) if some else Value()
    found = texts(text for one in some for text in one.texts)
    return Value(
        _some(frozenset(name for one in some for name in one.names)),
        found.texts,
        reduce(_joined_items, (one.items for one in some if one.items), ()),
        frozenset(function for one in some for function in one.functions),
        frozenset(instance for one in some for instance in one.instances),
        _some(frozenset(path for one in some for path in one.paths)),
        None,
        all(one.is_known for one in some),
    )


def concatenated(parts: Iterable[Value]) -> Value:
    """Return the texts that parts make, one after the other."""
    whole = [""]
    for part in parts:
        ends = list(part.parts())
        if len(whole) * len(ends) > _MOST:
            ends = [DATA if DATA in ends and UNKNOWN not in ends else UNKNOWN]
        whole = [start + end for start in whole for end in ends]
    return texts(one.translate(_DEPENDENT) if len(one) > 1 else one for one in whole)


def shown(text: str) -> str:
    """Return a text for display."""
    return text.translate(_SHOWN)


def changed(value: Value, *, is_known: bool) -> Value:
    """Return a value that may also be something else, or no longer."""
    return value if value.is_known == is_known else replace(value, is_known=is_known)


def _some(names: frozenset[str]) -> frozenset[str]:
    if len(names) <= _MOST_NAMES:
        return names
    first = sorted(names, key=lambda name: ("(" in name, name))  # functions before what they return
    return frozenset(first[:_MOST_NAMES])


def _joined_items(
    one: tuple[tuple[Key, Value], ...], other: tuple[tuple[Key, Value], ...]
) -> tuple[tuple[Key, Value], ...]:
    if not one or not other or one == other:
        return one or other
    merged = dict(one)
    for key, value in other:
        merged[key] = merged[key] | value if key in merged else value
    if len(merged) > _MOST_ITEMS:
        return ((None, any_of(merged.values())),)
    return _limited(tuple(merged.items()))


def _depth(value: Value) -> int:
    return 1 + max((_depth(item) for _, item in value.items), default=-1) if value.items else 0


def _limited(items: tuple[tuple[Key, Value], ...]) -> tuple[tuple[Key, Value], ...]:
    """Return elements without what lies too deep in them."""
    return tuple((key, value if _depth(value) < 4 else _flat(value)) for key, value in items)


def _flat(value: Value) -> Value:
    leaves: list[Value] = []
    pending = [value]
    while pending:
        one = pending.pop()
        pending += [item for _, item in one.items]
        leaves.append(replace(one, items=()))
    return any_of(leaves)
