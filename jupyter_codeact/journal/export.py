"""What a conversation can be exported as: its events, or the model's messages."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..agent.context import history
from ..agent.contracts import ConversationInfo
from ..agent.events import Event, dump


def jsonl(info: ConversationInfo, notebook: str, events: Iterable[Event]) -> str:
    """Return all events, one JSON object a line; a cell's outputs are in them as the notebook had them."""
    return "".join(f"{dump(event)}\n" for event in events)


def messages(info: ConversationInfo, notebook: str, events: Iterable[Event]) -> str:
    """Return the model's messages as a line of JSON, in the shape of the CodeActInstruct data."""
    chat = history.messages(events)
    return json.dumps({"id": info.id, "conversations": chat}, ensure_ascii=False) + "\n"
