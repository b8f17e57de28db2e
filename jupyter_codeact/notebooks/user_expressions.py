"""Asking a Python kernel something without leaving a trace in it.

Jupyter's protocol has ``user_expressions`` for this: the kernel evaluates one, silently and outside its
history, and outputs, ``_`` and the execution counter stay as they are. The expression brings its own code, so
that the kernel's environment need not have this package.
"""

from __future__ import annotations

import ast
import asyncio
import json
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

NAME = "codeact"
"""The name of the expression, in a request and in its reply."""


def call(code: str, function: str, *arguments: Any) -> str:
    """Return an expression that calls ``function`` of ``code`` with the user's namespace and ``arguments``.

    The names in ``code`` stay out of that namespace. The function returns JSON.
    """
    passed = ", ".join(["globals()", *map(repr, arguments)])
    return f"(lambda space: (exec({code!r}, space), space[{function!r}]({passed}))[1])({{}})"


def parse(reply: dict[str, Any], name: str = NAME) -> Any:
    """Return the value of an expression in an ``execute_reply``; ``None`` if it failed."""
    try:
        text = reply["content"]["user_expressions"][name]["data"]["text/plain"]
        return json.loads(ast.literal_eval(text))
    except (KeyError, ValueError, SyntaxError, TypeError):
        return None


async def evaluate(client: AsyncKernelClient, expression: str, *, timeout: float) -> dict[str, Any]:
    """Return the ``execute_reply`` to an expression; nobody else may listen to the client's shell channel.

    Raises
    ------
    TimeoutError
        When the kernel is busy for longer than ``timeout`` seconds.
    """
    request = client.execute(
        "", silent=True, store_history=False, user_expressions={NAME: expression}, allow_stdin=False
    )
    try:
        async with asyncio.timeout(timeout):
            while True:
                reply: dict[str, Any] = await client.get_shell_msg(timeout=timeout)
                if reply["parent_header"].get("msg_id") == request:
                    return reply
    except Empty:
        raise TimeoutError from None
