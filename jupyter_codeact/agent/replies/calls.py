"""Calls of functions in a reply's text, in the forms that chat templates have for them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..source import dedented, has_code, looks_like_code, syntax_tree
from ..unicode import valid, valid_text
from .blocks import OPENING, Part, block_at
from .reply import CodeAction

BARE = re.compile(
    r"(?:```(?:json)?\s{0,20})?(?P<json>\[?\s{0,20}\{{1,2}\s{0,20}"
    r"\"(?:name|code|tool|tool_name|tool_calls|function|type|action|arguments|parameters|recipient_name)\"\s{0,20}:)"
)
"""How a reply begins that is a call in JSON, without any mark."""

_END = re.compile(
    r"</(?:\w{1,20}:)?(?:tool_call|function_call|tool_code|function|invoke)s?>|<\|/?tool_call(?:_end)?\|>"
    r"|<tool_call\|>|<[|\uff5c]tool▁call▁end[|\uff5c]>|<\|tool_call_end\|>|<\|(?:call|end|return|eom_id|eot_id|im_end)\|>"
    r"|\[/TOOL_CALLS\]",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"<(?:\w{1,20}:)?(?:tool_call|function_call|tool_code)>|<function=|<invoke |<\|tool_call|\[TOOL_CALLS\]"
    r"|<\|(?:python_tag|channel)\|>"
    r"|<[|\uff5c]tool▁call▁begin",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s*")
_FENCE = re.compile(r"```(?:json)?[ \t]*\n?")
_NAMED = re.compile(r"(?:call:|functions?[.:])?([A-Za-z_][\w.]*)(?::\d{1,4})?")
_NAMESPACE = re.compile(r"^(?:functions?|tools?)\.")
_SEPARATOR = re.compile(r"\[ARGS\]|<[|\uff5c][^<>|\uff5c\n]{1,40}[|\uff5c]>")
_FUNCTION = re.compile(r"<function=\"?(?P<name>[\w.]+)\"?>|<invoke name=\"(?P<invoked>[\w.]+)\">")
_PARAMETER = re.compile(
    r"<parameter(?:=\"?(?P<name>\w+)\"?| name=\"(?P<named>\w+)\"[^>\n]*)>\n?(?P<value>.*?)\n?</parameter>"
    r"|<arg_key>(?P<key>\w+)</arg_key>\s{0,20}<arg_value>\n?(?P<argument>.*?)\n?</arg_value>",
    re.DOTALL,
)
_FIRST_PARAMETER = re.compile(
    r"\s{0,20}(?:<parameter[= ][^>\n]{1,80}>|<arg_key>\w+</arg_key>\s{0,20}<arg_value>)\n?"
)
_CODE = re.compile(r"\"?\b(?:code|source|script)\"?\s{0,20}:\s{0,20}(?=\"|<\|\"\|>)")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)', re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_OPEN_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_ESCAPED = {"n": "\n", "t": "\t", "r": ""}
_DEEPEST = 4
_JSON = json.JSONDecoder(strict=False)  # models break lines within strings

_KEYS_OF_CODE = {"code", "cell", "after", "before", "language", "type"}
_CODE_NAMES = ("code", "source", "script", "python", "python_code")
_PYTHON_NAMES = re.compile(
    r"(?:i?python\w*|jupyter\w*|(?:run|execute|exec)\w*|code\w*|.*(?:_python|_code|_cell)|repl)",
    re.IGNORECASE,
)
_SHELL_NAMES = re.compile(
    r"(?:bash|shell|sh|terminal|run_(?:bash|shell|command)|execute_bash)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Call(Part):
    """A call, with its marks, or code between tags.

    ``action`` is the cell that it asks for, if it does. ``partial`` is the source of the cell so far, for a
    preview. ``missing`` would close it.
    """

    action: CodeAction | None
    partial: str = ""
    missing: str = ""
    is_own: bool = False
    names_python: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether the reply broke off in it."""
        return self.action is None and not self.settled


def call_at(
    text: str, start: int, inside: int, *, name: str = "", raw: bool = False, missing: str = ""
) -> Call | None:
    """Return the call whose opening mark is from ``start`` to ``inside``; none if no call follows.

    Parameters
    ----------
    text : str
        The reply.
    start, inside : int
        Where the mark begins and ends.
    name : str
        The function's name, if the mark has it.
    raw : bool
        Whether code may follow as it is.
    missing : str
        The closing mark, if a call that breaks off without it counts as whole.
    """
    position = _space(text, inside)
    if position == len(text):
        return Call(start, position, False, None)
    if function := _FUNCTION.match(text, position):
        return _in_tags(text, start, function.end(), function["name"] or function["invoked"])
    if fence := _FENCE.match(text, position):
        position = _space(text, fence.end())
    if separator := _SEPARATOR.match(text, position):
        position = _space(text, separator.end())
    before_name = position
    if not name and (named := _NAMED.match(text, position)):
        name, position = _NAMESPACE.sub("", named[1]), _space(text, named.end())
        if name == "function" and (separator := _SEPARATOR.match(text, position)):  # its type, then its name
            position = separator.end()
            named = _NAMED.match(text, position)
            name, position = (named[1], _space(text, named.end())) if named else (name, position)
        if separator := _SEPARATOR.match(text, position):
            position = _space(text, separator.end())
        if fence := _FENCE.match(text, position):
            position = _space(text, fence.end())
        if text.startswith("<arg_key>", position):
            return _in_tags(text, start, position, name)
    if text.startswith(("{", "["), position):
        return _in_json(text, start, position, name, missing)
    if raw:
        return _of_code(text, start, before_name)
    return Call(start, position, False, None) if position == len(text) else None


