"""Reads calls: of libraries, of the notebook's own functions, of IPython, and of code passed as text."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod

from ..source import syntax_tree
from . import dangers as d
from .check_databases import opened_database
from .findings import SERVER, Arguments, canonical, code_of, danger_of
from .magics import RISKS_OF_SHELL
from .own_functions import OwnFunctions
from .references import is_namespace
from .text_values import returned_by_function, returned_by_method
from .values import (
    ANYTHING,
    PARAMETER,
    SOMETHING,
    Value,
    any_of,
    named,
    texts,
)

_WRAPPERS = {
    *(
        "functools.partial",
        "partial",
        "delayed",
        "joblib.delayed",
        "dask.delayed",
        "functools.lru_cache",
        "functools.wraps",
    ),
    *(
        "functools.cache",
        "numba.njit",
        "numba.jit",
        "staticmethod",
        "classmethod",
        "property",
        "numpy.vectorize",
    ),
    *(
        "lru_cache",
        "cache",
        "njit",
        "jit",
        "wraps",
        "contextlib.contextmanager",
        "contextmanager",
        "jupyter_codeact.tool",
    ),
}
_CALLERS = {"map", "filter", "itertools.starmap", "executor.map", "pool.map"}


class CallReader(OwnFunctions):
    """Reads calls, and the notebook's own functions where they are called."""

    @abstractmethod
    def nested(self, text: str) -> None:
        """Read a cell within the cell."""

    def call(self, node: ast.Call) -> Value:
        """Check a call and its arguments, and return what it may return."""
        owner, method = Value(), ""
        if isinstance(node.func, ast.Attribute):
            callee, owner = self.chain(node.func, is_called=True)
            method = node.func.attr
        elif isinstance(node.func, ast.Name):
            callee, is_free = self.lookup(node.func.id)
            self.check_names(callee, is_called=True, is_free=is_free)
            if is_free and not callee.is_known and node.func.id.startswith("fetch_"):
                self.report(d.NETWORK, node.func.id)
        else:
            callee = self.evaluate(node.func)
            self.check_names(callee, is_called=True)
        arguments = self.arguments(node)
        names = sorted(callee.names - {"()"})
        if owner.names & d.ENVIRONMENTS and method in d.ENVIRONMENT_READS:
            self.check_variable(arguments.get(0))
        if "os.getenv" in names or "os.getenvb" in names:
            self.check_variable(arguments.get(0))
        for name in names:
            self._check_dynamic(node, name, arguments)
        if not method and (whole := next((name for name in names if "." in name), "")):
            start, _, method = whole.rpartition(".")
            owner = Value(names=named(start).names, paths=callee.paths)
        is_own = bool(callee.functions) and not names
        if not is_own:
            self.check_call(node, [name for name in names if "(" not in name], method, owner, arguments)
        self.grow(node, method, arguments)
        return self._returned(node, callee, owner, method, names, arguments)

    def _returned(
        self, node: ast.Call, callee: Value, owner: Value, method: str, names: list[str], arguments: Arguments
    ) -> Value:
        results = [self.call_own(one, arguments) for one in callee.functions]
        passed = frozenset(one for value in arguments.values for one in value.functions)
        if passed and not callee.functions:
            if any(name in _WRAPPERS for name in names):
                results.append(Value(functions=passed))
            else:
                elements = [self.iterated(value) for value in arguments.positional if not value.functions]
                inner = [a | b for a, b in zip(elements, _others(arguments), strict=True)]
                known = Arguments(elements if names and names[0] in _CALLERS else inner, has_more=True)
                results += [self.call_own(one, known) for one in passed]
        if arguments.positional and any(name in _WRAPPERS for name in names):
            results.append(Value(names=arguments.positional[0].names - {"()"} or SOMETHING.names))
        if owner.texts or owner.items:
            value = returned_by_method(owner, method, arguments)
            results += [value] if value is not None else []
        for name in names:
            value = self._returned_by_library(name, arguments)
            if value is not None:
                results.append(value)
        if not results and names:
            made = [name if name.endswith(")") else f"{name}()" for name in names]
            paths = _opened(names, owner, arguments)
            results.append(Value(names=named(*made).names or SOMETHING.names, paths=paths))
        if not results:
            results.append(
                texts([PARAMETER]) if PARAMETER in owner.texts or PARAMETER in callee.texts else SOMETHING
            )
        return any_of(results)

    def _returned_by_library(self, name: str, arguments: Arguments) -> Value | None:
        text = arguments.text(0)
        if name in d.IMPORTERS:
            return self.module(text) if text else ANYTHING
        if name == "pkgutil.resolve_name" and text:
            return named(canonical(text.replace(":", ".")))
        if name in ("getattr", "operator.attrgetter", "object.__getattribute__", "type.__getattribute__"):
            return self._named_attribute(name, arguments)
        if name == "eval" and text:
            return self._evaluated(text)
        if name.endswith(".__getattribute__") and text:
            value = named(canonical(f"{name.removesuffix('.__getattribute__')}.{text}"))
            self.check_names(value)
            return value
        if name in d.NAMESPACES:
            owner = arguments.get(0)
            if owner is not None and owner.names:
                return named(*(f"{one}.__dict__" for one in owner.names))
            return named(f"{name}()")
        for ending in (".get", ".__getitem__", ".pop"):
            if name.endswith(ending) and is_namespace(namespace := named(name.removesuffix(ending))):
                member = self.namespace_member(namespace, arguments.get(0) or ANYTHING, name) or ANYTHING
                self.check_names(member)
                return member
        if name in ("get_ipython", "IPython.get_ipython", "IPython.core.getipython.get_ipython"):
            return named("get_ipython()")
        return returned_by_function(name, arguments)

    def _evaluated(self, text: str) -> Value:
        tree = syntax_tree(text.strip())
        last = tree.body[-1] if tree and tree.body else None
        return self.evaluate(last.value) if isinstance(last, ast.Expr) else ANYTHING

    def _named_attribute(self, name: str, arguments: Arguments) -> Value | None:
        if name == "operator.attrgetter":
            return named(f"operator.attrgetter().{arguments.text(0)}")
        owner, attribute = arguments.get(0) or ANYTHING, arguments.get(1)
        found = [self.attribute(owner, text) for text in attribute.whole_texts] if attribute else []
        for value, text in zip(found, attribute.whole_texts if attribute else [], strict=True):
            self.check_names(value, is_called=False)
            self.check_method(text, owner)
        if not found:
            return SOMETHING
        default = arguments.get(2)
        return any_of([*found, default] if default else found)

    def _check_dynamic(self, node: ast.Call, name: str, arguments: Arguments) -> None:
        """Check calls that reach other code: by a name, as text, or through IPython."""
        first = arguments.get(0)
        if name in d.EXECUTORS:
            self._read_executed(name, first)
        elif name in d.IMPORTERS:
            if first is None or not first.whole_texts:
                self.report(d.HIDDEN, code_of(node))
            elif any(text.partition(".")[0] == "antigravity" for text in first.whole_texts):
                self.report(d.SHELL, "antigravity")
        elif name == "getattr":
            self._check_getattr(node, first, arguments.get(1))
        elif name in ("types.FunctionType", "types.LambdaType"):
            self.report(d.HIDDEN, name)
        elif name == "setattr" and first is not None:
            self._check_setattr(first, code_of(node))
        elif name in ("operator.attrgetter", "operator.methodcaller"):
            text = arguments.text(0)
            if text is None or danger_of(f"os.{text}") or danger_of(f"shutil.{text}") or text in d.METHODS:
                self.report(d.HIDDEN, code_of(node))
        elif name in d.UNPICKLERS and node.args and isinstance(node.args[0], ast.Constant | ast.Call):
            self.report(d.HIDDEN, name)
        elif name in ("yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all"):
            loader = arguments.get(1, "Loader")
            unsafe = loader is not None and any(
                one.endswith(("UnsafeLoader", "yaml.Loader")) for one in loader.names
            )
            if unsafe or name == "yaml.unsafe_load":
                self.report(d.HIDDEN, name)
        elif name in d.RUNNERS:
            for value in arguments.values:
                if value.texts and value.text is not None:
                    self.nested(value.text)
                elif value is first and not value.functions and not value.texts - {PARAMETER}:
                    self.report(d.HIDDEN, name)
        elif name in d.EXPRESSIONS or name.endswith((".eval", ".query")):
            for text in first.texts if first else ():
                if "__" in text or re.search(r"@\s*(?:os|sys|subprocess|shutil|\w+\.__)", text):
                    self.report(d.HIDDEN, name)
        elif name.startswith("get_ipython()."):
            self._read_ipython(name.removeprefix("get_ipython()."), arguments)
        elif name in ("IPython.start_ipython", "IPython.embed"):
            self.report(d.HIDDEN, name)
        elif danger_of(name) == d.SHELL:
            words = " ".join(text for value in arguments.values for text in _all_texts(value))
            for reason, pattern in RISKS_OF_SHELL.items():
                if pattern.search(words):
                    self.report(reason, name)
        elif name in ("os.chdir", "os.fchdir", "contextlib.chdir"):
            targets = first.texts if first is not None and first.texts else frozenset(["\0"])
            self.state.files.folders = self.places.moved(self.state.files, targets)

    def _check_getattr(self, node: ast.Call, owner: Value | None, attribute: Value | None) -> None:
        if owner is None or attribute is None or attribute.whole_texts:
            return
        for name in owner.names:
            if (
                name.startswith(SERVER)
                or name in d.WATCHED
                or any(f"{module}." in f"{name}." for module in ("os", "subprocess", "sys"))
            ):
                self.report(d.HIDDEN, code_of(node))
                return

    def _check_setattr(self, owner: Value, code: str) -> None:
        if owner.names & d.WATCHED:
            self.report(d.HIDDEN, code)

    def _read_executed(self, name: str, code: Value | None) -> None:
        """Read the code passed to ``exec`` and the like; code made at run time cannot be read."""
        known = code.whole_texts if code else []
        is_read = code is not None and bool(known) and len(known) == len(code.texts)
        if not is_read and (code is None or PARAMETER not in code.texts or name != "compile"):
            self.report(d.HIDDEN, name)
        for text in known:
            self.nested(text)

    def _read_ipython(self, member: str, arguments: Arguments) -> None:
        """Read the cell or magic that is passed to IPython."""
        words = [value.text for value in arguments.values]
        if member in ("system", "getoutput", "system_raw", "system_piped", "getoutput_pcap"):
            self.report(d.SHELL, words[0] if words and words[0] else member)
        elif member in (
            "reset",
            "user_ns.clear",
            "user_global_ns.clear",
            "user_ns.pop",
            "user_ns.popitem",
            "del_var",
        ):
            self.report(d.CLEARS, member)
        elif member in (
            "run_cell_magic",
            "run_line_magic",
            "magic",
            "run_cell",
            "run_cell_async",
            "ex",
            "ev",
            "run_code",
        ):
            if None in words or not words:
                self.report(d.HIDDEN, f"get_ipython().{member}")
                return
            known = [str(word) for word in words]
            if member == "run_cell_magic":
                self.nested(f"%%{known[0]} {' '.join(known[1:2])}\n{' '.join(known[2:])}")
            else:
                self.nested(f"%{' '.join(known)}" if "magic" in member else known[0])
        elif member.split(".")[0] not in d.IPYTHON_HARMLESS or member.startswith(
            ("events", "kernel.do_", "kernel.shell")
        ):
            self.report(d.INTERNALS, f"get_ipython().{member}")


def _others(arguments: Arguments) -> list[Value]:
    return [value for value in arguments.positional if not value.functions]


def _all_texts(value: Value) -> list[str]:
    return [*value.texts, *(text for _, item in value.items for text in item.texts)]


def _opened(names: list[str], owner: Value, arguments: Arguments) -> frozenset[str]:
    """Return the path that a file object or a connection was opened with."""
    if any(
        name in ("sqlite3.connect", "duckdb.connect", "sqlalchemy.create_engine", "apsw.Connection")
        for name in names
    ):
        return opened_database(arguments).texts
    if any(name == "open" or name.endswith(".open") for name in names):
        target = arguments.get(0, "file")
        return owner.texts or (target.texts if target else frozenset())
    return owner.paths
