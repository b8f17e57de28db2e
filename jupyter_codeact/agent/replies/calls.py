"""Calls of functions in a reply's text, in the forms that chat templates have for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..source import has_code, looks_like_code, syntax_tree
from .arguments import (
    CODE_NAMES,
    broken_code,
    cell_source,
    decoded,
    joined_lines,
    literal,
    partial_code,
    scalar,
    space_end,
)
from .blocks import Part
from .reply import CodeAction

BARE = re.compile(
    r"(?:```(?:json)?\s{0,20})?(?:functools(?=\[))?(?P<json>\[?\s{0,20}\{{1,2}\s{0,20}"
    r"\"(?:name|id|code|thoughts?|thinking|reasoning|explanation|tool\w{0,12}|function\w{0,12}|type|action|arguments"
    r"|parameters|recipient_name)\"\s{0,20}:)"
)
"""How a reply begins that is a call in JSON, without any mark."""

_PREFIX = r"(?:\w{1,20}:|[|\uff5c]\w{1,20}[|\uff5c])?"
_END = re.compile(
    rf"</{_PREFIX}(?:(?:tool|function)_?(?:call|use)|tool_code|function|invoke)s?>|<\|/?tool_call(?:_end)?\|>"
    r"|<tool_call\|>|<[|\uff5c]tool[_▁]call[_▁]end[|\uff5c]>|<\|(?:call|end|return|eom_id|eot_id|im_end)\|>"
    r"|\[/TOOL_CALLS\]|\nObservation:",
    re.IGNORECASE,
)
_NEXT = re.compile(
    rf"<{_PREFIX}(?:(?:tool|function)_?(?:call|use)|tool_code)>|<function=|<{_PREFIX}invoke |<\|tool_call"
    r"|\[TOOL_CALLS\]|<\|(?:python_tag|channel)\|>"
    r"|<[|\uff5c]tool[_▁]call[_▁]begin",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```(?:json)?[ \t]*(?:\n|(?=[{\[]))")
_NAMED = re.compile(r"(?:call:|functions?[.:])?([A-Za-z_][\w.]*)(?::\d{1,4})?")
_NAMESPACE = re.compile(r"^(?:functions?|tools?)\.")
_SEPARATOR = re.compile(r"\[ARGS\]|<[|\uff5c][^<>|\uff5c\n]{1,40}[|\uff5c]>")
_FUNCTION = re.compile(rf"<function=\"?(?P<name>[\w.]+)\"?>|<{_PREFIX}invoke name=\"(?P<invoked>[\w.]+)\">")
_OPEN_PARAMETER = (
    rf"<{_PREFIX}parameter(?:=\"?(?P<name>\w+)\"?| name=\"(?P<named>\w+)\"[^>\n]*)>\n?(?P<value>.*?)\n?"
)
_PARAMETER = re.compile(
    rf"{_OPEN_PARAMETER}</{_PREFIX}parameter>"
    r"|<arg_key>(?P<key>\w+)</arg_key>\s{0,20}<arg_value>\n?(?P<argument>.*?)\n?</arg_value>",
    re.DOTALL,
)
_UNCLOSED_PARAMETER = re.compile(rf"{_OPEN_PARAMETER}(?=</(?:function|{_PREFIX}invoke)>)", re.DOTALL)
_FIRST_PARAMETER = re.compile(
    rf"\s{{0,20}}(?:<{_PREFIX}parameter[= ][^>\n]{{1,80}}>|<arg_key>\w+</arg_key>\s{{0,20}}<arg_value>)\n?"
)
_LAST_MARK = re.compile(r"(?:</\w{1,40}>|\[/\w{1,40}\])\s*\Z")
_DEEPEST = 4

_KEYS_OF_CODE = {"code", "cell", "after", "before", "language", "type"}
_KEYS_OF_WORDS = {"thought", "thoughts", "thinking", "reasoning", "explanation", "description", "comment"}
_CALL_KEYS = ("function", "function_call", "functionCall", "tool_call", "toolCall", "tool_use")
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
    position = space_end(text, inside)
    if position == len(text):
        return Call(start, position, False, None)
    if function := _FUNCTION.match(text, position):
        return _in_tags(text, start, function.end(), function["name"] or function["invoked"])
    if fence := _FENCE.match(text, position):
        position = space_end(text, fence.end())
    if separator := _SEPARATOR.match(text, position):
        position = space_end(text, separator.end())
    before_name = position
    if not name and (named := _NAMED.match(text, position)):
        name, position = _NAMESPACE.sub("", named[1]), space_end(text, named.end())
        if name == "function" and (separator := _SEPARATOR.match(text, position)):  # its type, then its name
            position = separator.end()
            named = _NAMED.match(text, position)
            name, position = (named[1], space_end(text, named.end())) if named else (name, position)
        if separator := _SEPARATOR.match(text, position):
            position = space_end(text, separator.end())
        if fence := _FENCE.match(text, position):
            position = space_end(text, fence.end())
        if text.startswith("<arg_key>", position):
            return _in_tags(text, start, position, name)
        if names_python(name) and text.startswith("```", position):
            return _of_code(text, start, position)
    if text.startswith(("{", "["), position):
        return _in_json(text, start, position, name, missing)
    if raw:
        return _of_code(text, start, before_name)
    return Call(start, position, False, None) if position == len(text) else None


def bare_call(text: str, start: int) -> Call | None:
    """Return a call in JSON without any mark, if that is what the reply is."""
    opening = BARE.match(text, space_end(text, start))
    if opening is None:
        return None
    position = opening.start("json")
    value, end = decoded(text, position)
    if end is None and text.startswith("{{", position):
        position += 1
        value, end = decoded(text, position)
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
    start = space_end(body, 0)
    value, end = decoded(body, start) if BARE.match(body, start) else (None, None)
    return action_in(value) if end is not None and not body[end:].strip() and has_code_in(value) else None


def _in_json(text: str, start: int, position: int, name: str, missing: str) -> Call:
    value, end = decoded(text, position)
    named = {"name": name, "arguments": value} if name else value
    if end is None:
        following = _NEXT.search(text, position)
        limit = following.start() if following else len(text)
        closing = _END.search(text, position, limit)
        limit = closing.start() if closing else limit
        value = literal(text[position:limit])
        named = {"name": name, "arguments": value} if name else value
        code = broken_code(text, position, limit)
        action = action_in({"name": "python", "arguments": {"code": code}}) if code else action_in(named)
        stop, partial = closing.end() if closing else limit, partial_code(text, position, limit)
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
    while parameter := _PARAMETER.match(text, space_end(text, position), limit):
        value = parameter["value"] if parameter["value"] is not None else parameter["argument"]
        arguments[parameter["name"] or parameter["named"] or parameter["key"]] = scalar(value)
        position = parameter.end()
    if unclosed := _UNCLOSED_PARAMETER.match(text, space_end(text, position), limit):
        arguments[unclosed["name"] or unclosed["named"]] = scalar(unclosed["value"])
        position = unclosed.end()
    closing = _END.search(text, position, limit)
    limit = closing.start() if closing else limit
    if not arguments and text.startswith("{", space_end(text, inside)):
        return _in_json(text, start, space_end(text, inside), name, "")
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


def _call_of(value: Any) -> tuple[str, dict[str, Any] | None]:
    """Return the name and the arguments of a decoded call, whatever its keys are called."""
    for _ in range(_DEEPEST):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
            value = value["tool_calls"]
        elif isinstance(value, dict) and (
            inner := next((value[key] for key in _CALL_KEYS if isinstance(value.get(key), dict)), None)
        ):
            value = inner
    if not isinstance(value, dict):
        return "", None
    keys = ("name", "tool_name", "tool", "function", "recipient_name", "action")
    name = next((value[key] for key in keys if isinstance(value.get(key), str)), None)
    if name is None:
        if (
            isinstance(value.get("code"), str)
            and value.keys() <= _KEYS_OF_CODE | _KEYS_OF_WORDS
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
        arguments, end = decoded(text, space_end(text, 0))
        if end is None or not isinstance(arguments, dict):
            arguments = {"code": broken_code(text, 0, len(text)) or text}
    return name, arguments if isinstance(arguments, dict) else None


def _code_of(name: str, arguments: dict[str, Any]) -> str | None:
    """Return the source in a call's arguments, if the call is one of Python."""
    if _SHELL_NAMES.fullmatch(name):
        return None
    found = next((arguments[key] for key in CODE_NAMES if isinstance(arguments.get(key), str | list)), None)
    code = joined_lines(found) if isinstance(found, list) else found
    if code is None and len(arguments) == 1 and _PYTHON_NAMES.fullmatch(name):
        [only] = arguments.values()
        return only if isinstance(only, str) else None
    return code


def may_be_action(text: str) -> bool:
    """Tell whether a text may be meant as an action, in a form that nobody knows: a call or code in marks."""
    name = _LAST_MARK.search(text[-60:])
    if name:
        mark = name[0].rstrip()
        start = text.rfind(mark.replace("/", "", 1))
        inside = text[start + len(mark) - 1 : text.rfind(mark)].strip() if start >= 0 else ""
        return bool(inside) and (call_in(inside) is not None or looks_like_code(inside, fenced=False))
    value, end = decoded(text, 0) if text.startswith("{") else (None, None)
    for _ in range(_DEEPEST):
        if end != len(text) or not isinstance(value, dict):
            return False
        for field in value.values():
            if isinstance(field, str) and "(" in field and looks_like_code(field, fenced=False):
                return True
        value = next((field for field in value.values() if isinstance(field, dict)), None)
    return False


def names_python(name: str) -> bool:
    """Tell whether a function of this name runs Python."""
    return _PYTHON_NAMES.fullmatch(_NAMESPACE.sub("", name)) is not None
