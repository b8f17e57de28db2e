"""The record of an episode: everything needed to read, count and repeat it."""

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
    """A results file cannot be read or written."""


class Case(Frozen):
    """A task of a suite, by name; ``family`` groups tasks in reports."""

    name: str
    family: str


class Setting(Frozen):
    """How episodes are played.

    ``goes_on`` says whether an agent is told of a wrong answer and may try again, if the suite allows that.
    ``turns`` (model replies), ``seconds`` and ``tokens`` (prompt and completion together) limit an episode,
    ``reply_tokens`` a reply. ``guidance`` selects the agent's hooks (``None``: those that suit the model),
    and ``without`` switches some off, by name or by group. ``propagate_errors`` shows an agent its own code
    for the problems before, be it right or wrong, in suites whose problems build on one another.
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
    propagate_errors: bool = False


class Played(Frozen):
    """The outcome of an episode.

    ``strict`` judges the first answer; ``success`` the last one, if the agent was told of wrong answers and
    went on. ``messages`` are all messages between agent and model; ``hooks`` counts the turns in which each
    of the agent's hooks was of use.
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
    """The result of judging known right answers.

    ``failed`` are sentences about answers that should pass and do not, ``notes`` about those that cannot.
    """

    count: int
    summary: str
    failed: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class Episode(Frozen):
    """One attempt at one task."""

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
        """What identifies this episode in a file, so that a resumed run can skip it."""
        return key(self.suite, self.case.name, self.sample, self.model, self.setting)


def key(suite: str, case: str, sample: int, model: str, setting: Setting) -> str:
    """Return what identifies an episode."""
    return "\n".join([suite, case, str(sample), model, setting.model_dump_json()])


def append(path: Path, episode: Episode) -> None:
    """Append an episode to a file.

    Raises
    ------
    ResultsError
        If it cannot be written.
    """
    try:
        with path.open("ab") as file:
            file.write(episode.model_dump_json().encode() + b"\n")
    except OSError as error:
        raise ResultsError(f"The results cannot be written to {path}: {error.strerror}.") from error


def load(paths: Iterable[Path]) -> Iterator[Episode]:
    """Read episodes; a last line that was cut off when a run was killed is skipped.

    If a file has an episode more than once, because it was played again, the last one counts.

    Raises
    ------
    ResultsError
        If a file cannot be read, or contains something else.
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
                if number == len(lines):  # no end of line, so it was cut off
                    continue
                raise ResultsError(f"Line {number} of {path} is no episode of this version.") from error
        yield from found.values()


def repaired(path: Path) -> list[Episode]:
    """Read a file, if it exists, and remove an unfinished last line from it."""
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
