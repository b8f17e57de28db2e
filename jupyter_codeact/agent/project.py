"""What a project tells every agent that works in it: instructions, and skills for some kinds of work."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from pydantic import Field

from .contracts import Frozen


class InstructionFile(Frozen):
    """A file with instructions for every agent in its folder; code in the kernel can open its ``path``."""

    path: str
    text: str


class Skill(Frozen):
    """A guide to one kind of work, which the model reads when it needs it: the file at ``path``."""

    name: str
    description: str
    path: str


class Project(Frozen):
    """What holds where a notebook lies.

    ``files`` begin with the one that is farthest from the notebook: a nearer one goes before it. ``left_out``
    are the files of skills that have no description that can be read.
    """

    files: list[InstructionFile] = Field(default_factory=list)
    skills: list[Skill] = Field(default_factory=list)
    left_out: list[str] = Field(default_factory=list)


ReadProject = Callable[[], Coroutine[Any, Any, Project]]
"""Reads what holds for the notebook of a run; asked when the run begins."""


async def no_project() -> Project:
    """Return a project that says nothing."""
    return Project()
