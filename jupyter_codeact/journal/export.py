"""What a conversation can be exported as: its events, or the model's messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..agent.context import history
from ..agent.contracts import ConversationInfo
from ..agent.events import Event, dump
from ..agent.told_secrets import Mask, mask_told


def jsonl(info: ConversationInfo, notebook: str, events: Iterable[Event]) -> str:
    """Return all events, one JSON object a line; a cell's outputs are in them as the notebook had them."""
    return "".join(f"{dump(event)}\n" for event in events)


def messages(info: ConversationInfo, notebook: str, events: Iterable[Event]) -> str:
    """Return the model's messages as a line of JSON, in the shape of the CodeActInstruct data.

    Secrets that are told in them are masked.
    """
    chat = history.messages(events)
    masked = _masked(chat, mask_told(_texts(chat)))
    return json.dumps({"id": info.id, "conversations": masked}, ensure_ascii=False) + "\n"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _masked(value: Any, mask: Mask) -> Any:
    """Return a JSON value with its texts masked, pictures as they are."""
    if isinstance(value, str):
        return value if value.startswith("data:image/") else mask(value)
    if isinstance(value, dict):
        return {key: _masked(inner, mask) for key, inner in value.items()}
    return [_masked(inner, mask) for inner in value] if isinstance(value, list) else value
