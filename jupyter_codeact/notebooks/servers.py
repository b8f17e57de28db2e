"""The tools of MCP servers, defined as functions in a Python kernel.

The servers run elsewhere; a function sends its arguments through a socket of this machine and waits for the
result. The code in the kernel needs Python's standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from ..agent.contracts import NotebookError
from . import user_expressions

TIMEOUT = 120.0
"""Seconds for defining the functions, and for a cell of the user's that the kernel is busy with before."""

# Runs in the user's kernel, which may be an old Python without this package. What is global here stays out
# of the user's namespace.
_IN_KERNEL = """
import base64, inspect, json, socket, struct, sys, types

class McpError(RuntimeError):
    "A tool of an MCP server failed, or its server did."

McpError.__module__ = "mcp"

class Shown:
    "The text of an annotation, shown without quotes."
    def __init__(self, text): self.text = text
    def __repr__(self): return self.text

class Binary(bytes):
    "Bytes that a tool returned, with their MIME type."
    def __repr__(self): return "<%s, %d bytes>" % (self.mime, len(self))
    __str__ = __repr__

def plain(value):
    for method in ("tolist", "isoformat", "to_dict", "__fspath__"):
        if callable(getattr(type(value), method, None)):
            return getattr(value, method)()
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError("an argument of the type %s cannot be sent to an MCP server" % type(value).__name__)

def open_socket(address):
    if isinstance(address, str):
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        found.connect(address)
    else:
        found = socket.create_connection(tuple(address))
    found.settimeout(0.5)  # so that an interrupt is seen on every system
    return found

def send(connection, message):
    data = json.dumps(message, default=plain).encode("utf-8", "replace")
    connection.settimeout(None)
    connection.sendall(struct.pack(">Q", len(data)) + data)
    connection.settimeout(0.5)

def receive(connection, count):
    parts = []
    while count:
        try:
            part = connection.recv(min(count, 1 << 20))
        except socket.timeout:
            continue
        if not part:
            raise ConnectionError("the connection was closed")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)

def ask(address, message):
    with open_socket(address) as connection:
        send(connection, message)
        return json.loads(receive(connection, struct.unpack(">Q", receive(connection, 8))[0]))

def revive(value, binary):
    if isinstance(value, list):
        return [revive(one, binary) for one in value]
    if isinstance(value, dict) and set(value) == {"mcp binary"}:
        found = Binary(base64.b64decode(binary[value["mcp binary"]]["data"]))
        found.mime = binary[value["mcp binary"]]["mime"]
        return found
    return value

def display_images(binary):
    try:
        from IPython.display import display
    except ImportError:
        return
    for one in binary:
        if one["mime"] in ("image/png", "image/jpeg", "image/gif"):
            display({one["mime"]: one["data"], "text/plain": "<%s>" % one["mime"]}, raw=True)

def call(address, token, server, tool, arguments):
    __tracebackhide__ = True
    where = "%s.%s()" % (server["module"], tool["name"])
    message = {"token": token, "server": server["server"], "tool": tool["tool"], "arguments": arguments}
    try:
        reply = ask(address, message)
    except (OSError, ConnectionError) as error:
        raise McpError("%s: the MCP server \\u201c%s\\u201d is not running any more (%s). CodeAct starts it "
                       "when it works in this notebook again." % (where, server["server"], error)) from None
    if "error" in reply:
        raise McpError("%s: %s" % (where, reply["error"]))
    binary = reply.get("binary", [])
    display_images(binary)
    return revive(reply["value"], binary)

def make(address, token, server, tool):
    kinds = inspect.Parameter
    if tool["parameters"] is None:
        parameters = [kinds("arguments", kinds.VAR_KEYWORD)]
    else:
        parameters = [
            kinds(
                one["name"],
                kinds.POSITIONAL_OR_KEYWORD,
                default=one["default"] if "default" in one else kinds.empty,
                annotation=Shown(one["annotation"]) if one["annotation"] else kinds.empty,
            )
            for one in tool["parameters"]
        ]
    names = {one["name"]: one["argument"] for one in tool["parameters"] or ()}
    returns = Shown(tool["returns"]) if tool["returns"] else inspect.Signature.empty
    signature = inspect.Signature(parameters, return_annotation=returns)
    def function(*args, **kwargs):
        __tracebackhide__ = True  # IPython's: the user's own line says where
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError("%s.%s(): %s" % (server["module"], tool["name"], error)) from None
        if tool["parameters"] is None:
            given = given.get("arguments", {})
        arguments = {names.get(name, name): value for name, value in given.items()}
        return call(address, token, server, tool, arguments)
    function.__name__ = function.__qualname__ = tool["name"]
    function.__module__, function.__doc__ = server["module"], tool["doc"]
    function.__signature__ = signature
    return function

def free_name(namespace, server):
    for name in (server["module"], server["module"] + "_mcp"):
        there = namespace.get(name)
        if there is None or getattr(there, "__codeact_server__", None) == server["server"]:
            return name
    return None

def define(namespace, text):
    definition = json.loads(text)
    address, token, names = definition["address"], definition["token"], {}
    try:
        link = open_socket(address)
        send(link, {"token": token, "link": True})
    except (OSError, AttributeError) as error:
        return json.dumps({"names": {}, "problem": str(error)})
    for server in definition["servers"]:
        name = free_name(namespace, server)
        if name is None:
            continue
        server["module"] = names[server["server"]] = name
        module = types.ModuleType(name, server["doc"])
        module.McpError = McpError
        module.__codeact_server__, module.__codeact_link__ = server["server"], link
        module.__codeact_listing__ = server["listing"]
        for tool in server["tools"]:
            setattr(module, tool["name"], make(address, token, server, tool))
        module.__all__ = [one["name"] for one in server["tools"]]
        if name in namespace:  # what the server has no more is there still, and says so when it is called
            for gone, function in vars(namespace[name]).items():
                vars(module).setdefault(gone, function)
        namespace[name] = module
        before = sys.modules.get(name)
        if hasattr(before, "__codeact_server__") or before is None and not importable(name):
            sys.modules[name] = module  # so that it may be imported, as models like to
    return json.dumps({"names": names})

def importable(name):
    import importlib.util
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
"""


