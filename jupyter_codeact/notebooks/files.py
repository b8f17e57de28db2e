"""The names of the files beside a notebook, for the model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from itertools import islice
from pathlib import Path

LOOKED_AT = 5000
"""Most files that are looked at in a folder; a larger one is not read to its end."""


async def files_beside(folder: Path, without: Collection[str] = ()) -> list[str]:
    """Return the names of the files in a folder.

    Folders end with a slash. Hidden files and those named in ``without`` are left out; a folder that cannot
    be read has none.
    """
    return await asyncio.to_thread(_read, folder, without)


def _read(folder: Path, without: Collection[str]) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in islice(entries, LOOKED_AT)
                if not entry.name.startswith((".", "__")) and entry.name not in without
            ]
    except OSError:
        return []
    readable = [name for name in names if name.isprintable()]
    return sorted(readable, key=lambda name: (name.casefold(), name))