def bare_call(text: str, start: int) -> Call | None:
    """Return a call in JSON without any mark, if that is what the reply is."""
    opening = BARE.match(text, _space(text, start))
    if opening is None:
        return None
    position = opening.start("json")
    value, end = _decoded(text, position)
    if end is None and text.startswith("{{", position):
        position += 1
        value, end = _decoded(text, position)
    if end is None:
        found = _in_json(text, opening.start(), position, "", "")
        likely = re.search(r'"(?:arguments|parameters|code)"\s{0,20}:', text[position : position + 2000])
        return found if likely else None
    while end < len(text) and (text[end] in " \t\r\n`}"):
        end += 1
    action = action_in(value)
    if action is None or (end < len(text) and not has_code_in(value)):
        return None
    return Call(opening.start(), end, False, action, action.source)


def call_in(body: str) -> CodeAction | None:
    """Return the cell that a text asks for which is a call of Python in JSON and nothing else."""
    start = _space(body, 0)
    value, end = _decoded(body, start) if BARE.match(body, start) else (None, None)
    return action_in(value) if end is not None and not body[end:].strip() and has_code_in(value) else None


def _in_json(text: str, start: int, position: int, name: str, missing: str) -> Call:
    value, end = _decoded(text, position)
    named = {"name": name, "arguments": value} if name else value
    if end is None:
        following = _NEXT.search(text, position)
        limit = following.start() if following else len(text)
        closing = _END.search(text, position, limit)
        limit = closing.start() if closing else limit
        code = _broken_code(text, position, limit)
        action = action_in({"name": "python", "arguments": {"code": code}}) if code else None
        stop, partial = closing.end() if closing else limit, _partial_code(text, position, limit)
        return Call(
            start, stop, closing is not None, action, partial, "" if closing else missing, names_python=True
        )
    action = action_in(named)
    following = _NEXT.search(text, end)
    closing = _END.search(text, end, following.start() if following else len(text))
    stop = closing.end() if closing else end
    return Call(
        *(start, stop, closing is not None or bool(name), action, action.source if action else ""),
        "" if closing else missing,
        names_python=has_code_in(named),
    )


def _in_tags(text: str, start: int, inside: int, name: str) -> Call:
    """Return a call whose arguments stand between tags of their own."""
    following = _NEXT.search(text, inside)
    limit = following.start() if following else len(text)
    arguments: dict[str, Any] = {}
    position = inside
    while parameter := _PARAMETER.match(text, _space(text, position), limit):
        value = parameter["value"] if parameter["value"] is not None else parameter["argument"]
        arguments[parameter["name"] or parameter["named"] or parameter["key"]] = _scalar(value)
        position = parameter.end()
    closing = _END.search(text, position, limit)
    limit = closing.start() if closing else limit
    if not arguments and text.startswith("{", _space(text, inside)):
        return _in_json(text, start, _space(text, inside), name, "")
    call = {"name": name, "arguments": arguments}
    action = action_in(call) if arguments else None
    first = _FIRST_PARAMETER.match(text, inside)
    partial = action.source if action else text[first.end() : limit] if first else ""
    end = closing.end() if closing else limit
    return Call(start, end, closing is not None, action, partial, names_python=has_code_in(call))


def _of_code(text: str, start: int, position: int) -> Call:
    following = _NEXT.search(text, position)
    end = following.start() if following else len(text)
    closing = _END.search(text, position, end)
    end = closing.start() if closing else end
    source = cell_source(text[position:end])
    is_code = has_code(source) and (closing is not None or syntax_tree(source) is not None)
    action = CodeAction(source) if is_code else None
    stop = closing.end() if closing else end
    return Call(start, stop, closing is not None, action, source, names_python=is_code)


