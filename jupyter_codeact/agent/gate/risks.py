"""Finds what is risky about a cell in its syntax tree.

This is a seat belt, not a sandbox: it shows an honest mistake of the model before it happens, and the usual
ways to hide one. Code that means to deceive can.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from ..secrets import is_secret_name
from ..source import Span, magics_and_strings, syntax_tree
from . import dangers as d
from . import magics
from .paths import PathReader, is_string_method, opens_for_writing, path_argument

_MAX_DEPTH = 5
_EXECUTORS = ("exec", "eval", "compile")
_MOVERS = {"os.rename", "os.renames", "os.replace", "shutil.move"}
_ENVIRONMENT_UPDATES = {"os.environ.update", "os.environb.update"}
_ENVIRONMENT_READS = {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"}
_IMPORTERS = {"__import__", "builtins.__import__", "importlib.import_module"}
_NAMESPACES = {"globals", "locals", "vars", "builtins.globals", "builtins.vars", "builtins.locals"}
_UNPICKLERS = {"pickle.loads", "dill.loads", "cloudpickle.loads", "joblib.loads", "yaml.unsafe_load"}


class RiskReader:
    """Reads the cells of a notebook in turn, and remembers the names under which it imported modules.

    Parameters
    ----------
    folder : Path or str, optional
        The kernel's working folder, where files may be written. Without it, relative paths count as inside
        and absolute ones as outside.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self._folder = folder
        self.names: dict[str, str | None] = {}

    def read(self, source: str) -> list[str]:
        """Return what is risky about a cell, as phrases; none if it looks harmless."""
        visitor = _RiskVisitor(self.names, self._folder)
        visitor.cell(source)
        self.names = visitor.names
        return list(visitor.reasons)


