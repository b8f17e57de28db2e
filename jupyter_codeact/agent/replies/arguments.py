"""The arguments of a call: values in JSON or nearly, and the source of a cell in them."""

from __future__ import annotations

import ast
import html
import json
import re
from typing import Any

from ..source import dedented, syntax_tree
from ..unicode import valid, valid_text
from .blocks import OPENING, block_at

_SPACE = re.compile(r"\s*")
_CODE = re.compile(r"\"?\b(?:code|source|script)\"?\s{0,20}:\s{0,20}(?=\"|<\|\"\|>)")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)', re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_OPEN_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_ESCAPED = {"n": "\n", "t": "\t", "r": ""}
_JSON = json.JSONDecoder(strict=False)  # models break lines within strings
CODE_NAMES = ("code", "source", "script", "python", "python_code")


def cell_source(text: str) -> str:
    """Return the source of a cell in an argument or a tag, without the fence that models put around it."""
    text = text.replace("\r\n", "\n")
    stripped = text.strip()
    if "```" in text and syntax_tree(stripped) is None:
        start = text.find("```")
        start = text.rfind("\n", 0, start) + 1
        opening = OPENING.match(text, start)
        block = block_at(text, opening, start, len(opening["indent"])) if opening else None
        if block and block.language in ("python", "unknown"):
            return block.source
    source = unwrapped(dedented(text))
    if "&" in source and syntax_tree(source) is None and syntax_tree(html.unescape(source)) is not None:
        return html.unescape(source)
    if "\n" not in source and "\\n" in source and syntax_tree(source) is None:
        unescaped = _unescaped(source)  # escaped twice
        return unescaped if syntax_tree(unescaped) is not None else source
    return source


def joined_lines(lines: list[Any]) -> str | None:
    """Return the source in a list of lines, as notebook files have them."""
    if not lines or not all(isinstance(line, str) for line in lines):
        return None
    return ("" if lines[0].endswith("\n") else "\n").join(lines)


def decoded(text: str, start: int) -> tuple[Any, int | None]:
    """Return the JSON value at ``start`` and its end, or no end."""
    try:
        value, end = _JSON.raw_decode(text, start)
        return valid(value), end  # JSON can spell what no file can hold: half of a surrogate pair
    except (ValueError, RecursionError):
        return None, None


def literal(text: str) -> Any:
    """Return the value that a text spells in Python instead of JSON; ``None`` if it spells none."""
    tree = syntax_tree(text.strip())
    node = tree.body[0] if tree and len(tree.body) == 1 else None
    try:
        return valid(ast.literal_eval(node.value)) if isinstance(node, ast.Expr) else None
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
        return None


def unwrapped(source: str) -> str:
    """Return the code that a cell only passes to ``python``, the function that models are told to call."""
    tree = syntax_tree(source) if "python(" in source else None
    node = tree.body[0] if tree and len(tree.body) == 1 else None
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.List) and call.elts:
        call = call.elts[0]
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "python":
        for given in call.keywords:
            if given.arg in CODE_NAMES and isinstance(given.value, ast.Constant):
                return given.value.value if isinstance(given.value.value, str) else source
    return source


def broken_code(text: str, start: int, limit: int) -> str:
    """Return the code in broken JSON: of its own string, or up to the last quotation mark."""
    code = _CODE.search(text, start, limit)
    if code is None:
        return ""
    if text.startswith('<|"|>', code.end()):
        inside, closed, _ = text[code.end() + 5 : limit].partition('<|"|>')
        return inside if closed else ""
    string, end = decoded(text, code.end())
    if end is not None and isinstance(string, str) and syntax_tree(cell_source(string)) is not None:
        return string
    last = text.rfind('"', code.end() + 1, limit)
    if last < 0 or text[last + 1 : limit].strip(" \t\r\n}]`"):
        return ""
    unescaped = _unescaped(text[code.end() + 1 : last])
    return unescaped if syntax_tree(unescaped) is not None else ""


def partial_code(text: str, start: int, limit: int) -> str:
    """Return as much of the code as unfinished JSON has."""
    code = _CODE.search(text, start, limit)
    string = _STRING.match(text, code.end(), limit) if code else None
    value = decoded(f'"{_OPEN_PAIR.sub("", string[1])}"', 0)[0] if string else ""
    return value if isinstance(value, str) else ""


def scalar(value: str) -> Any:
    """Return an argument between tags: a number or a truth value if it is one, else text."""
    stripped = value.strip()
    if re.fullmatch(r"-?\d{1,18}(?:\.\d{1,18})?|true|false|null", stripped):
        return json.loads(stripped)
    return value


def _unescaped(text: str) -> str:
    return valid_text(_ESCAPE.sub(lambda found: _character(found[1]), text))


def _character(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) > 1 else _ESCAPED.get(escape, escape)


def space_end(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
