"""What a project wants a model to heed: `AGENTS.md` files, and skills, as they lie around a notebook.

The forms are those of https://agents.md and https://agentskills.io: a file `AGENTS.md` holds for its folder
and those below; a skill is a folder with a `SKILL.md`, whose front matter has a name and a description.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

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
DEEPEST = 20
"""Most levels of a skill's front matter."""


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
        project = {folders[0].resolve(), folders[-1].resolve()}
        files = [_read_file(above / FILE, start, project) for above in reversed(folders)]
        places: list[tuple[Path, set[Path] | None]] = [(above / SKILLS, project) for above in folders]
        if self.home is not None and self.home not in folders:
            places.append((self.home / SKILLS, None))
        found = [skill for place, within in places for skill in _skills(place, start, within)]
        skills: dict[str, Skill] = {}
        for skill in found:
            if skill.description:
                skills.setdefault(skill.name, skill)  # the nearest of a name
        return Project(
            files=[file for file in files if file],
            skills=sorted(skills.values(), key=lambda skill: skill.name),
            left_out=[skill.path for skill in found if not skill.description],
        )


def _upwards(start: Path, root: Path | None) -> Iterator[Path]:
    """Yield a folder, and those above it up to ``root``; only the folder, if it does not lie in ``root``."""
    folders = list(islice((start, *start.parents), LEVELS))
    if root is None:
        root = next((folder for folder in folders if (folder / ".git").exists()), start)
    yield from folders[: folders.index(root) + 1] if root in folders else folders[:1]


def _read_file(file: Path, start: Path, within: Collection[Path]) -> InstructionFile | None:
    text = _text(file, within)
    if text is None or not text.strip():
        return None
    return InstructionFile(path=_from(start, file), text=text.strip())


def _skills(place: Path, start: Path, within: Collection[Path] | None) -> Iterator[Skill]:
    try:
        folders = sorted(islice(place.iterdir(), MOST_SKILLS))
    except OSError:
        return
    for folder in folders:
        text = _text(folder / SKILL, within)
        if text is not None:
            about = {key: " ".join(value.split()) for key, value in _front_matter(text).items()}
            name, description = about.get("name") or folder.name, about.get("description", "")
            yield Skill(name=name, description=description, path=_from(start, folder / SKILL))


def _text(file: Path, within: Collection[Path] | None) -> str | None:
    """Return the beginning of a text file; a pipe or a device would make the notebook wait.

    A link may lead only to what lies ``within`` some folders, ``None`` for anywhere: a project may come from
    anybody, and is to show the model nothing but itself.
    """
    try:
        if not file.is_file() or not (within is None or any(map(file.resolve().is_relative_to, within))):
            return None
        with file.open(encoding="utf-8-sig", errors="replace") as opened:
            text = valid_text(opened.read(CHARACTERS))
    except (OSError, RuntimeError):  # a RuntimeError for links in a circle
        return None
    return None if "\0" in text else text


def _front_matter(text: str) -> dict[str, str]:
    """Return the texts of a file's front matter, by their keys.

    Only the events of YAML are read, and no value is made of them: references could make one without end.
    """
    head, *rest = text.split("\n")
    lines = [line.rstrip() for line in rest]
    if head.strip() != "---" or "---" not in lines:
        return {}
    try:
        return dict(_scalars(yaml.parse("\n".join(lines[: lines.index("---")]), yaml.SafeLoader)))
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}


def _scalars(events: Iterable[yaml.Event]) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of the outermost mapping, where both are texts."""
    level, key = 0, None
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        elif level == 1:
            text = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if key and text:
                yield key, text
            key = text if key is None else None
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
            if level > DEEPEST or (level == 1 and not isinstance(event, yaml.MappingStartEvent)):
                return


def _from(start: Path, file: Path) -> str:
    """Return a file's path for code that runs in the folder ``start``: the short one."""
    try:
        path = os.path.relpath(file, start)
    except ValueError:  # on another drive of Windows
        path = str(file)
    return valid_text(min(path, str(file), key=len))
