"""Writes records in another action format, or in the shape of the paper's data."""

from __future__ import annotations

import json
from collections.abc import Callable

from ..agent.replies.formats import FORMATS
from ..agent.replies.reply import ActionFormat
from .oracle import as_answer
from .records import ChatMessage, DataError, Record
from .trajectories import action_start


def in_format(record: Record, name: str) -> Record:
    """Return a record with its actions, and what the system prompt says of them, in another action format.

    With ``execute``, that is the form of the CodeActAgent models: ``<execute>`` around an action, and
    ``<solution>`` around the answer.

    Raises
    ------
    DataError
        If there is no such format, or a reply writes a text cell, which only ``markdown`` can.
    """
    if name not in FORMATS:
        raise DataError(f"There is no action format {name!r}; there are {', '.join(sorted(FORMATS))}.")
    if record.format == name or record.format not in FORMATS:
        return record
    old, new = FORMATS[record.format], FORMATS[name]
    messages = [_converted(message, old, new) for message in record.messages]
    provenance = {**record.provenance, "converted_from": record.format}
    changed = {"messages": messages, "format": name, "provenance": provenance, "id": f"{record.id}-{name}"}
    return record.model_copy(update=changed)


def _converted(message: ChatMessage, old: ActionFormat, new: ActionFormat) -> ChatMessage:
    text = message.content
    if message.role != "assistant":
        return message.model_copy(update={"content": text.replace(old.describe(), new.describe())})
    parsed = old.parse(text)
    if not parsed.actions:
        return message.model_copy(update={"content": as_answer(parsed.prose or text, new)})
    if any(action.cell_type == "markdown" for action in parsed.actions):
        raise DataError(f"A reply writes a text cell, which the format {new.name!r} cannot.")
    before = text[: action_start(text, old)].rstrip()
    written = new.write(parsed.actions[-1])
    return message.model_copy(update={"content": f"{before}\n\n{written}" if before else written})


def as_records(record: Record) -> bytes:
    """Return the record as its line."""
    return record.line()


def as_codeactinstruct(record: Record) -> bytes:
    """Return a line in the shape of CodeActInstruct: an id, and conversations; weights are lost."""
    conversations = [{"role": one.role, "content": one.content} for one in record.messages]
    return json.dumps({"id": record.id, "conversations": conversations}, ensure_ascii=False).encode() + b"\n"


SHAPES: dict[str, Callable[[Record], bytes]] = {
    "records": as_records,
    "codeactinstruct": as_codeactinstruct,
}
"""The shapes of lines that records can be written in."""
