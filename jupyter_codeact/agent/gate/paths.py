"""Where the paths in a cell lead, and whose files are there."""

from __future__ import annotations

import os.path
import re
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from . import dangers as d
from .values import DATA, EXISTING, MARKS, PARAMETER, UNKNOWN, shown

_NO_BEGINNING = re.compile(rf"[{UNKNOWN}{DATA}]+(?:[/\\]|$)")
_FREE = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/shm")  # noqa: S108
_SPECIAL = re.compile(
    r"(?:^|[\\/])(?:\.(?!\.?(?:[\\/]|$)|cache(?:[\\/]|$)|ipynb_checkpoints)[^\\/]+"
    r"|jupyter_\w*config\.\w+|ipython_\w*config\.py|(?:site|user)customize\.py|[\w-]+\.pth)(?=[\\/]|$)",
    re.IGNORECASE,
)
"""Files that programs read by themselves: hidden ones, and those of Python and Jupyter."""
_ADDED = (".npy", ".npz", ".db", ".dat", ".png", ".zip", ".tar", ".tar.gz")
"""Endings that numpy, dbm, matplotlib and shutil add to a name without one."""


@dataclass
class Files:
    """The files that the gate knows of, apart from those on this machine's disk.

    Attributes
    ----------
    folders : frozenset of str
        The folders in which the code may run, from the notebook's: it may have changed the folder.
    found : set of str
        Files that are known to be there: those beside the notebook, and those that code has read.
    made : set of str
        Files that the run itself made.
    notebook : str
        The notebook's own file.
    """

    folders: frozenset[str] = frozenset([""])
    found: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    notebook: str = ""

    def copy(self) -> Files:
        """Return a copy that can change independently."""
        return Files(self.folders, set(self.found), set(self.made), self.notebook)


class Places:
    """Judges paths; without the notebook's ``folder``, relative ones lie inside and absolute ones outside."""

    def __init__(self, folder: Path | str | None) -> None:
        self._folder = str(folder) if folder is not None else None
        self._allowed = [tempfile.gettempdir(), "/tmp", *_FREE]  # noqa: S108
        if self._folder:
            self._allowed += list(dict.fromkeys([self._folder, os.path.realpath(self._folder)]))

    def moved(self, files: Files, targets: Iterable[str]) -> frozenset[str]:
        """Return the folders in which code may run that changes to ``targets``."""
        some = {UNKNOWN if _NO_BEGINNING.match(target) else target for target in targets}
        folders = {one for target in some for one in self._absolute(target, files)}
        return frozenset(folders if len(folders) <= 8 else [UNKNOWN])

    def risk_of_writing(self, text: str, files: Files, *, replaces: bool = True) -> tuple[str, str] | None:
        """Return the reason to ask before a path is written, with the path; ``None`` if there is none.

        Without ``replaces``, a file that is there is left as it is.
        """
        if text.startswith(PARAMETER) or not text:
            return None
        if _NO_BEGINNING.match(text):
            return d.UNKNOWN_TARGET, "" if len(text.strip(MARKS)) == 0 else shown(text)
        if "://" in text[:12]:
            return None  # an address, and no path
        if text.endswith(EXISTING) and replaces:
            return d.OVERWRITES, shown(text)
        risks = [self._risk(text, absolute, files, replaces) for absolute in self._absolute(text, files)]
        return next(filter(None, risks), None)

    def is_found(self, text: str, files: Files) -> bool:
        """Tell whether a path is that of a file which is known to be there and which the run did not make."""
        return any(self._is_found(absolute, files) for absolute in self._absolute(text, files))

    def absolute(self, text: str, files: Files, *, is_pattern: bool = False) -> list[str]:
        """Return the paths, from the notebook's folder, that a text may mean; with marks if it has some."""
        return [] if not is_pattern and any(mark in text for mark in MARKS) else self._absolute(text, files)

    def is_outside(self, text: str, files: Files) -> bool:
        """Tell whether a path leads out of the folder; an unknown one does not."""
        return not _NO_BEGINNING.match(text) and any(map(self._is_outside, self._absolute(text, files)))

    def _absolute(self, text: str, files: Files) -> list[str]:
        text = os.path.expanduser(text) if text.startswith("~") and not _is_drive(text) else text
        text = re.sub(r"^file://", "", text)
        if os.path.isabs(text) or _is_drive(text) or text.startswith(("~", "$", "\\\\")):
            return [os.path.normpath(text)]
        return [os.path.normpath(os.path.join(folder, text)) for folder in sorted(files.folders)]

    def _risk(self, text: str, path: str, files: Files, replaces: bool) -> tuple[str, str] | None:
        if _NO_BEGINNING.match(path):  # it runs in a folder that is not known
            return d.UNKNOWN_TARGET, shown(text)
        if self._is_outside(path):
            return d.OUTSIDE, shown(text)
        inside = os.path.relpath(path, self._folder) if self._folder and os.path.isabs(path) else path
        if inside.endswith(".ipynb") and path not in files.made:
            return d.NOTEBOOK_FILE, shown(text)
        if _SPECIAL.search(inside) and not self._is_temporary(path):
            return d.STARTUP, shown(text)
        if replaces and self._is_found(path, files):
            return d.OVERWRITES, shown(text)
        return None

    def _is_found(self, path: str, files: Files) -> bool:
        if path in files.made or self._is_temporary(path) or path.startswith("/dev/"):
            return False
        names = [path] if PurePosixPath(path).suffix else [path, *(path + ending for ending in _ADDED)]
        if any(name in files.found for name in names):
            return True
        whole = os.path.join(self._folder, path) if self._folder else path
        if any(mark in path for mark in MARKS) or not os.path.isabs(whole) or len(whole) > 1000:
            return False
        return any(os.path.isfile(os.path.join(self._folder or "", name)) for name in names)

    def _is_temporary(self, path: str) -> bool:
        temporary = [tempfile.gettempdir(), "/tmp"]  # noqa: S108
        if self._folder and _within(self._folder, temporary) and _within(path, [self._folder]):
            return False  # the notebook itself lies there
        return _within(path, temporary)

    def _is_outside(self, path: str) -> bool:
        if path.startswith(("~", "$", "\\\\")):
            return True
        if _is_drive(path):
            folder = self._folder or ""
            return not path.lower().startswith(folder.lower()) if folder else True
        if not PurePosixPath(path).is_absolute():
            if not (path == ".." or path.startswith("../")):
                return self._links_outside(path)
            if self._folder is None:
                return True
            path = os.path.normpath(os.path.join(self._folder, path))
        return not _within(path, self._allowed) or self._links_outside(path)

    def _links_outside(self, path: str) -> bool:
        """Tell whether a path in the folder leads out of it over a link."""
        if self._folder is None or any(mark in path for mark in MARKS) or len(path) > 1000:
            return False
        whole = os.path.join(self._folder, path)
        return _within(whole, [self._folder]) and not _within(os.path.realpath(whole), self._allowed)


def _within(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def _is_drive(path: str) -> bool:
    return bool(PureWindowsPath(path).drive)
