"""The record of an episode: everything needed to read, count and repeat it.

Figures are lines of JSON in ``NAME.jsonl``; messages and cells are in a compressed file beside it, in the
form that `trajectories` describes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ..agent.contracts import CodeActError, ExecutionStatus, Frozen, Message, Usage
from ..agent.run_limits import Guidance
from . import trajectories
from .versions import versions

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


class RanCell(Frozen):
    """A cell that ran in an episode: its turn, what ran (with the changes of hooks), and how it ended."""

    turn: int
    source: str
    status: ExecutionStatus
    seconds: float = 0.0


class Played(Frozen):
    """The outcome of an episode.

    ``strict`` judges the first answer; ``success`` the last one, if the agent was told of wrong answers and
    went on. ``messages`` are all messages between agent and model, ``cells`` all that ran of this project's
    agent; ``hooks`` counts the turns in which each of its hooks was of use.
    """

    strict: bool
    success: bool
    ending: Ending
    turns: int
    usage: Usage = Usage()
    answer: str = ""
    message: str = ""
    messages: list[Message] = Field(default_factory=list)
    cells: list[RanCell] = Field(default_factory=list)
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
    """One attempt at one task.

    ``versions`` say which agent it was, if from a checkout with its ``commit``; ``trajectory`` says how much
    of its messages and cells is kept, and is empty if nothing is known of that. ``place`` is 1 for the second
    of two settings that were compared.
    """

    suite: str
    case: Case
    sample: int
    model: str
    setting: Setting
    played: Played
    seconds: float
    began: float = Field(default_factory=time.time, description="Unix time")
    versions: dict[str, str] = Field(default_factory=lambda: dict(versions()))
    trajectory: trajectories.Kept | Literal[""] = ""
    place: int = 0

    @property
    def agent(self) -> str:
        """Which agent it was: the beginning of its commit (with ``+`` if changed), else its version."""
        commit = self.versions.get("commit", "")
        changed = "+" if commit.endswith("+") else ""
        return commit[:7].rstrip("+") + changed or self.versions.get("jupyter-codeact", "unknown")

    @property
    def key(self) -> str:
        """What identifies this episode in a file, so that a resumed run can skip it."""
        return key(self.suite, self.case.name, self.sample, self.model, self.setting)


def key(suite: str, case: str, sample: int, model: str, setting: Setting) -> str:
    """Return what identifies an episode."""
    return "\n".join([suite, case, str(sample), model, setting.model_dump_json()])


def append(path: Path, episode: Episode) -> None:
    """Append an episode to a file, and its trajectory to the file beside it.

    Raises
    ------
    ResultsError
        If it cannot be written.
    """
    try:
        whole = episode.model_dump(mode="json")
        about = {name: whole[name] for name in ("suite", "case", "sample", "model")}
        trajectory = {name: whole["played"][name] for name in ("messages", "cells")}
        kept = trajectories.append(path, episode.key, about, trajectory)
        played = episode.played.model_copy(update={"messages": [], "cells": []})
        figures = episode.model_copy(update={"trajectory": kept, "played": played})
        with path.open("ab") as file:
            file.write(figures.model_dump_json().encode() + b"\n")
    except OSError as error:
        raise ResultsError(f"The results cannot be written to {path}: {error.strerror}.") from error


def load(paths: Iterable[Path]) -> Iterator[Episode]:
    """Read episodes; a last line that was cut off when a run was killed is skipped.

    If a file has an episode more than once, because it was played again, the last one counts. Messages and
    cells are there if they are in the file of trajectories beside it, or in the line itself.

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
        try:
            kept = trajectories.load(path)
        except OSError as error:
            raise ResultsError(f"The trajectories of {path} cannot be read: {error.strerror}.") from error
        found: dict[str, Episode] = {}
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                episode = Episode.model_validate_json(line)
                found[episode.key] = _with_trajectory(episode, kept)
            except ValidationError as error:
                if number == len(lines):  # no end of line, so it was cut off
                    continue
                raise ResultsError(f"Line {number} of {path} is no episode of this version.") from error
        yield from found.values()


def _with_trajectory(episode: Episode, kept: Mapping[str, Mapping[str, Any]]) -> Episode:
    line = kept.get(trajectories.digest(episode.key)) if episode.trajectory in ("kept", "shortened") else None
    if line is None:
        return episode
    played = {**episode.played.model_dump(), "messages": line.get("messages"), "cells": line.get("cells")}
    return episode.model_copy(update={"played": Played.model_validate(played)})


def repaired(path: Path) -> list[Episode]:
    """Read a file, if it exists, and remove what a run that was killed left unfinished."""
    trajectories.repair(path)  # it is written first
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) != len(content):
        path.write_bytes(whole)
    return list(load([path]))
