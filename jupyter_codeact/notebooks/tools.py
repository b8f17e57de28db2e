"""Functions that the user's configuration names, defined in a Python kernel as tools of the agent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from ..agent.contracts import NotebookError
from . import user_expressions

TIMEOUT = 120.0
"""Seconds for importing the modules, and for a cell of the user's that the kernel is busy with before."""

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)

# Runs in the user's kernel. What a module prints while it is imported is not for the notebook.
_IN_KERNEL = """
import contextlib, functools, importlib, io, json, types

def load(namespace, tools):
    for tool in tools:
        module, name = tool.split(":")
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                found = getattr(importlib.import_module(module), name)
            there = namespace.get(name, found)
            if there is not found and "__codeact_tool__" not in getattr(there, "__dict__", ()):
                raise NameError("the notebook has something else of that name")
            if not callable(found):
                raise TypeError("it is not a function")
            function = found
            if type(found) is not types.FunctionType:
                function = functools.wraps(found)(lambda *args, found=found, **named: found(*args, **named))
            function.__codeact_tool__ = True
            namespace[name] = function
        except BaseException as error:
            return json.dumps({"tool": tool, "problem": "%s: %s" % (type(error).__name__, error)})
    return json.dumps({})
"""


def check(tools: Sequence[str]) -> None:
    """Refuse a name that is none of a function.

    Raises
    ------
    NotebookError
        With the first name that is not like ``module:function``.
    """
    for tool in tools:
        if not _NAME.fullmatch(tool):
            raise NotebookError(f"“{tool}” does not name a tool. Write module:function, like my_tools:find.")


def expression(tools: Sequence[str]) -> str:
    """Return what the kernel must evaluate to have these tools; `raise_for_reply` reads its reply."""
    check(tools)
    return user_expressions.call(_IN_KERNEL, "load", list(tools))


def raise_for_reply(reply: dict[str, Any]) -> None:
    """Read the kernel's reply to `expression`.

    Raises
    ------
    NotebookError
        If a tool could not be loaded; with its name and the reason.
    """
    result = user_expressions.parse(reply)
    if not isinstance(result, dict):
        raise NotebookError("The kernel could not load the agent's tools.")
    if result:
        raise NotebookError(
            f"The tool “{result['tool']}” could not be loaded into the kernel ({result['problem']}). "
            "Its module must be in the kernel's environment or in the notebook's folder."
        )


async def load(client: AsyncKernelClient, tools: Sequence[str]) -> None:
    """Load tools through a client whose shell channel nobody else listens to.

    Raises
    ------
    NotebookError
        If one cannot be loaded, or the kernel stays busy.
    """
    try:
        raise_for_reply(await user_expressions.evaluate(client, expression(tools), timeout=TIMEOUT))
    except TimeoutError:
        raise NotebookError(
            "The kernel was busy for so long that the agent's tools could not be loaded. "
            "Wait until it is idle, or interrupt it, and ask again."
        ) from None
