"""What a project wants a model to heed: `AGENTS.md` files, and skills, as they lie around a notebook.

The forms are those of https://agents.md and https://agentskills.io: a file `AGENTS.md` holds for its folder
and those below; a skill is a folder with a `SKILL.md`, whose front matter has a name and a description.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from ..agent.project import InstructionFile, Project, Skill
from ..agent.unicode import valid_text

FILE = "AGENTS.md"
SKILLS = Path(".agents") / "skills"
"""Where skills lie, in a folder of the project and in the user's home."""
SKILL = "SKILL.md"
CHARACTERS = 20_000
"""Most characters that are read of a file; the prompt has room for fewer."""
MOST_SKILLS = 100
LEVELS = 30
"""Most folders that are looked into on the way up."""


@dataclass(frozen=True)
class ProjectFolders:
    """Where to look for instructions and skills.

    Attributes
    ----------
    root : Path or None
        The folder where the way up ends. By default the nearest one that is under version control, otherwise
        the notebook's own.
    home : Path or None
        The user's home, where their own skills lie; ``None`` for none.
    """

    root: Path | None = None
    home: Path | None = None

    async def read(self, folder: Path) -> Project:
        """Return what holds for a notebook in ``folder``; what cannot be read is left out."""
        return await asyncio.to_thread(self._read, folder)

    def _read(self, folder: Path) -> Project:
        start = Path(os.path.abspath(folder))
        folders = list(_upwards(start, self.root and Path(os.path.abspath(self.root))))
        files = [_read_file(above / FILE, start) for above in reversed(folders)]
        places = [above / SKILLS for above in folders]
        if self.home is not None and self.home / SKILLS not in places:
            places.append(self.home / SKILLS)
        skills: dict[str, Skill] = {}
        for skill in (skill for place in places for skill in _skills(place, start)):
            skills.setdefault(skill.name, skill)  # the nearest of a name
        return Project(
            files=[file for file in files if file],
            skills=sorted(skills.values(), key=lambda skill: skill.name),
        )


def _upwards(start: Path, root: Path | None) -> Iterator[Path]:
    """Yield a folder, and those above it up to ``root``; only the folder, if it does not lie in ``root``."""
    folders = list(islice((start, *start.parents), LEVELS))
    if root is None:
        root = next((folder for folder in folders if (folder / ".git").exists()), start)
    yield from folders[: folders.index(root) + 1] if root in folders else folders[:1]


def _read_file(file: Path, start: Path) -> InstructionFile | None:
    text = _text(file)
    if text is None or not text.strip():
        return None
    return InstructionFile(path=_from(start, file), text=text.strip())


def _skills(place: Path, start: Path) -> Iterator[Skill]:
    try:
        folders = sorted(islice(place.iterdir(), MOST_SKILLS))
    except OSError:
        return
    for folder in folders:
        text = _text(folder / SKILL)
        if text is not None and (about := _front_matter(text)):
            name, description = (" ".join(str(about.get(key, "")).split()) for key in ("name", "description"))
            if description:
                path = _from(start, folder / SKILL)
                yield Skill(name=name or folder.name, description=description, path=path)


def _text(file: Path) -> str | None:
    """Return the beginning of a regular file; a pipe or a device would make the notebook wait."""
    try:
        if not file.is_file():
            return None
        with file.open(encoding="utf-8-sig", errors="replace") as opened:
            return valid_text(opened.read(CHARACTERS))
    except OSError:
        return None


def _front_matter(text: str) -> dict[Any, Any]:
    head, *rest = text.split("\n")
    if head.strip() != "---":
        return {}
    lines = [line.rstrip() for line in rest]
    if "---" not in lines:
        return {}
    try:
        found = yaml.safe_load("\n".join(lines[: lines.index("---")]))
    except (yaml.YAMLError, RecursionError, ValueError):  # a ValueError for dates that do not exist
        return {}
    return found if isinstance(found, dict) else {}


def _from(start: Path, file: Path) -> str:
    """Return a file's path for code that runs in the folder ``start``: the short one."""
    try:
        path = os.path.relpath(file, start)
    except ValueError:  # on another drive of Windows
        path = str(file)
    return valid_text(min(path, str(file), key=len))
