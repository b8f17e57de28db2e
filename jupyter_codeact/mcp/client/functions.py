"""A server's tools as Python functions: names, signatures and docstrings from their JSON Schemas."""

from __future__ import annotations

import builtins
import json
import keyword
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jsonschema

from ...agent.unicode import valid_text

DOCUMENTATION = 4000
"""Most characters of a tool's description, and of one parameter's."""
ANNOTATION = 80
TWICE = "{name}: the server declares two tools of this name; what the first one says of itself counts."
_TAKEN = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins))
_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}


@dataclass(frozen=True)
class ServerFunction:
    """A tool as a function in the kernel.

    Attributes
    ----------
    tool : str
        The tool's name at its server.
    name : str
        The function's name.
    line : str
        Name, parameters and the first sentence about it.
    destructive : bool
        Whether the tool may change or delete something, by its own word or, without one, by the protocol's.
    definition : dict
        What the kernel needs to define it.
    problem : str
        What is wrong with its declaration, if anything.
    """

    tool: str
    name: str
    line: str
    destructive: bool
    definition: dict[str, Any]
    problem: str = ""


def module_name(server: str, taken: Collection[str] = ()) -> str:
    """Return the name that a server has in the kernel: an identifier that hides no module of Python's."""
    name = identifier(server, "server")
    if name in _TAKEN or name in sys.stdlib_module_names:
        name = f"{name.rstrip('_')}_mcp"
    return _unused(name, taken)


def identifier(name: str, otherwise: str) -> str:
    """Return a name as a Python identifier."""
    found = re.sub(r"\W+", "_", valid_text(name), flags=re.ASCII).strip("_") or otherwise
    return f"_{found}" if found[0].isdigit() else found


def _unused(name: str, taken: Collection[str]) -> str:
    found, count = name, 2
    while found in taken:
        found, count = f"{name}_{count}", count + 1
    return found


def functions_of(tools: Iterable[Any], always_allow: Collection[str] = ()) -> list[ServerFunction]:
    """Return the functions for a server's tools, as its reply to ``tools/list`` declares them.

    A declaration that is not valid gives a function with any arguments, whose ``problem`` says why; one
    without a name gives none. Of two with one name the server calls whichever it likes, so the first counts,
    but it is destructive if either is.
    """
    functions: dict[str, ServerFunction] = {}
    known: dict[str, str] = {}
    for tool in tools:
        name = tool.get("name") if isinstance(tool, Mapping) else None
        if not isinstance(name, str) or not name:
            continue
        function = known.get(name) or _unused(_free(identifier(name, "tool")), functions)
        found = _function(tool, name, function, always_allow)
        if name in known:
            first = functions[function]
            destructive = first.destructive or found.destructive
            found = replace(first, destructive=destructive, problem=TWICE.format(name=name))
        known[name], functions[function] = function, found
    return list(functions.values())


def _free(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name.startswith("__") or name == "McpError" else name


def _function(tool: Mapping[str, Any], original: str, name: str, allowed: Collection[str]) -> ServerFunction:
    schema, problem = _checked(tool.get("inputSchema"))
    parameters = None if problem else _parameters(schema)
    description = _text(tool.get("description"))
    title = _text(tool.get("title"))
    lines = [description or title or "No description."]
    if problem:
        lines.append(f"\nIts parameters are not known: {problem}")
    elif described := _described(parameters or [], schema):
        lines.append("\nParameters\n----------\n" + described)
    output, broken = _checked(tool.get("outputSchema"))
    returns = "" if broken or "outputSchema" not in tool else annotation_of(_unwrapped(output), output)
    return ServerFunction(
        tool=original,
        name=name,
        line=f"{name}({_short(parameters)}){f' -> {returns}' if returns else ''}: {first_sentence(lines[0])}",
        destructive=original not in allowed and _is_destructive(tool.get("annotations")),
        definition={
            "tool": original,
            "name": name,
            "doc": "\n".join(lines),
            "parameters": parameters,
            "returns": returns,
        },
        problem=f"{original}: {problem}" if problem else "",
    )


def _text(value: Any) -> str:
    return valid_text(value).strip()[:DOCUMENTATION] if isinstance(value, str) else ""


def _is_destructive(hints: Any) -> bool:
    """Tell what a tool says of itself; the defaults are those of the protocol's ``ToolAnnotations``."""
    hints = hints if isinstance(hints, Mapping) else {}
    return hints.get("readOnlyHint") is not True and hints.get("destructiveHint") is not False


def _checked(schema: Any) -> tuple[dict[str, Any], str]:
    """Return a schema of an object, and what is wrong with it."""
    if schema is None:
        return {}, ""
    if not isinstance(schema, dict):
        return {}, "their JSON Schema is not an object."
    try:
        jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator).check_schema(schema)
    except jsonschema.SchemaError as error:
        return {}, f"their JSON Schema is not valid: {error.message[:200]}"
    except RecursionError:
        return {}, "their JSON Schema is nested too deep."
    except Exception as error:  # whatever the library does with a declaration that is none
        return {}, f"their JSON Schema is not readable: {error}"
    properties = schema.get("properties", {})
    if schema.get("type", "object") != "object" or not isinstance(properties, dict):
        return {}, "their JSON Schema is not that of an object."
    return schema, ""


