"""What the harnesses of the paper have in common: one reply, and what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from ..agent.contracts import ChatModel, Message, Usage
from .records import Setting


async def reply_of(
    model: ChatModel, messages: Sequence[Message], setting: Setting, *, stop: Sequence[str] = ()
) -> tuple[str, Usage]:
    """Return a whole reply and what it cost.

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
            text = delta.text if getattr(delta, "restart", False) else text + delta.text
            usage = delta.usage or usage
    return text, usage
