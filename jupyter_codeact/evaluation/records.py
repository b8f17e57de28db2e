"""What is kept of an episode: everything that is needed to look at it, count it and repeat it."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ..agent.contracts import CodeActError, Frozen, Guidance, Message, Usage

Protocol = Literal["agent", "paper", "smolagents"]
"""``agent`` is this project's agent in a real kernel; ``paper`` is the harness of the paper;
``smolagents`` is that library's `CodeAgent`, in the same kernel."""

Ending = Literal["answered", "out_of_turns", "out_of_tokens", "out_of_time", "stuck", "failed", "crashed"]


class ResultsError(CodeActError):
    """A file of results cannot be read or written."""


class Case(Frozen):
    """One task of a suite, by name; ``family`` groups tasks in reports."""

    name: str
    family: str


class Setting(Frozen):
    """How episodes are played.

    ``goes_on``: an agent whose answer is wrong is told so and may try again, where the suite has that.
    ``turns`` counts model replies, ``seconds`` and ``tokens`` (prompt and completion together) bound one
    episode; ``reply_tokens`` one reply. ``guidance`` chooses the agent's hooks (``None``: as suits the
    model), and ``without`` switches some off, by name or by group.
    """

    protocol: Protocol = "agent"
    format: str = "markdown"
    goes_on: bool = True
    turns: int = 10
    reply_tokens: int = 512
    tokens: int = 200_000
    seconds: float = 900.0
    temperature: float = 0.0
    seed: int | None = None
    guidance: Guidance | None = None
    without: tuple[str, ...] = ()


class Played(Frozen):
    """What came of an episode.

    ``strict`` judges the first answer; ``success`` the last one, where a suite's protocol lets an agent that
    was told its answer is wrong go on. ``messages`` is all that passed between agent and model; ``hooks`` in
    how many turns each hook of the agent's was of use.
    """

    strict: bool
    success: bool
    ending: Ending
    turns: int
    usage: Usage = Usage()
    answer: str = ""
    message: str = ""
    messages: list[Message] = Field(default_factory=list)
    detail: dict[str, Any] = Field(default_factory=dict)
    hooks: dict[str, int] = Field(default_factory=dict)


class SelfTest(Frozen):
    """What a suite makes of what is known to be right.

    ``failed`` are sentences about what should pass and does not; ``notes`` about what cannot.
    """

    count: int
    summary: str
    failed: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class Episode(Frozen):
    """One task, tried once."""

    suite: str
    case: Case
    sample: int
    model: str
    setting: Setting
    played: Played
    seconds: float
    began: float = Field(default_factory=time.time, description="Unix time")
    versions: dict[str, str] = Field(default_factory=lambda: dict(_versions()))

    @property
    def key(self) -> str:
        """What tells this episode from others in a file: a run that goes on skips those it finds."""
        return key(self.suite, self.case.name, self.sample, self.model, self.setting)


def key(suite: str, case: str, sample: int, model: str, setting: Setting) -> str:
    """Return what identifies an episode."""
    return "\n".join([suite, case, str(sample), model, setting.model_dump_json()])


def append(path: Path, episode: Episode) -> None:
    """Add an episode to a file, whole or not at all.

    Raises
    ------
    ResultsError
        When it cannot be written.
    """
    try:
        with path.open("ab") as file:
            file.write(episode.model_dump_json().encode() + b"\n")
    except OSError as error:
        raise ResultsError(f"The results cannot be written to {path}: {error.strerror}.") from error


def load(paths: Iterable[Path]) -> Iterator[Episode]:
    """Read episodes; a line that was cut off, when a run was killed, is left out.

    Of an episode that a file has more than once, because it was played again, the last counts.

    Raises
    ------
    ResultsError
        When a file cannot be read, or holds something else.
    """
    for path in paths:
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise ResultsError(f"The results {path} cannot be read: {error.strerror}.") from error
        found: dict[str, Episode] = {}
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                episode = Episode.model_validate_json(line)
                found[episode.key] = episode
            except ValidationError as error:
                if number == len(lines):  # without its end of line: cut off
                    continue
                raise ResultsError(f"Line {number} of {path} is no episode of this version.") from error
        yield from found.values()


def repaired(path: Path) -> list[Episode]:
    """Return what a file holds, if it is there, and cut off an unfinished last line for what comes."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) != len(content):
        path.write_bytes(whole)
    return list(load([path]))


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    yield "platform", f"{sys.platform} {platform.machine()}"
    yield "jupyter-codeact", version("jupyter-codeact")
