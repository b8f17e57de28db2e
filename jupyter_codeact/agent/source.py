"""Reading the source of a notebook cell: magics, prompts, unfinished strings.

Cells are IPython rather than Python, and code in a reply may be unfinished, so `ast` and `tokenize` cannot
read them directly.
"""

from __future__ import annotations

import ast
import builtins
import functools
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<triple>\"{3}|'{3})
    | "[^"\\\n]*(?:\\.[^"\\\n]*)*"? | '[^'\\\n]*(?:\\.[^'\\\n]*)*'?
    | \#[^\n]*
    | (?P<open>[(\[{]) | (?P<close>[)\]}])
    | (?P<newline>\\\r?\n|\n)
    """,
    re.VERBOSE | re.DOTALL,
)
# No possessive quantifiers: Python before 3.11.5 gets them wrong (gh-106052).
_CLOSING = {
    quote * 3: re.compile(
        rf"[^{quote}\\]*(?:(?:\\.|{quote}(?!{quote * 2}))[^{quote}\\]*)*{quote * 3}", re.DOTALL
    )
    for quote in "\"'"
}
_LINE_END = re.compile(r"\r\n|\r|\n")
_INDENTATION = re.compile(r"[ \t]*")
_MAGIC = re.compile(
    r"""
      (?P<command>%{1,2}[A-Za-z_] | !{1,2}[^\s=])[^\n]*
    | \?{1,2}[A-Za-z_%][^\n]*
    | %{0,2}[A-Za-z_][\w.]*\?{1,2}[ \t\r]*(?=\n|\Z)
    | (?P<target>[A-Za-z_][\w.,\[\]'" \t]*=[ \t]*)(?:%[A-Za-z_]|!\S)[^\n]*
    """,
    re.VERBOSE,
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_MAGICS_OF_PYTHON = {"time", "timeit", "capture", "prun", "python", "python3", "pypy"}
_ASKS_CODEACT = re.compile(r"(?:[^%#\n]*=)?\s*(?:%time[ \t]+)?%{1,2}codeact\b")
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: |$)|In ?\[\d*\]:(?: |$)|[ ]+\.{3,}:(?: |$)")
_FIRST_PROMPT = re.compile(r"\s*>>>|In ?\[\d*\]:")
_PRINTED_RESULT = re.compile(r"^Out ?\[\d*\]:.*$", re.MULTILINE)
_PRINTED_NAME = re.compile(
    r"[A-Z]\w*|array|matrix|dtype|u?int\d+|float\d+|complex\d+|bool_|str_|date|time|datetime|timedelta|deque"
    r"|defaultdict|dict_\w+|mappingproxy|range|set|frozenset|slice"
)


COERCE = "coerce"
"""How pandas is told to make a missing value of what it cannot convert."""
MAX_SOURCE = 50_000
"""Characters of the longest source that is parsed. Python's parser lets nothing else run meanwhile, and takes
up to 0.1 s for so much."""
MAX_DEPTH = 150
"""Levels of the deepest syntax tree that is read. What walks through trees calls itself at each level, which
Python allows some hundred times."""
_PARSING = threading.Lock()  # of `warnings.catch_warnings`, which changes the whole process


@dataclass(frozen=True, slots=True)
class Span:
    """A magic or a triple-quoted string, which a reader of Python must skip.

    ``replacement`` is Python that can stand in for a magic; it is ``None`` for a string. ``is_command`` says
    that the magic runs something, rather than asking for help.
    """

    start: int
    end: int
    replacement: str | None = None
    is_command: bool = False

    @property
    def is_magic(self) -> bool:
        """Whether this is a magic, and not a string."""
        return self.replacement is not None


class CellReader:
    """Finds the magics and the triple-quoted strings of the cell that begins at ``start``, as far as asked.

    A string without a closing quote ends one character past the end of ``text``.
    """

    def __init__(self, text: str, start: int = 0) -> None:
        self._text, self._position, self._depth, self._statement = text, start, 0, True
        cell_magic = _CELL_MAGIC.match(text, start)
        is_foreign = cell_magic is not None and cell_magic[1] not in _MAGICS_OF_PYTHON
        self.cell_magic = cell_magic[1] if cell_magic and is_foreign else None
        """The cell magic that makes the cell something else than Python, without its ``%%``."""

    def spans(self, before: int) -> Iterator[Span]:
        """Go on, and find what begins ``before`` a position, in order."""
        text = self._text
        if self.cell_magic:
            if self._statement:
                self._statement = False
                yield Span(self._position, len(text), "pass", is_command=True)
            return
        while self._position < before:
            if self._statement:
                self._statement = False
                indentation = _INDENTATION.match(text, self._position)
                position = indentation.end() if indentation else self._position
                if magic := _MAGIC.match(text, position):
                    end = magic.end()
                    while text[end - 1] == "\\" and end < len(text):  # the command goes on in the next line
                        following = text.find("\n", end + 1)
                        end = following if following >= 0 else len(text)
                    target, command = magic["target"], bool(magic["command"] or magic["target"])
                    self._position = end
                    yield Span(position, end, f"{target}None" if target else "pass", is_command=command)
                    continue
            token = _TOKEN.search(text, self._position)
            if token is None:
                self._position = len(text) + 1
                return
            self._position = token.end()
            if quotes := token["triple"]:
                closing = _CLOSING[quotes].match(text, token.end())
                self._position = closing.end() if closing else len(text) + 1
                yield Span(token.start(), self._position)
            elif token["open"]:
                self._depth += 1
            elif token["close"]:
                self._depth = max(0, self._depth - 1)
            elif token["newline"]:
                self._statement = self._depth == 0 and token["newline"] == "\n"


def magics_and_strings(text: str) -> Iterator[Span]:
    """Find the magics and the triple-quoted strings of a cell, in order."""
    return CellReader(text).spans(len(text))


def runs_shell_commands(source: str) -> bool:
    """Tell whether a cell has a line that IPython passes to a shell (``!ls``)."""
    return any(
        source[span.start : span.end].lstrip().startswith("!")
        for span in magics_and_strings(source)
        if span.is_command
    )


def calls_exit(source: str) -> bool:
    """Tell whether a cell ends its session: with ``exit()`` or ``quit()``."""
    tree = syntax_tree(source)
    for node in ast.walk(tree) if tree else ():
        ends = node.func if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Expr) else None
        if isinstance(ends, ast.Name) and ends.id in ("exit", "quit"):
            return True
    return False


def syntax_tree(source: str) -> ast.Module | None:
    """Return the syntax tree of a cell without its magics, or ``None`` if it cannot be parsed.

    That holds for a source longer than `MAX_SOURCE` and for a tree deeper than `MAX_DEPTH`, too. The tree is
    shared: nobody may change it.
    """
    return _parsed(source) if len(source) <= MAX_SOURCE else None


@functools.lru_cache(maxsize=8)  # of one reply, several readers ask
def _parsed(source: str) -> ast.Module | None:
    python, end = [], 0
    for span in magics_and_strings(source):
        if span.replacement is not None:
            python += [source[end : span.start], span.replacement]
            end = span.end
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of an invalid escape when the cell runs
            tree = ast.parse("".join([*python, source[end:]]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if _is_shallow(tree) else None


def _is_shallow(tree: ast.AST) -> bool:
    """Tell whether a tree has no more than `MAX_DEPTH` levels."""
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return True
    return False


def has_magics(source: str) -> bool:
    """Tell whether a cell has magics in it."""
    return any(span.is_magic for span in magics_and_strings(source))


def asks_codeact(source: str) -> bool:
    """Tell whether a cell asks the agent, with ``%codeact``."""
    magics = (span for span in magics_and_strings(source) if span.is_magic)
    return any(_ASKS_CODEACT.match(source, span.start, span.end) for span in magics)


def source_lines(source: str) -> list[str]:
    """Return the lines of a source as Python's parser counts them: a carriage return ends one, too."""
    return _LINE_END.split(source)


def normalized(source: str) -> str:
    """Return a form of a cell's source that ignores comments and layout, for comparison.

    A cell that cannot be parsed is returned unchanged.
    """
    tree = syntax_tree(source)
    if tree is None:
        return source
    magics = [source[span.start : span.end] for span in magics_and_strings(source) if span.is_magic]
    return "\n".join([*magics, ast.dump(tree)])


def assigned_names(source: str) -> set[str]:
    """Return the names that a cell assigns at its top level; none if it cannot be parsed."""
    names: set[str] = set()
    nodes: list[ast.AST] = list(getattr(syntax_tree(source), "body", ()))
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name):
            names |= {node.id} if isinstance(node.ctx, ast.Store) else set()
        elif isinstance(node, ast.alias):
            names.add(import_name(node))
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            nodes += ast.iter_child_nodes(node)
    return names


def compared_names(source: str) -> set[str]:
    """Return the names that a cell assigns at its top level and compares, as in ``p < 0.05``."""
    tree = syntax_tree(source)
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)] if tree else []
    names = {
        node.id for each in compared for node in (each.left, *each.comparators) if isinstance(node, ast.Name)
    }
    return names & assigned_names(source) if names else names


def hides_values(source: str) -> bool:
    """Tell whether a cell may depend on values that it does not show: compares them, or coerces them."""
    return COERCE in source or bool(compared_names(source))


def import_name(alias: ast.alias) -> str:
    """Return the name under which an import makes a module or an object available."""
    return alias.asname or alias.name.partition(".")[0]


def imported_modules(source: str) -> set[str]:
    """Return the modules that a cell imports under their own names, at its top level."""
    body: list[ast.stmt] = getattr(syntax_tree(source), "body", [])
    aliases = [alias for node in body if isinstance(node, ast.Import) for alias in node.names]
    return {alias.name for alias in aliases if alias.asname in (None, alias.name)}


def is_bare_calls(source: str, names: set[str]) -> bool:
    """Tell whether a text consists only of calls of these functions, one per line."""
    body: list[ast.stmt] = getattr(syntax_tree(source), "body", [])
    calls = [getattr(node, "value", None) for node in body if isinstance(node, ast.Expr)]
    called = [call.func for call in calls if isinstance(call, ast.Call)]
    import_name = [function.id for function in called if isinstance(function, ast.Name)]
    return bool(import_name) and len(import_name) == len(body) and names.issuperset(import_name)


def drop_assignments(source: str, names: set[str]) -> str:
    """Return a cell without the top-level statements that assign only these names.

    A cell with magics, or with several statements on such a line, is returned unchanged.
    """
    tree = syntax_tree(source)
    if tree is None or has_magics(source):
        return source
    lines: list[str | None] = list(source_lines(source))
    lines_used = [line for node in tree.body for line in range(_first_line(node), (node.end_lineno or 0) + 1)]
    for node in tree.body:
        span = range(_first_line(node), (node.end_lineno or 0) + 1)
        if _assigns_only(node, names):
            if any(lines_used.count(line) > 1 for line in span):
                return source
            lines[span.start - 1 : span.stop - 1] = [None] * len(span)
    return "\n".join(line for line in lines if line is not None).strip("\n")


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _assigns_only(node: ast.stmt, names: set[str]) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name in names
    targets = node.targets if isinstance(node, ast.Assign) else []
    return bool(targets) and all(isinstance(target, ast.Name) and target.id in names for target in targets)


def has_code(source: str) -> bool:
    """Tell whether a cell holds more than whitespace and comments."""
    return any(line and not line.startswith("#") for line in map(str.strip, source.split("\n")))


def looks_like_code(source: str, *, fenced: bool) -> bool:
    """Tell whether text that is not labelled as Python is meant to be run.

    Prose, tables, formulas, JSON and printed values are often valid Python too. Code does something: it
    imports, defines, calls, or has a magic.

    Parameters
    ----------
    source : str
        The text.
    fenced : bool
        Whether it stands in a fence. Then any call, subscript or computed assignment is enough; without a
        fence, ``y = f(x)`` may as well be mathematics.
    """
    tree = syntax_tree(source)
    if tree is None:
        return False
    if any(span.is_command for span in magics_and_strings(source)):
        return True
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) and _is_printed_value(tree.body[0].value):
        return False
    lines = [line.encode() for line in source_lines(source)]
    return any(_does_something(node, lines, fenced) for node in ast.walk(tree))


def _is_printed_value(value: ast.expr) -> bool:
    """Tell whether an expression may be a printed value, such as ``array([1, 2])``."""
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return all(map(_is_printed_value, value.elts))
    if isinstance(value, ast.Dict):
        return all(_is_printed_value(part) for part in [*value.keys, *value.values] if part)
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        arguments = [*value.args, *(keyword.value for keyword in value.keywords)]
        return bool(_PRINTED_NAME.fullmatch(name)) and all(map(_is_printed_value, arguments))
    return isinstance(value, ast.Constant | ast.Name | ast.UnaryOp)


def _does_something(node: ast.AST, lines: list[bytes], fenced: bool) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    if isinstance(node, ast.Call):
        line, column = node.func.end_lineno, node.func.end_col_offset
        if line is None or column is None or lines[line - 1][column : column + 1] != b"(":
            return False  # "mean (5)" is prose
        return fenced or (
            isinstance(node.func, ast.Attribute)
            or getattr(node.func, "id", "") in vars(builtins)
            or bool(node.keywords)
            or any(isinstance(value, ast.Constant) and isinstance(value.value, str) for value in node.args)
        )
    if fenced and isinstance(node, ast.Assign | ast.AugAssign):
        return not isinstance(node.value, ast.Constant | ast.UnaryOp)  # "accuracy = 0.93" may be a result
    return fenced and isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name | ast.Attribute)


def without_prompts(source: str) -> str:
    """Return a ``>>>`` or ``In [1]:`` session as plain code, without its output; other code unchanged.

    A session is ambiguous, and left alone, where lines without a prompt could be code.
    """
    lines = source.split("\n")
    if not _FIRST_PROMPT.match(lines[0]):
        return source
    others = _PRINTED_RESULT.sub("", "\n".join(line for line in lines if not _PROMPT.match(line)))
    code = "\n".join(_PROMPT.sub("", line, count=1) for line in lines if _PROMPT.match(line))
    return source if looks_like_code(others, fenced=True) or syntax_tree(code) is None else code


def dedented(source: str) -> str:
    """Return source without the indentation shared by all its lines, and without blank lines around it."""
    lines = source.split("\n")
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]
    shared = min(indents, key=len, default="")
    if shared and all(indent.startswith(shared) for indent in indents):
        lines = [line.removeprefix(shared) for line in lines]
    inked = [index for index, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[inked[0] : inked[-1] + 1]) if inked else ""
