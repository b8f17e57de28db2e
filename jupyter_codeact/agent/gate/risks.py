"""What is risky about a cell, read off its syntax tree.

This is a seat belt, not a sandbox: it makes an honest mistake of the model visible before it happens, and the
usual ways to hide one. Code that means to deceive can.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from ..secrets import is_secret_name
from ..source import Piece, pieces, syntax_tree
from . import dangers as d
from . import magics
from .paths import Places, argument, is_text, writes

_DEEPEST = 5
_RUNS = ("exec", "eval", "compile")
_MOVES = {"os.rename", "os.renames", "os.replace", "shutil.move"}
_UPDATES = {"os.environ.update", "os.environb.update"}
_READS = {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"}
_MODULES = {"__import__", "builtins.__import__", "importlib.import_module"}
_SCOPES = {"globals", "locals", "vars", "builtins.globals", "builtins.vars", "builtins.locals"}
_LOADERS = {"pickle.loads", "dill.loads", "cloudpickle.loads", "joblib.loads", "yaml.unsafe_load"}


def risks(source: str, folder: Path | str | None = None) -> list[str]:
    """Tell in words what is risky about running ``source``; nothing if it looks harmless.

    Parameters
    ----------
    source : str
        A notebook cell.
    folder : Path or str, optional
        The kernel's working folder, where files may be written. Without it relative paths are taken to be in
        it, and absolute ones not.
    """
    return Reader(folder).read(source)


class Reader:
    """Reads one cell after the other, and remembers by which names modules go in this notebook."""

    def __init__(self, folder: Path | str | None = None) -> None:
        self._folder = folder
        self.names: dict[str, str | None] = {}

    def read(self, source: str) -> list[str]:
        """Return what is risky about a cell."""
        found = _Found(self.names, self._folder)
        found.cell(source)
        self.names = found.names
        return list(found.reasons)


class _Found(ast.NodeVisitor):
    """Walks a cell in the order it is written in; ``reasons`` are what it found, each once."""

    def __init__(self, names: Mapping[str, str | None], folder: Path | str | None, depth: int = 0) -> None:
        self.names: dict[str, str | None] = dict(names)
        self.reasons: dict[str, None] = {}
        self.places = Places(self.name_of, folder)
        self._folder, self._depth = folder, depth
        self._called: set[int] = set()

    def cell(self, source: str) -> None:
        """Read IPython."""
        tree = syntax_tree(source)
        if tree is None:
            self.say(d.UNREADABLE)
        for piece in pieces(source):
            if piece.command:
                self._command(source, piece)
        if tree is not None:
            self.visit(tree)

    def say(self, reason: str, what: str = "") -> None:
        """Note a reason, with what of the code it is about."""
        short = what if len(what) <= 60 else f"{what[:59]}…"
        self.reasons[f"{reason} ({short})" if short else reason] = None

    def name_of(self, node: ast.AST) -> str | None:
        """Return the full dotted name of what an expression stands for, as far as it can be told."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.NamedExpr):
            return self.name_of(node.value)
        if isinstance(node, ast.Attribute):
            owner = self.name_of(node.value)
            return f"{owner}.{node.attr}" if owner else None
        if isinstance(node, ast.Subscript):
            return self._item(node)
        if isinstance(node, ast.Call):
            return self._made(node)
        return None

    def _item(self, node: ast.Subscript) -> str | None:
        """Name ``sys.modules["os"]``, ``globals()["os"]`` and ``os.__dict__["system"]``."""
        key = self.places.text(node.slice)
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

    def _made(self, node: ast.Call) -> str | None:
        """Name what a call returns, if it is a module or an attribute of one."""
        function = self.name_of(node.func)
        given = [self.places.text(argument) for argument in node.args]
        if function in _MODULES and given and given[0]:
            return given[0]
        if function in ("getattr", "builtins.getattr") and len(given) > 1 and given[1]:
            owner = self.name_of(node.args[0])
            return f"{owner}.{given[1]}" if owner else None
        if function in _SCOPES:
            owner = self.name_of(node.args[0]) if node.args else None
            return f"{owner}.__dict__" if owner else f"{str(function).removeprefix('builtins.')}()"
        if function in ("get_ipython", "IPython.get_ipython"):
            return "get_ipython()"
        if function in ("pathlib.Path", "Path", "pathlib.PurePath", "psutil.Process"):
            return f"{function}()"
        return None

    def visit_Import(self, node: ast.Import) -> None:
        """Take note of modules' names."""
        for alias in node.names:
            self.names[alias.asname or alias.name.split(".")[0]] = (
                alias.name if alias.asname else alias.name.split(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Take note of names out of modules."""
        for alias in node.names:
            whole = f"{node.module}.{alias.name}" if node.module and not node.level else alias.name
            if alias.name == "*":
                start = f"{node.module}."
                known = [name for name in [*d.DANGEROUS, *d.TARGETS] if name.startswith(start)]
                self.names |= {name.removeprefix(start): name for name in known}
            else:
                self.names[alias.asname or alias.name] = whole

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """A function of the user's own is no longer what its name says elsewhere."""
        self.names[node.name] = None
        outer = dict(self.names)
        arguments = node.args
        for parameter in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            self.names[parameter.arg] = None
        self.generic_visit(node)
        self.names = outer

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Likewise a class."""
        self.names[node.name] = None
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Take note of another name for a module or function, and of values of paths."""
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Likewise."""
        self.generic_visit(node)
        if node.value is not None:
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Likewise."""
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
            self.places.assign(target.id, value)
        else:
            self.visit(target)

    def visit_Name(self, node: ast.Name) -> None:
        """Look at a name; one that a loop or the like gives to something is no longer what it was."""
        if isinstance(node.ctx, ast.Load):
            self._look(node)
        else:
            self.names[node.id] = None
            self.places.forget(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Look at an attribute: a mention is enough, for what is not called here may be called elsewhere."""
        name = self.name_of(node)
        if not self._look(node) and (reason := d.METHODS.get(node.attr)):
            self.say(reason, node.attr)
        if name is None or not self._is_dangerous(name):
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Look at an element; of the environment, at which."""
        owner = self.name_of(node.value)
        if owner == "os.environ" or owner == "os.environb":
            if isinstance(node.ctx, ast.Load):
                self._variable(node.slice)
            self.visit(node.slice)
            return
        unknown = isinstance(node.ctx, ast.Load) and self.places.text(node.slice) is None
        if unknown and owner in ("sys.modules", "globals()", "__builtins__"):
            self.say(d.HIDDEN, ast.unparse(node))
        self._look(node)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Whether there is an environment variable tells nothing of its value."""
        for part in [node.left, *node.comparators]:
            if self.name_of(part) not in ("os.environ", "os.environb"):
                self.visit(part)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Look at a text: it may be the place of a secret."""
        if isinstance(node.value, str) and "<script" in node.value.lower():
            self.say(d.PAGE)
        if isinstance(node.value, str) and (place := d.SECRET_PLACES.search(node.value)):
            self.say(d.CREDENTIALS, node.value if len(node.value) < 60 else place[0])

    def visit_Expr(self, node: ast.Expr) -> None:
        """Skip docstrings, which do nothing."""
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        """Look at a call and its arguments."""
        self._called.add(id(node.func))
        name = self.name_of(node.func) or ""
        bare = name.removeprefix("builtins.").removeprefix("__builtins__.")
        if bare in _RUNS:
            self._code(node)
        elif bare == "__import__" or name in _MODULES:
            if node.args and self.places.text(node.args[0]) is None:
                self.say(d.HIDDEN, ast.unparse(node))
        elif bare == "getattr" and len(node.args) > 1 and self.places.text(node.args[1]) is None:
            owner = self.name_of(node.args[0]) or ""
            if owner.split(".")[0] in d.WATCHED or owner.startswith("__builtins__"):
                self.say(d.HIDDEN, ast.unparse(node))
        elif name in _READS | _UPDATES:
            if node.args and name in _READS:
                self._variable(node.args[0])
            node = ast.Call(ast.Constant(None), node.args, node.keywords)
        elif name in _LOADERS and node.args and isinstance(node.args[0], ast.Constant | ast.Call):
            self.say(d.HIDDEN, name)
        elif "run_line_magic" in name or "run_cell_magic" in name or name.endswith((".run_cell", ".magic")):
            self._ipython(node, name)
        elif name in ("get_ipython().system", "get_ipython().getoutput"):
            self.say(d.SHELL, name)
        elif self._is_dangerous(name) == d.SHELL:
            words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            for reason, pattern in magics.SHELL_COMMANDS.items():
                if pattern.search(" ".join(word for word in words if isinstance(word, str))):
                    self.say(reason, name)
        self._look(node)
        self._writes(node, name)
        self._reaches(node, name)
        if any(k.arg == "trust_remote_code" and getattr(k.value, "value", 1) for k in node.keywords):
            self.say(d.HIDDEN, "trust_remote_code")
        self.generic_visit(node)

    def _look(self, node: ast.expr) -> bool:
        """Look at what an expression is by name; a module by itself does nothing yet."""
        name = self.name_of(node) or ""
        reason = self._is_dangerous(name)
        if reason and ("." in name or reason == d.ENDS):
            self.say(reason, name)
            return True
        if name.removeprefix("builtins.") in _RUNS[:2] and id(node) not in self._called:
            self.say(d.HIDDEN, name)
            return True
        if name in ("os.environ", "os.environb") and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            self.say(d.CREDENTIALS, "all environment variables")
            return True
        return False

    def _is_dangerous(self, name: str) -> str | None:
        parts = name.split(".")
        beginnings = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        if any(beginning in d.HARMLESS for beginning in beginnings):
            return None
        found = next((start for start in beginnings if start in d.DANGEROUS), None)
        return d.DANGEROUS[found] if found else None

    def _variable(self, key: ast.expr) -> None:
        """Look at which environment variable is read."""
        name = self.places.text(key)
        if name is None:
            self.say(d.CREDENTIALS, "an environment variable")
        elif is_secret_name(name):
            self.say(d.CREDENTIALS, name)

    def _code(self, node: ast.Call) -> None:
        """Read code that stands in the code; what is only made at run time cannot be read."""
        text = self.places.text(node.args[0]) if node.args else None
        if text is None or self._depth >= _DEEPEST:
            self.say(d.HIDDEN, ast.unparse(node.func))
        else:
            self._inside(text)

    def _inside(self, text: str) -> None:
        inner = _Found(self.names, self._folder, self._depth + 1)
        inner.cell(text)
        self.names = inner.names
        self.reasons |= inner.reasons

    def _ipython(self, node: ast.Call, name: str) -> None:
        """Read what is given to IPython to run."""
        given = [self.places.text(argument) for argument in node.args]
        if None in given or not given:
            self.say(d.HIDDEN, name)
        elif "run_cell_magic" in name:
            self._inside(f"%%{given[0]} {' '.join(map(str, given[1:2]))}\n{' '.join(map(str, given[2:]))}")
        elif "run_line_magic" in name or name.endswith(".magic"):
            self._inside("%" + " ".join(map(str, given)))
        else:
            self._inside(str(given[0]))

    def _writes(self, node: ast.Call, name: str) -> None:
        """Look at where a call writes."""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        path: ast.expr | None = None
        if name in d.WRITERS:
            if writes(node, 1):
                path = argument(node, d.WRITERS[name])
        elif name in d.TARGETS:
            path = argument(node, d.TARGETS[name])
        elif method == "open" and isinstance(node.func, ast.Attribute):
            path = node.func.value if writes(node, 0) else None
        elif method in d.PATH_METHODS and isinstance(node.func, ast.Attribute):
            path = argument(node, 0) if method == "rename" else node.func.value
        elif d.TARGET_METHODS.fullmatch(method) and not is_text(node.func):
            path = argument(node, 0)
        if name in _MOVES and node.args and (outside := self.places.outside(node.args[0])):
            self.say(d.OUTSIDE, outside)
        if path is not None and (outside := self.places.outside(path)):
            self.say(d.OUTSIDE, outside)

    def _reaches(self, node: ast.Call, name: str) -> None:
        """Look at whether a call is given an address."""
        function = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        if not d.READERS.fullmatch(function):
            return
        for given in [*node.args, *(keyword.value for keyword in node.keywords)]:
            text = self.places.beginning(given)
            if text and d.ADDRESS.match(text):
                self.say(d.NETWORK, text)

    def _command(self, source: str, piece: Piece) -> None:
        """Read a magic or a shell command."""
        command = magics.read(
            source[piece.start : piece.end].strip(), lambda path: self.places.outside(ast.Constant(path))
        )
        for reason, what in command.reasons:
            self.say(reason, what)
        if command.python:
            self._inside(command.python)