def expression(definition: Mapping[str, Any]) -> str:
    """Return what the kernel must evaluate to have the functions; `names_in` reads its reply."""
    return user_expressions.call(_IN_KERNEL, "define", json.dumps(definition))


def names_in(reply: dict[str, Any]) -> dict[str, str]:
    """Return the names that servers have in the kernel, from its reply to `expression`.

    Raises
    ------
    NotebookError
        If the kernel did not take the functions, or cannot reach the servers from where it runs.
    """
    result = user_expressions.parse(reply)
    if not isinstance(result, dict):
        raise NotebookError("The kernel could not define the functions of the MCP servers.")
    if "problem" in result:
        raise NotebookError(
            "The kernel cannot reach the MCP servers, which run beside Jupyter and not beside the kernel "
            f"({result['problem']}). They need a kernel on the same machine."
        )
    names: dict[str, str] = result["names"]
    return names


async def define(client: AsyncKernelClient, definition: Mapping[str, Any]) -> dict[str, str]:
    """Define the functions through a client whose shell channel nobody else listens to.

    Returns the names that the servers have in the kernel.

    Raises
    ------
    NotebookError
        If that is not possible, or the kernel stays busy.
    """
    try:
        reply = await user_expressions.evaluate(client, expression(definition), timeout=TIMEOUT)
    except TimeoutError:
        raise NotebookError(
            "The kernel was busy for so long that the MCP servers' functions could not be defined. "
            "Wait until it is idle, or interrupt it, and ask again."
        ) from None
    return names_in(reply)
