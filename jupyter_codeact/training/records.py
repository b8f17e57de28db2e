"""The record of a trajectory as training data, and the files that hold records.

A file has one JSON object a line (see ``docs/training-data.md``). It only grows while it is written, so that
an interrupted command goes on where it stopped; a last line that was cut off is dropped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from ..agent.contracts import CodeActError, Frozen
from ..notebooks.saving import reason, replace_file

Source = Literal["oracle", "play", "eval", "journal", "general"]
"""Where a trajectory comes from: a reference solution, a model, an evaluation, a user's journal, or a
conversation that is about something else."""

SCHEMA: Literal[1] = 1
"""The version of what a record has."""
REMOVE = "Remove that line, or make the file anew."
"""What to do about a line that is no JSON."""

Split = Literal["train", "held-out-parameters", "held-out-kinds"]


class DataError(CodeActError):
    """Training data cannot be read, written or made; the message says why."""


class ChatMessage(Frozen):
    """A message of a trajectory.

    ``weight`` is the weight of a reply in the loss, 1 or 0, and ``None`` for what the model only reads. A
    reply whose cell failed or did not run has 0: it is context.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    weight: float | None = None

    @model_validator(mode="after")
    def _only_replies_have_weights(self) -> Self:
        if (self.weight is None) == (self.role == "assistant"):
            raise ValueError("the messages of the assistant have a weight, and no others")
        if self.weight not in (None, 0, 1):
            raise ValueError("a weight is 0 or 1")
        return self


class TaskLabel(Frozen):
    """The task of a trajectory; ``kind``, ``split`` and ``seed`` if it is drawn from a parametrised kind."""

    name: str
    kind: str | None = None
    split: Split | None = None
    seed: int | None = None


class Record(Frozen):
    """A trajectory as training data.

    ``format`` is the action format. ``turns`` counts replies, ``errors`` those among them whose cell failed
    or did not run; ``recovered`` says that a cell ran after an error, and the conversation ended in an
    answer. ``solved`` is ``None`` where nobody has judged. ``created`` is an ISO date. ``provenance`` says
    how to get the record again, or where it comes from.
    """

    version: Literal[1] = Field(SCHEMA, alias="schema")
    id: str
    messages: list[ChatMessage]
    format: str
    task: TaskLabel
    source: Source
    model: str | None = None
    solved: bool | None = None
    turns: int
    errors: int = 0
    recovered: bool = False
    licence: str
    created: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    provenance: dict[str, Any] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text of all messages."""
        return "\n".join(message.content for message in self.messages)

    def line(self) -> bytes:
        """Return the record as a line of JSON."""
        fields = self.model_dump(by_alias=True, mode="json")
        for message in fields["messages"]:
            if message["weight"] is None:
                del message["weight"]
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def stable_id(*parts: object) -> str:
    """Return the same 16 hexadecimal digits for the same parts."""
    return hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def append(path: Path, records: Iterable[Record]) -> None:
    """Append records to a file, whole lines at a time.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(b"".join(record.line() for record in records))
    except OSError as error:
        raise DataError(f"The data cannot be written to {path}: {reason(error)}.") from error


def write(path: Path, records: Iterable[Record]) -> None:
    """Write records to a file in one step, in the place of what was there.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    write_bytes(path, b"".join(record.line() for record in records))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    except OSError as error:
        raise DataError(f"The data cannot be written to {path}: {reason(error)}.") from error


def load(paths: Iterable[Path]) -> Iterator[Record]:
    """Read records, each id once; a last line that was cut off is skipped.

    Raises
    ------
    DataError
        If a file cannot be read, or has something else in it.
    """
    seen: set[str] = set()
    for path in paths:
        for number, line, is_whole in lines_of(path):
            try:
                record = Record.model_validate_json(line)
            except ValidationError as error:
                if not is_whole:
                    continue
                raise DataError(f"Line {number} of {path} {_unreadable(line, error)}") from error
            if record.id not in seen:
                seen.add(record.id)
                yield record


def other_version(fields: Any) -> str:
    """Return what there is to say of a record of another version of the schema; empty if it is none."""
    version = fields.get("schema") if isinstance(fields, dict) else None
    if not isinstance(version, int) or version == SCHEMA:
        return ""
    return (
        f"is a record of schema {version}, and this release reads schema {SCHEMA}. Use the release that"
        " made it, or make the file anew."
    )


def _unreadable(line: bytes, error: ValidationError) -> str:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return f"is no record: {_first(error)}. {REMOVE}"
    return other_version(fields) or (
        f"is no record: {_first(error)}. Conversations from elsewhere are read by `data mix --general`."
    )


def repaired(path: Path) -> list[Record]:
    """Read a file, if it exists, and remove an unfinished last line from it.

    Raises
    ------
    DataError
        If it cannot be read, or has something else in it.
    """
    if not path.exists():
        return []
    content = _read(path)
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) != len(content):
        write_bytes(path, whole)
    return list(load([path]))


def lines_of(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the lines of a file that are not blank: number, content, and whether the line has its end.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    lines = _read(path).split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line, number < len(lines)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"The data in {path} cannot be read: {reason(error)}.") from error


def _first(error: ValidationError) -> str:
    """Return the first thing that is wrong, in a few words."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
