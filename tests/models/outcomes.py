"""What a client makes of an endpoint's answers."""

from __future__ import annotations

import json
from typing import Any

from jupyter_codeact.agent.contracts import Delta, ModelError
from jupyter_codeact.models.endpoints.access import Timeouts
from jupyter_codeact.models.open import EndpointModel
from tests.models.raw import Answer, raw

HELLO = [{"role": "user", "content": "Say hello."}]


def sse(*values: Any, end: str = "\n\n", begin: str = "data: ") -> bytes:
    """Return values as server-sent events."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return "".join(f"{begin}{text}{end}" for text in texts).encode()


def answer_of(reply: bytes | list[Any]) -> Answer:
    """Return an answer of these bytes, or of these events."""
    return Answer(content=reply if isinstance(reply, bytes) else sse(*reply))


async def outcomes(*answers: Answer, **options: Any) -> list[list[Delta] | ModelError]:
    """Return what a client gets of each answer, asking one after the other: deltas or an error."""
    found: list[list[Delta] | ModelError] = []
    async with raw(*answers) as endpoint:
        model = EndpointModel(endpoint.url, model="second", timeouts=Timeouts(retries=0), **options)
        for _ in answers:
            try:
                found.append([delta async for delta in model.stream(HELLO)])
            except ModelError as error:
                found.append(error)
        await model.close()
    return found