def action_in(value: Any) -> CodeAction | None:
    """Return the cell that a decoded call asks for.

    Models also call the notebook's own functions, although only ``python`` was declared; that becomes code.
    """
    name, arguments = _call_of(value)
    if arguments is None:
        return None
    code = _code_of(name, arguments)
    if code is not None:
        source = cell_source(code)
        named = (arguments.get(key) for key in ("cell", "after", "before"))
        where = [cell if isinstance(cell, str) else None for cell in named]
        return CodeAction(source, "code", *where) if has_code(source) else None
    if not name or name == "python" or _SHELL_NAMES.fullmatch(name):
        return None
    try:
        source = f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
    except RecursionError:
        return None
    return CodeAction(source) if syntax_tree(source) is not None else None


def has_code_in(value: Any) -> bool:
    """Tell whether a decoded call has the code of a cell in it."""
    name, arguments = _call_of(value)
    return arguments is not None and _code_of(name, arguments) is not None


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
    source = dedented(text)
    if "\n" not in source and "\\n" in source and syntax_tree(source) is None:
        unescaped = _unescaped(source)  # escaped twice
        return unescaped if syntax_tree(unescaped) is not None else source
    return source


def _call_of(value: Any) -> tuple[str, dict[str, Any] | None]:
    """Return the name and the arguments of a decoded call, whatever its keys are called."""
    for _ in range(_DEEPEST):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
            value = value["tool_calls"]
        elif isinstance(value, dict) and isinstance(value.get("function"), dict):
            value = value["function"]
    if not isinstance(value, dict):
        return "", None
    keys = ("name", "tool_name", "tool", "function", "recipient_name", "action")
    name = next((value[key] for key in keys if isinstance(value.get(key), str)), None)
    if name is None:
        if (
            isinstance(value.get("code"), str)
            and value.keys() <= _KEYS_OF_CODE
            and looks_like_code(cell_source(value["code"]), fenced=True)
        ):
            return "python", value
        return "", None
    name = _NAMESPACE.sub("", name)
    arguments_keys = ("arguments", "parameters", "args", "kwargs", "input", "tool_input", "action_input")
    given = [value[key] for key in arguments_keys if key in value]
    arguments: Any = given[0] if given else None
    if not given and "code" in value and _PYTHON_NAMES.fullmatch(name):
        arguments = {"code": value["code"]}
    if not given and arguments is None:
        return name, None
    if isinstance(arguments, str):
        text = arguments
        arguments, end = _decoded(text, _space(text, 0))
        if end is None or not isinstance(arguments, dict):
            arguments = {"code": _broken_code(text, 0, len(text)) or text}
    return name, arguments if isinstance(arguments, dict) else None


def _code_of(name: str, arguments: dict[str, Any]) -> str | None:
    """Return the source in a call's arguments, if the call is one of Python."""
    if _SHELL_NAMES.fullmatch(name):
        return None
    code = next((arguments[key] for key in _CODE_NAMES if isinstance(arguments.get(key), str)), None)
    if code is None and len(arguments) == 1 and _PYTHON_NAMES.fullmatch(name):
        [only] = arguments.values()
        return only if isinstance(only, str) else None
    return code


def _decoded(text: str, start: int) -> tuple[Any, int | None]:
    """Return the JSON value at ``start`` and its end, or no end."""
    try:
        value, end = _JSON.raw_decode(text, start)
        return valid(value), end  # JSON can spell what no file can hold: half of a surrogate pair
    except (ValueError, RecursionError):
        return None, None


def _broken_code(text: str, start: int, limit: int) -> str:
    """Return the code in broken JSON: of its own string, or up to the last quotation mark."""
    code = _CODE.search(text, start, limit)
    if code is None:
        return ""
    if text.startswith('<|"|>', code.end()):
        inside, closed, _ = text[code.end() + 5 : limit].partition('<|"|>')
        return inside if closed else ""
    string, end = _decoded(text, code.end())
    if end is not None and isinstance(string, str) and syntax_tree(cell_source(string)) is not None:
        return string
    last = text.rfind('"', code.end() + 1, limit)
    if last < 0 or text[last + 1 : limit].strip(" \t\r\n}]`"):
        return ""
    unescaped = _unescaped(text[code.end() + 1 : last])
    return unescaped if syntax_tree(unescaped) is not None else ""


def _partial_code(text: str, start: int, limit: int) -> str:
    """Return as much of the code as unfinished JSON has."""
    code = _CODE.search(text, start, limit)
    string = _STRING.match(text, code.end(), limit) if code else None
    value = _decoded(f'"{_OPEN_PAIR.sub("", string[1])}"', 0)[0] if string else ""
    return value if isinstance(value, str) else ""


def _scalar(value: str) -> Any:
    """Return an argument between tags: a number or a truth value if it is one, else text."""
    stripped = value.strip()
    if re.fullmatch(r"-?\d{1,18}(?:\.\d{1,18})?|true|false|null", stripped):
        return json.loads(stripped)
    return value


def _unescaped(text: str) -> str:
    return valid_text(_ESCAPE.sub(lambda found: _character(found[1]), text))


def _character(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) > 1 else _ESCAPED.get(escape, escape)


def _space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
