"""The bytes of a server's answer as JSON values: server-sent events, lines of JSON, or one JSON document."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from typing import Any, Final

from ..words import UnreadableReplyError

LONGEST = 16 * 2**20
"""Most bytes of one event or document."""

_BOM = b"\xef\xbb\xbf"
_DONE_WORDS = ("[DONE]", '"[DONE]"', "[done]", "DONE")
_NOTHING: Final = object()


class Done:
    """Stands for the ``[DONE]`` that ends a stream."""


DONE = Done()


async def json_values(pieces: AsyncIterable[bytes]) -> AsyncGenerator[Any, None]:
    """Yield the JSON values of an answer as they arrive, and `DONE`.

    Raises
    ------
    UnreadableReplyError
        With what the server sent, if there is no JSON in it or an event is broken.
    """
    decoder = Decoder()
    async for piece in pieces:
        for value in decoder.feed(piece):
            yield value
    for value in decoder.end():
        yield value


class Decoder:
    """Decodes one answer piece by piece; the first character tells its form, whatever its content type says.

    An answer that starts with a brace or bracket is JSON: one value a line if the first line is a whole one,
    else one document. Everything else is read as server-sent events, without their blank lines if need be.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._form = ""
        self._event, self._data = "", list[str]()
        self._stray: list[str] = []
        self._has_values = False

    def feed(self, piece: bytes) -> Iterator[Any]:
        """Yield the values that a piece completes."""
        self._rest.extend(piece)
        if len(self._rest) > LONGEST:
            raise UnreadableReplyError(f"more than {LONGEST // 2**20} MB without an end", broken=True)
        if not self._form and not self._recognize():
            return
        if self._form == "document" or not (b"\n" in piece or b"\r" in piece):
            return
        *lines, last = self._rest.splitlines(keepends=True)
        if last.endswith(b"\n"):
            lines, last = [*lines, last], bytearray()
        self._rest = last
        for number, line in enumerate(lines):
            if self._form == "unknown JSON":
                self._form = "lines" if _parse(_text(line)) is not _NOTHING else "document"
            if self._form == "document":
                self._rest = bytearray(b"".join([*lines[number:], last]))
                return
            yield from self._line(_text(line))

    def end(self) -> Iterator[Any]:
        """Yield what is left when the answer ends."""
        if self._form == "document" or self._form == "unknown JSON":
            value = _parse(_text(self._rest))
            if value is _NOTHING:
                raise UnreadableReplyError(_text(self._rest), broken=bytes(self._rest[:1]) in (b"{", b"["))
            yield value
            yield DONE
            return
        yield from self._line(_text(self._rest))
        yield from self._line("")
        if not self._has_values and self._stray:
            raise UnreadableReplyError("\n".join(self._stray))

    def _recognize(self) -> bool:
        """Find out the form, once there is something to tell it by."""
        start = bytes(self._rest[:3])
        if len(start) < 3 and _BOM.startswith(start):
            return False
        if start == _BOM:
            del self._rest[:3]
        begin = self._rest.lstrip()
        if begin:
            first = bytes(begin[:1])
            self._form = {b"{": "unknown JSON", b"[": "unknown JSON", b"<": "document"}.get(first, "events")
            self._rest = begin
        return bool(begin)

    def _line(self, line: str) -> Iterator[Any]:
        line = line.rstrip("\r\n")
        if self._form == "lines":
            if line.strip():
                yield self._value(line)
            return
        if not line.strip():
            yield from self._dispatch()
            return
        name, _, value = line.partition(":")
        if line.lstrip().startswith("{"):
            name, value = "data", line
        name, value = name.strip().lower(), value.lstrip()
        if name == "event":
            self._event = value.strip()
        elif name == "data":
            # Some servers leave out the blank lines between events.
            whole = _parse(value) if not self._data and value.startswith("{") else _NOTHING
            if whole is _NOTHING:
                self._data.append(value)
                if value.strip() in _DONE_WORDS:
                    yield from self._dispatch()
            else:
                yield self._named(whole)
        elif name not in ("", "id", "retry"):
            self._stray.append(line)

    def _dispatch(self) -> Iterator[Any]:
        lines, self._data = self._data, []
        if text := "\n".join(lines).strip():
            if text in _DONE_WORDS:
                yield self._found(DONE)
            elif (whole := _parse(text)) is not _NOTHING:
                yield self._named(whole)
            elif self._event == "error":
                yield self._named(text)
            elif text[0] not in "{[":
                self._stray.append(text)
            else:
                for line in lines:
                    if line.strip() in _DONE_WORDS:
                        yield self._found(DONE)
                    elif line.strip():
                        yield self._value(line)
        self._event = ""

    def _value(self, text: str) -> Any:
        value = _parse(text)
        if value is _NOTHING:
            raise UnreadableReplyError(text, broken=True)
        return self._found(value)

    def _named(self, value: Any) -> Any:
        is_error = self._event == "error" and not (isinstance(value, dict) and "error" in value)
        self._event = ""
        return self._found({"error": value} if is_error else value)

    def _found(self, value: Any) -> Any:
        self._has_values = self._has_values or value is not DONE
        return value


def parse(text: str) -> Any:
    """Return a body as a JSON value, or as text if it is none."""
    text = text.removeprefix("\ufeff").strip()
    value = _parse(text)
    return text if value is _NOTHING else value


def _text(content: bytes | bytearray) -> str:
    return content.decode("utf-8", "replace")


def _parse(text: str) -> Any:
    try:
        return json.loads(text, strict=False)  # some servers leave control characters as they are
    except (ValueError, RecursionError):
        return _NOTHING
