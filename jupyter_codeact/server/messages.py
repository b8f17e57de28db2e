"""Reading what a page sends; of what cannot be read, the request or the command that it is about."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from ..agent.unicode import valid
from ..protocol import FROM_PAGE, Failed, FromPage

UNREADABLE = "The page's answer could not be read. Reload the page and ask again."
_KIND = re.compile(r'"type"\s*:\s*"(began|done|failed)"')
_NUMBER = re.compile(r'"id"\s*:\s*(\d{1,18})\b')
_HEAD = 1000
"""Characters of a message in which its type and its id are looked for if it cannot be parsed at all."""


class UnreadableError(Exception):
    """A page's message cannot be read; the message says why, without what was in it, which may be a key.

    Attributes
    ----------
    request : str or None
        The id of the request that it was.
    answer : Failed or None
        The answer to take it for, so that whoever waits for one does not wait for ever.
    """

    def __init__(self, why: str, kind: str | None, identity: str | int | None) -> None:
        super().__init__(why)
        self.request = identity if isinstance(identity, str) else None
        self.answer: Failed | None = None
        if isinstance(identity, int):
            self.answer = Failed(id=identity, message=UNREADABLE, running=kind == "began")


def read_message(message: str | bytes) -> FromPage:
    """Return what a page says; half a surrogate pair and deep nesting, which pydantic refuses, made valid.

    Raises
    ------
    UnreadableError
        If it cannot be read.
    """
    try:
        return FROM_PAGE.validate_json(message)
    except ValidationError as error:
        why = error
    parsed: Any = None
    with suppress(ValueError, RecursionError):
        parsed = valid(json.loads(message))
        try:
            return FROM_PAGE.validate_python(parsed)
        except ValidationError as error:
            why = error
    wrong = why.errors(include_input=False, include_url=False, include_context=False)
    raise UnreadableError(str(wrong), *_kind_and_id(message, parsed))


def _kind_and_id(message: str | bytes, parsed: Any) -> tuple[str | None, str | int | None]:
    """Return the type and the id of a message that cannot be read otherwise."""
    if isinstance(parsed, dict):
        kind, identity = parsed.get("type"), parsed.get("id")
        if isinstance(identity, bool) or not isinstance(identity, str | int):
            identity = None
        return kind if isinstance(kind, str) else None, identity
    head = message[:_HEAD] if isinstance(message, str) else message[:_HEAD].decode("utf-8", "replace")
    kinds, number = _KIND.search(head), _NUMBER.search(head)
    return (kinds[1], int(number[1])) if kinds and number else (None, None)
