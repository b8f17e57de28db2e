"""Asking a Python kernel something without leaving a trace in it.

The kernel evaluates one expression, silently and outside its history; outputs, ``_`` and the execution
counter stay as they are. The expression brings its own code, so that the kernel's environment need not have
this package.
"""

from __future__ import annotations

import ast
import asyncio
import json
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient


def call(code: str, function: str, *arguments: Any) -> str:
    """Return an expression that calls ``function`` of ``code`` with the user's names and ``arguments``.

    The names in ``code`` are not the user's. The function returns JSON.
    """
    given = ", ".join(["globals()", *map(repr, arguments)])
    return f"(lambda space: (exec({code!r}, space), space[{function!r}]({given}))[1])({{}})"


def parse(reply: dict[str, Any]) -> Any:
    """Return what the expression in an ``execute_reply`` came to; ``None`` if it failed."""
    try:
        text = reply["content"]["user_expressions"]["codeact"]["data"]["text/plain"]
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
        "", silent=True, store_history=False, user_expressions={"codeact": expression}, allow_stdin=False
    )
    try:
        async with asyncio.timeout(timeout):
            while True:
                reply: dict[str, Any] = await client.get_shell_msg(timeout=timeout)
                if reply["parent_header"].get("msg_id") == request:
                    return reply
    except Empty:
        raise TimeoutError from None
