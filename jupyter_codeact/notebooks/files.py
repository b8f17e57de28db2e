"""The files beside a notebook, for the model: their names, and what is in those that a task names."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from .previews import preview

LOOKED_AT = 5000
"""Most files that are looked at in a folder; a larger one is not read to its end."""
PREVIEWED = 3
"""Most files that are previewed."""

_PATH = re.compile(r"(?<![\w./-])(?:[\w.-]+/)+[\w.-]*\w")


class Beside(NamedTuple):
    """The names of the files beside a notebook, and the previews of some."""

    files: list[str]
    previews: dict[str, str]


async def files_beside(folder: Path, without: Collection[str] = (), task: str = "") -> Beside:
    """Return the names of the files in a folder, and previews of the data files that a task names.

    Folders end with a slash. Hidden files and those named in ``without`` are left out; a folder that cannot
    be read has none. A task may name files in subfolders, too; what lies elsewhere is not read.
    """
    return await asyncio.to_thread(_read, folder, without, task)


def _read(folder: Path, without: Collection[str], task: str) -> Beside:
    try:
        with os.scandir(folder) as entries:
            names = [
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in islice(entries, LOOKED_AT)
                if not entry.name.startswith((".", "__")) and entry.name not in without
            ]
    except OSError:
        return Beside([], {})
    files = sorted((name for name in names if name.isprintable()), key=lambda name: (name.casefold(), name))
    named = [name for name in files if name in task and _is_named(name, task)]
    inside = sorted({*named, *_PATH.findall(task)}, key=task.index)
    shown = ((name, text) for name, text in _previews(folder, inside) if text)
    return Beside(files, dict(islice(shown, PREVIEWED)))


def _is_named(name: str, task: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w/-]|\.\w)", task) is not None


def _previews(folder: Path, names: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield the names of data files in a folder and below, with what is in them."""
    root = folder.resolve()
    for name in names:
        hidden = any(part.startswith(".") for part in name.split("/"))
        try:
            file = (root / name).resolve()
            # a link may lead out of the folder, and nobody may ever write to a pipe
            if not hidden and file.is_relative_to(root) and stat.S_ISREG(file.stat().st_mode):
                yield name, preview(file, name)
        except (OSError, ValueError, RuntimeError):  # gone, or a name that no file can have
            continue
