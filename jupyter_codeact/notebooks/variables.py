"""What the user has defined in a Python kernel, read without leaving a trace in it.

`user_expressions` says how.
"""

from __future__ import annotations

from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from pydantic import TypeAdapter, ValidationError

from ..agent.contracts import RESERVED_NAMES, Variable
from ..agent.secrets import RULE_SOURCE
from ..agent.unicode import valid
from . import user_expressions

LIMIT = 30
"""Variables described at most; the ones defined last, and tools before all others."""

# Runs in the user's kernel. Looks only at built-in types and at the libraries it knows by name, because
# asking an unknown object for its repr or its attributes would run the user's code.
_IN_KERNEL = """
import inspect, json, sys, types

HIDDEN = {"In", "Out", "exit", "quit", "open", "get_ipython"}
PLAIN = (type(None), bool, int, float, complex, str)
BEGINNING = 200
SKIPPED = (types.ModuleType, types.BuiltinFunctionType)
COUNTED = 1_000_000
counted = 0

def missing(values):
    global counted
    if counted + len(values) > COUNTED:  # or a user with much data would wait
        return ""
    counted += len(values)
    try:
        found = int(values.null_count() if hasattr(values, "null_count") else values.isna().sum())
    except Exception:
        return ""
    return " (%d missing)" % found if found else ""

def columns(frame):
    parts = []
    for at, (name, dtype) in enumerate(zip(list(frame.columns)[:20], list(frame.dtypes)[:20])):
        values = frame.iloc[:, at] if hasattr(frame, "iloc") else frame.to_series(at)
        shown = repr(name) if type(name) in PLAIN else type(name).__name__
        parts.append(f"{shown[:100]} {str(dtype)[:60]}{missing(values)}")
    return ", ".join(parts) + (", ..." if frame.shape[1] > 20 else "")

def names(value):
    library = type(value).__module__.partition(".")[0]
    if library in ("pandas", "polars") and type(value).__name__ == "DataFrame":
        inside = list(value.columns)
    else:
        inside = list(value)[:100] if type(value) is dict else []
    return [name[:80] for name in inside[:100] if type(name) is str]

def names_secret(value):
    if type(value) is dict and any(type(key) is str and is_secret_name(key) for key in value):
        return True
    parts = value.values() if type(value) is dict else value if type(value) in (list, tuple) else ()
    return any(map(names_secret, parts))

def small(value):
    if type(value) in (list, tuple, dict):
        parts = [*value, *value.values()] if type(value) is dict else value
        return len(value) <= 12 and all(type(part) in PLAIN for part in parts)
    return type(value) in PLAIN

def beginning(value):
    if type(value) is str:
        return ", begins " + repr(value[:BEGINNING])
    if type(value) in (list, tuple) and value and small(value[0]):
        shown = repr(value[0])
        if len(shown) <= BEGINNING and not names_secret(value[0]):
            return ", begins with " + shown
    return ""

def summary(name, value):
    kind, library = type(value).__name__, type(value).__module__.partition(".")[0]
    if library == "numpy" and isinstance(value, sys.modules["numpy"].generic):
        value = value.item()
    secret = is_secret_name(name)
    if small(value) and not secret and not names_secret(value) and len(repr(value)) <= 200:
        return "= " + repr(value)
    if library in ("pandas", "polars") and kind == "DataFrame":
        return "%d rows x %d columns: %s" % (*value.shape, columns(value))
    if library in ("pandas", "polars") and kind == "Series":
        return "%d values, %s%s" % (len(value), value.dtype, missing(value))
    if library == "numpy" and kind == "ndarray":
        return "shape %s, %s" % (value.shape, value.dtype)
    if library == "torch" and kind == "Tensor":
        return "shape %s, %s on %s" % (tuple(value.shape), value.dtype, value.device)
    if type(value) is dict:
        keys = [repr(key)[:100] for key in list(value)[:12] if type(key) in (str, int)]
        return "%d keys: %s" % (len(value), ", ".join(keys) + (", ..." if len(value) > 12 else ""))
    if type(value) in (str, bytes, list, tuple, set, frozenset):
        return "length %d%s" % (len(value), "" if secret else beginning(value))
    if isinstance(value, types.FunctionType):
        doc = (value.__doc__ or "").strip().partition("\\\\n")[0]
        return "%s%s" % (inspect.signature(value), ": " + repr(doc[:200]) if doc else "")
    return ""

def is_tool(value):
    return type(value) is types.FunctionType and value.__dict__.get("__codeact_tool__") is True

def is_server(value):
    return type(value) is types.ModuleType and "__codeact_server__" in value.__dict__

def describe(namespace, limit, reserved):
    found, tools = [], []
    for name, value in reversed(list(namespace.items())):
        if is_tool(value):
            try:
                said = "%s\\n%s" % (inspect.signature(value), inspect.getdoc(value) or "")
            except Exception:
                said = "(...)"
            tools.append({"name": name, "type": "tool", "summary": said[:1200].strip()})
            continue
        if is_server(value):
            lines = [str(line) for line in value.__dict__.get("__codeact_listing__", ())]
            tools.append({"name": name, "type": "server", "summary": "\\n".join(lines)[:6000]})
            continue
        if name in reserved:
            found.append({"name": name, "type": type(value).__name__})
            continue
        if name.startswith("_") or name in HIDDEN or isinstance(value, SKIPPED):
            continue
        if type(value).__module__.startswith(("IPython", "ipykernel")) or isinstance(value, type) and not (
            value.__module__ == "__main__"
        ) or isinstance(value, types.FunctionType) and value.__module__ != "__main__":
            continue
        if len(found) >= limit:
            continue
        one = {"name": name, "type": type(value).__name__}
        try:
            one.update(summary=summary(name, value)[:400], names=names(value))
        except Exception:
            pass
        found.append(one)
    return json.dumps(tools[::-1] + found[::-1])
"""

EXPRESSION = user_expressions.call(RULE_SOURCE + _IN_KERNEL, "describe", LIMIT, RESERVED_NAMES)
_VARIABLES = TypeAdapter(list[Variable])


def parse(reply: dict[str, Any]) -> list[Variable] | None:
    """Return the variables in an ``execute_reply`` to `EXPRESSION`; ``None`` if it failed."""
    try:
        return _VARIABLES.validate_python(valid(user_expressions.parse(reply)))
    except ValidationError:
        return None


async def read(client: AsyncKernelClient, *, timeout: float = 1.0) -> list[Variable] | None:
    """Read the variables through a client whose shell channel nobody else listens to.

    Returns ``None`` when the kernel is busy for longer than ``timeout`` seconds.
    """
    try:
        return parse(await user_expressions.evaluate(client, EXPRESSION, timeout=timeout))
    except TimeoutError:
        return None
