"""The project's instructions and skills, as the model is told them."""

from __future__ import annotations

from collections.abc import Mapping

from .. import prompts
from ..project import Project
from ..secrets import hide
from .marks import in_one_line, marked, quoted

FILES = 8000
"""Most characters of all instruction files together."""
FILES_IF_SMALL = 2000
SKILLS = 4000
"""Most characters of the list of skills."""
SKILLS_IF_SMALL = 1200
DESCRIPTION = 300
"""Most characters of a skill's description."""


def describe_project(
    project: Project,
    nonce: str,
    secrets: Mapping[str, str],
    *,
    small: bool = False,
    room: float = 1.0,
    earlier: str = "",
) -> list[str]:
    """Describe what a project tells the model; what stands in the ``earlier`` text is left out.

    Where the files are longer than their room, which is ``room`` times the usual one, the nearest gets it
    first.
    """
    left = round((FILES_IF_SMALL if small else FILES) * room)
    parts: list[str] = []
    unread: list[str] = []
    for file in reversed(project.files):
        text = hide(file.text, secrets, nonce)
        if len(text) > left:
            text = text[:left].rpartition("\n")[0]
            if not text.strip():
                unread.append(quoted(file.path))
                continue
            text += f"\n{prompts.CUT_PROJECT}"
        left -= len(text)
        if text not in earlier:
            heading = prompts.PROJECT.format(path=quoted(file.path))
            parts.insert(0, marked(heading, "project", text, nonce, {}, kind=""))
    if unread:
        parts.append(prompts.MORE_PROJECT.format(paths=", ".join(unread)))
    if (skills := _skills(project, round((SKILLS_IF_SMALL if small else SKILLS) * room))) not in earlier:
        parts.append(marked(prompts.SKILLS, "skills", skills, nonce, secrets, kind=""))
    return parts


def _skills(project: Project, room: int) -> str:
    lines: list[str] = []
    for skill in project.skills:
        about = in_one_line(skill.description, DESCRIPTION)
        line = f"- {in_one_line(skill.name, 80)}: {about} ({quoted(skill.path, 400)})"
        room -= len(line)
        if room < 0:
            lines.append(f"({len(project.skills) - len(lines):,} more not shown)")
            break
        lines.append(line)
    return "\n".join(lines)
