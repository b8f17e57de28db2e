"""The secrets in a kernel's environment, where code may have set them since the kernel started."""

from __future__ import annotations

from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from ..agent.secrets import RULE_SOURCE, secrets_in
from ..agent.unicode import valid_text
from . import user_expressions

# Runs in the user's kernel. Which of these are secrets is decided here, by the one rule.
_IN_KERNEL = """
import json, os

def candidates(namespace):
    found = {}
    for name, value in os.environ.items():
        if is_secret_name(name) or "://" in value or "=" in value:
            found[name] = value
    return json.dumps(found)
"""
EXPRESSION = user_expressions.call(RULE_SOURCE + _IN_KERNEL, "candidates")


def parse(reply: dict[str, Any], name: str = user_expressions.NAME) -> dict[str, str] | None:
    """Return the secrets in a reply to `EXPRESSION`, asked for by ``name``; ``None`` if that failed."""
    found = user_expressions.parse(reply, name)
    if not isinstance(found, dict):
        return None
    return secrets_in({valid_text(str(name)): valid_text(str(value)) for name, value in found.items()})


async def read(client: AsyncKernelClient, *, timeout: float = 1.0) -> dict[str, str] | None:
    """Read the secrets through a client whose shell channel nobody else listens to.

    ``None`` when the kernel is busy for longer than ``timeout`` seconds.
    """
    try:
        return parse(await user_expressions.evaluate(client, EXPRESSION, timeout=timeout))
    except TimeoutError:
        return None
