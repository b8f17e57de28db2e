"""Asks for a single reply, for the paper's harnesses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from ..agent.contracts import ChatModel, Message, Usage
from .records import Setting


async def reply_of(
    model: ChatModel, messages: Sequence[Message], setting: Setting, *, stop: Sequence[str] = ()
) -> tuple[str, Usage]:
    """Return a complete reply and its usage.

    Raises
    ------
    ModelError
        Most often because the conversation is too long for the model.
    """
    text, usage = "", Usage()
    stream = model.stream(
        messages,
        stop=stop,
        max_tokens=setting.reply_tokens,
        temperature=setting.temperature,
        seed=setting.seed,
    )
    async with asyncio.timeout(setting.seconds), aclosing(stream) as deltas:
        async for delta in deltas:
            text = delta.text if delta.restart else text + delta.text
            usage = delta.usage or usage
    return text, usage
