"""Reads cells as IPython reads them: its lines, its escapes, and magics without a ``%``."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..source import dedented, magics_and_strings, syntax_tree, without_prompts
from .magics import NAMES

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_AUTOMAGIC = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<rest>(?![\w.]).*)")
_AUTOCALL = re.compile(r"^([ \t]*)([,;/])(?=[A-Za-z_])([\w.]+)[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """A magic or a shell command."""

    text: str


@dataclass
class Reading:
    """A cell's commands, and its Python as a tree; ``None`` if that cannot be parsed."""

    tree: ast.Module | None
    commands: list[Command] = field(default_factory=list)


def read_as_ipython(source: str, is_bound: Callable[[str], bool]) -> Iterator[Reading]:
    """Read a cell; in every way, if IPython and Python do not agree on where its lines end.

    ``is_bound`` tells whether a name is the notebook's, so that it is no magic.
    """
    lines = "\n".join(source.splitlines())
    if _LINE_ENDS.search(source.replace("\r\n", "\n")) and lines != source.replace("\r\n", "\n"):
        whole = _read(source.replace("\r\n", "\n"), is_bound)
        split = _read(lines, is_bound)
        if whole.tree is not None and split.tree is None and not split.commands:
            yield whole
        else:
            if whole.tree is not None or whole.commands:
                yield whole
            yield split
    else:
        yield _read(lines, is_bound)


def _read(source: str, is_bound: Callable[[str], bool]) -> Reading:
    source = without_prompts(dedented(source.strip("\n")))
    if automagic := _automagic(source, is_bound):
        return Reading(syntax_tree(source) or ast.Module([], []), [Command(automagic)])  # or a call
    tree = syntax_tree(source)
    if tree is None and _AUTOCALL.search(source):
        source = _AUTOCALL.sub(_called, source)
        tree = syntax_tree(source)
    spans = (span for span in magics_and_strings(source) if span.is_command)
    return Reading(tree, [Command(source[span.start : span.end].strip()) for span in spans])


def _automagic(source: str, is_bound: Callable[[str], bool]) -> str:
    """Return a cell of one line as the magic that IPython takes it for; empty if it is none."""
    line = source.strip()
    found = _AUTOMAGIC.fullmatch(line)
    if found is None:
        return ""
    name, rest = found["name"], found["rest"].strip()
    is_shadowed = is_bound(name) or hasattr(builtins, name) or keyword.iskeyword(name)
    if name not in NAMES or is_shadowed or rest.startswith("="):
        return ""
    return f"%{name} {rest}"


def _called(found: re.Match[str]) -> str:
    indentation, escape, function, rest = found.groups()
    if escape == "/":
        return f"{indentation}{function}({rest})"
    arguments = rest.split() if escape == "," else [rest]
    return f"{indentation}{function}({', '.join(map(repr, arguments))})"
