"""Reading events that an earlier release stored.

What is stored stays as it is: an old event becomes one of today's whenever it is read, here and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..agent.events import EVENT, Action, Event, RunStarted
from ..agent.replies.formats import FORMATS

_RENAMED = {
    "asked": "approval_requested",
    "decided": "approval_resolved",
    "doubted": "answer_rejected",
    "condensed": "history_compacted",
}
# quotation marks within a value are escaped, so this is the type of the event or, rarely, part of an output
_MAY_BE_OLD = re.compile(rf'"type":\s*"(?:reply|{"|".join(_RENAMED)})"')


class EventReader:
    """Reads the lines of one or more conversations, each in order, whichever release wrote them."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        self._formats: dict[str, str] = {}

    def read(self, line: str | bytes) -> Event:
        """Return the event that a line of JSON holds.

        Raises
        ------
        ValueError
            If it holds none.
        """
        line = line.decode() if isinstance(line, bytes) else line
        if _MAY_BE_OLD.search(line) and '"prose":' not in line:  # which a reply of today has, and no other
            event = EVENT.validate_python(self._upgraded(json.loads(line)))
        else:
            event = EVENT.validate_json(line)
        if isinstance(event, Action):
            self._sources[event.run] = event.source
        elif isinstance(event, RunStarted):
            self._formats[event.run] = _format_of(event.system)
        return event

    def _upgraded(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of an event as today's release has them."""
        kind = fields.get("type")
        if kind == "reply" and "prose" not in fields:
            return fields | _parsed(fields["text"], self._formats.get(fields["run"], "markdown"))
        if kind in _RENAMED:
            fields = fields | {"type": _RENAMED[kind]}
            source = fields.pop("source", None)
            if kind == "decided":
                fields["edited"] = source if source != self._sources.get(fields["run"]) else None
        return fields


def read_events(lines: Iterable[str | bytes]) -> Iterator[Event]:
    """Read an export in JSON lines, of this release or an earlier one; empty lines are skipped.

    Raises
    ------
    ValueError
        At a line that holds no event.
    """
    reader = EventReader()
    return (reader.read(line) for line in lines if line.strip())


def _format_of(system: str) -> str:
    """Return the name of the format in which the model was told to act."""
    if "<execute>" in system:
        return "execute"
    return "tools" if "call the function python" in system else "markdown"


def _parsed(reply: str, action_format: str) -> dict[str, str]:
    """Return the fields that today's event has in place of the whole reply."""
    parsed = FORMATS[action_format].parse(reply)
    return {"text": parsed.text, "thinking": parsed.thinking, "prose": parsed.prose}