class _RiskVisitor(ast.NodeVisitor):
    """Walks a cell in source order; ``reasons`` are its findings, each once."""

    def __init__(self, names: Mapping[str, str | None], folder: Path | str | None, depth: int = 0) -> None:
        self.names: dict[str, str | None] = dict(names)
        self.reasons: dict[str, None] = {}
        self.paths = PathReader(self.name_of, folder)
        self._folder, self._depth = folder, depth
        self._called: set[int] = set()

    def cell(self, source: str) -> None:
        """Visit a cell of IPython."""
        tree = syntax_tree(source)
        if tree is None:
            self.report(d.UNREADABLE)
        for span in magics_and_strings(source):
            if span.is_command:
                self._read_command(source, span)
        if tree is not None:
            self.visit(tree)

    def report(self, reason: str, subject: str = "") -> None:
        """Add a reason, with the part of the code that it is about."""
        short = subject if len(subject) <= 60 else f"{subject[:59]}…"
        self.reasons[f"{reason} ({short})" if short else reason] = None

    def name_of(self, node: ast.AST) -> str | None:
        """Return the full dotted name of the object that an expression refers to, if it is known."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.NamedExpr):
            return self.name_of(node.value)
        if isinstance(node, ast.Attribute):
            owner = self.name_of(node.value)
            return f"{owner}.{node.attr}" if owner else None
        if isinstance(node, ast.Subscript):
            return self._element_name(node)
        if isinstance(node, ast.Call):
            return self._returned_name(node)
        return None

    def _element_name(self, node: ast.Subscript) -> str | None:
        """Name ``sys.modules["os"]``, ``globals()["os"]`` and ``os.__dict__["system"]``."""
        key = self.paths.text(node.slice)
        if key is None:
            return None
        owner = self.name_of(node.value)
        if owner in (
            "sys.modules",
            "globals()",
            "__builtins__",
            "vars()",
            "locals()",
            "__builtins__.__dict__",
        ):
            return self.names.get(key, key)
        return f"{owner.removesuffix('.__dict__')}.{key}" if owner and owner.endswith(".__dict__") else None

    def _returned_name(self, node: ast.Call) -> str | None:
        """Name the module, or attribute of a module, that a call returns."""
        function = self.name_of(node.func)
        texts = [self.paths.text(argument) for argument in node.args]
        if function in _IMPORTERS and texts and texts[0]:
            return texts[0]
        if function in ("getattr", "builtins.getattr") and len(texts) > 1 and texts[1]:
            owner = self.name_of(node.args[0])
            return f"{owner}.{texts[1]}" if owner else None
        if function in _NAMESPACES:
            owner = self.name_of(node.args[0]) if node.args else None
            return f"{owner}.__dict__" if owner else f"{str(function).removeprefix('builtins.')}()"
        if function in ("get_ipython", "IPython.get_ipython"):
            return "get_ipython()"
        if function in ("pathlib.Path", "Path", "pathlib.PurePath", "psutil.Process"):
            return f"{function}()"
        return None

    def visit_Import(self, node: ast.Import) -> None:
        """Remember the names of modules."""
        for alias in node.names:
            self.names[alias.asname or alias.name.split(".")[0]] = (
                alias.name if alias.asname else alias.name.split(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Remember names imported from modules."""
        for alias in node.names:
            whole = f"{node.module}.{alias.name}" if node.module and not node.level else alias.name
            if alias.name == "*":
                start = f"{node.module}."
                names = [name for name in [*d.DANGEROUS, *d.TARGETS] if name.startswith(start)]
                self.names |= {name.removeprefix(start): name for name in names}
            else:
                self.names[alias.asname or alias.name] = whole

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Forget what the name meant before: it is a function of the user's now."""
        self.names[node.name] = None
        outer = dict(self.names)
        arguments = node.args
        for parameter in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            self.names[parameter.arg] = None
        self.generic_visit(node)
        self.names = outer

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Forget what the name meant before: it is a class of the user's now."""
        self.names[node.name] = None
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Remember other names for modules and functions, and the values of paths."""
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Treat it as an assignment."""
        self.generic_visit(node)
        if node.value is not None:
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Treat it as an assignment."""
        self.visit(node.value)
        self._assign(node.target, node.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            for index, part in enumerate(target.elts):
                if index < len(values):
                    self._assign(part, values[index])
        elif isinstance(target, ast.Name):
            self.names[target.id] = self.name_of(value)
            self.paths.assign(target.id, value)
        else:
            self.visit(target)

    def visit_Name(self, node: ast.Name) -> None:
        """Check a name; forget what it meant if a loop or the like assigns it."""
        if isinstance(node.ctx, ast.Load):
            self._check_name(node)
        else:
            self.names[node.id] = None
            self.paths.forget(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Check an attribute. A mention is enough: code may call the function under another name."""
        name = self.name_of(node)
        if not self._check_name(node) and (reason := d.METHODS.get(node.attr)):
            self.report(reason, node.attr)
        if name is None or not self._danger_of(name):
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Check a subscript; for ``os.environ``, which variable it reads."""
        owner = self.name_of(node.value)
        if owner == "os.environ" or owner == "os.environb":
            if isinstance(node.ctx, ast.Load):
                self._check_variable(node.slice)
            self.visit(node.slice)
            return
        unknown = isinstance(node.ctx, ast.Load) and self.paths.text(node.slice) is None
        if unknown and owner in ("sys.modules", "globals()", "__builtins__"):
            self.report(d.HIDDEN, ast.unparse(node))
        self._check_name(node)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Allow ``name in os.environ``, which reveals no value."""
        for part in [node.left, *node.comparators]:
            if self.name_of(part) not in ("os.environ", "os.environb"):
                self.visit(part)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Check a string: it may be a script, or the path of a secret."""
        if isinstance(node.value, str) and "<script" in node.value.lower():
            self.report(d.PAGE)
        if isinstance(node.value, str) and (place := d.SECRET_PLACES.search(node.value)):
            self.report(d.CREDENTIALS, node.value if len(node.value) < 60 else place[0])

    def visit_Expr(self, node: ast.Expr) -> None:
        """Skip docstrings."""
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        """Check a call and its arguments."""
        self._called.add(id(node.func))
        name = self.name_of(node.func) or ""
        builtin = name.removeprefix("builtins.").removeprefix("__builtins__.")
        if builtin in _EXECUTORS:
            self._read_executed(node)
        elif builtin == "__import__" or name in _IMPORTERS:
            if node.args and self.paths.text(node.args[0]) is None:
                self.report(d.HIDDEN, ast.unparse(node))
        elif builtin == "getattr" and len(node.args) > 1 and self.paths.text(node.args[1]) is None:
            owner = self.name_of(node.args[0]) or ""
            if owner.split(".")[0] in d.WATCHED or owner.startswith("__builtins__"):
                self.report(d.HIDDEN, ast.unparse(node))
        elif name in _ENVIRONMENT_READS | _ENVIRONMENT_UPDATES:
            if node.args and name in _ENVIRONMENT_READS:
                self._check_variable(node.args[0])
            node = ast.Call(ast.Constant(None), node.args, node.keywords)
        elif name in _UNPICKLERS and node.args and isinstance(node.args[0], ast.Constant | ast.Call):
            self.report(d.HIDDEN, name)
        elif "run_line_magic" in name or "run_cell_magic" in name or name.endswith((".run_cell", ".magic")):
            self._read_ipython(node, name)
        elif name in ("get_ipython().system", "get_ipython().getoutput"):
            self.report(d.SHELL, name)
        elif self._danger_of(name) == d.SHELL:
            constants = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            for reason, pattern in magics.SHELL_COMMANDS.items():
                if pattern.search(" ".join(word for word in constants if isinstance(word, str))):
                    self.report(reason, name)
        self._check_name(node)
        self._check_writing(node, name)
        self._check_address(node, name)
        if any(k.arg == "trust_remote_code" and getattr(k.value, "value", 1) for k in node.keywords):
            self.report(d.HIDDEN, "trust_remote_code")
        self.generic_visit(node)

    def _check_name(self, node: ast.expr) -> bool:
        """Check an expression by its name; a module by itself does nothing yet."""
        name = self.name_of(node) or ""
        reason = self._danger_of(name)
        if reason and ("." in name or reason == d.ENDS):
            self.report(reason, name)
            return True
        if name.removeprefix("builtins.") in _EXECUTORS[:2] and id(node) not in self._called:
            self.report(d.HIDDEN, name)
            return True
        if name in ("os.environ", "os.environb") and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            self.report(d.CREDENTIALS, "all environment variables")
            return True
        return False

    def _danger_of(self, name: str) -> str | None:
        parts = name.split(".")
        beginnings = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        if any(beginning in d.HARMLESS for beginning in beginnings):
            return None
        prefix = next((start for start in beginnings if start in d.DANGEROUS), None)
        return d.DANGEROUS[prefix] if prefix else None

    def _check_variable(self, key: ast.expr) -> None:
        """Check which environment variable is read."""
        name = self.paths.text(key)
        if name is None:
            self.report(d.CREDENTIALS, "an environment variable")
        elif is_secret_name(name):
            self.report(d.CREDENTIALS, name)

    def _read_executed(self, node: ast.Call) -> None:
        """Read the code passed to ``exec`` and the like; code made at run time cannot be read."""
        text = self.paths.text(node.args[0]) if node.args else None
        if text is None or self._depth >= _MAX_DEPTH:
            self.report(d.HIDDEN, ast.unparse(node.func))
        else:
            self._read_nested(text)

    def _read_nested(self, text: str) -> None:
        nested = _RiskVisitor(self.names, self._folder, self._depth + 1)
        nested.cell(text)
        self.names = nested.names
        self.reasons |= nested.reasons

    def _read_ipython(self, node: ast.Call, name: str) -> None:
        """Read the cell or magic that is passed to IPython."""
        texts = [self.paths.text(argument) for argument in node.args]
        if None in texts or not texts:
            self.report(d.HIDDEN, name)
        elif "run_cell_magic" in name:
            self._read_nested(
                f"%%{texts[0]} {' '.join(map(str, texts[1:2]))}\n{' '.join(map(str, texts[2:]))}"
            )
        elif "run_line_magic" in name or name.endswith(".magic"):
            self._read_nested("%" + " ".join(map(str, texts)))
        else:
            self._read_nested(str(texts[0]))

    def _check_writing(self, node: ast.Call, name: str) -> None:
        """Check where a call writes."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        path: ast.expr | None = None
        if name in d.WRITERS:
            if opens_for_writing(node, 1):
                path = path_argument(node, d.WRITERS[name])
        elif name in d.TARGETS:
            path = path_argument(node, d.TARGETS[name])
        elif method == "open" and isinstance(node.func, ast.Attribute):
            path = node.func.value if opens_for_writing(node, 0) else None
        elif method in d.PATH_METHODS and isinstance(node.func, ast.Attribute):
            path = path_argument(node, 0) if method == "rename" else node.func.value
        elif d.TARGET_METHODS.fullmatch(method) and not is_string_method(node.func):
            path = path_argument(node, 0)
        if name in _MOVERS and node.args and (outside := self.paths.outside(node.args[0])):
            self.report(d.OUTSIDE, outside)
        if path is not None and (outside := self.paths.outside(path)):
            self.report(d.OUTSIDE, outside)

    def _check_address(self, node: ast.Call, name: str) -> None:
        """Check whether a call is passed an address."""
        function = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        if not d.READERS.fullmatch(function):
            return
        for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
            text = self.paths.partial_text(value)
            if text and d.ADDRESS.match(text):
                self.report(d.NETWORK, text)

    def _read_command(self, source: str, span: Span) -> None:
        """Read a magic or a shell command."""
        command = magics.read(
            source[span.start : span.end].strip(), lambda path: self.paths.outside(ast.Constant(path))
        )
        for reason, subject in command.reasons:
            self.report(reason, subject)
        if command.python:
            self._read_nested(command.python)