def wrapper_of(output: Any) -> str:
    """Return the field that a tool's value is in, if its schema has one such field alone.

    A tool that returns no object has to put its value into one; the SDKs call the field so.
    """
    properties = output.get("properties") if isinstance(output, Mapping) else None
    names = list(properties) if isinstance(properties, Mapping) else []
    if names == ["result"]:
        return "result"
    is_text = names == ["content"] and properties["content"] == {"type": "string"}  # type: ignore[index]
    return "content" if is_text else ""


def _unwrapped(output: dict[str, Any]) -> Any:
    """Return the schema of the value itself."""
    field = wrapper_of(output)
    return output["properties"][field] if field else output


def _parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters, those that must be given first."""
    properties: dict[str, Any] = schema.get("properties", {})
    required = _required(schema)
    found: list[dict[str, Any]] = []
    taken: set[str] = set()
    for argument in [*required, *(name for name in properties if name not in required)]:
        name = identifier(argument, "argument")
        one: dict[str, Any] = {
            "argument": argument,
            "name": _unused(f"{name}_" if keyword.iskeyword(name) else name, taken),
        }
        taken.add(one["name"])
        one["annotation"] = annotation_of(properties[argument], schema)
        if argument not in required:
            details = _resolved(properties[argument], schema)
            one["default"] = details.get("default") if isinstance(details, dict) else None
        found.append(one)
    return found


def _required(schema: dict[str, Any]) -> dict[str, None]:
    """Return the names of those that must be given, in order; old drafts say it otherwise."""
    named = schema.get("required")
    properties = schema.get("properties", {})
    return dict.fromkeys(name for name in named if name in properties) if isinstance(named, list) else {}


def _described(parameters: Sequence[dict[str, Any]], schema: dict[str, Any]) -> str:
    lines = []
    for one in parameters:
        details = _resolved(schema["properties"][one["argument"]], schema)
        optional = ", optional" if "default" in one else ""
        lines.append(f"{one['name']} : {one['annotation'] or 'any'}{optional}")
        if isinstance(details, dict) and (text := _text(details.get("description"))):
            lines += [f"    {line}" for line in text.splitlines()]
    return "\n".join(lines)


def _resolved(schema: Any, root: dict[str, Any], depth: int = 5) -> Any:
    """Follow a reference within the schema."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    if not isinstance(reference, str) or not reference.startswith("#/") or not depth:
        return schema
    found: Any = root
    for part in reference[2:].split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return {**_resolved(found, root, depth - 1), **schema} if isinstance(found, dict) else schema


def annotation_of(schema: Any, root: dict[str, Any], depth: int = 3) -> str:
    """Return a schema as a type annotation, empty if it says nothing or too much."""
    text = _annotation(_resolved(schema, root), root, depth)
    return text if len(text) <= ANNOTATION else ""


def _annotation(schema: Any, root: dict[str, Any], depth: int) -> str:
    if not isinstance(schema, dict) or not depth:
        return ""
    if isinstance(schema.get("enum"), list):
        return f"Literal[{', '.join(repr(one) for one in schema['enum'])}]"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            inner = [_annotation(_resolved(one, root), root, depth - 1) for one in schema[key]]
            return " | ".join(dict.fromkeys(inner)) if all(inner) else ""
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_TYPES.get(one, "object") for one in kind if isinstance(one, str))
    if kind == "array":
        inside = _annotation(_resolved(schema.get("items"), root), root, depth - 1)
        return f"list[{inside}]" if inside else "list"
    return _TYPES.get(kind, "") if isinstance(kind, str) else ""


def _short(parameters: Sequence[dict[str, Any]] | None) -> str:
    """Return parameters as a line of code."""
    if parameters is None:
        return "**arguments"
    shown = []
    for one in parameters:
        text = f"{one['name']}: {one['annotation']}" if one["annotation"] else one["name"]
        if "default" in one:
            default = (
                json.dumps(one["default"])
                if isinstance(one["default"], list | dict)
                else repr(one["default"])
            )
            text += f" = {default if len(default) <= 30 else '…'}"
        shown.append(text)
    return ", ".join(shown)


def first_sentence(text: str, most: int = 140) -> str:
    """Return the first sentence of a description, in one line."""
    line = " ".join(text.split())
    end = re.search(r"[.!?](?=\s|$)", line)
    line = line[: end.end()] if end else line
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
