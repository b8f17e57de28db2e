"""Saving a file: in one step, under a free name, and never over a change that was not seen."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from ..agent.contracts import NotebookError

LOCK_SECONDS = 1.0
"""Seconds to wait for another run that writes to the same folder; each takes far less than one."""


def free_names(notebook: Path | None) -> Iterator[Path]:
    """Yield ``NAME-codeact.ipynb``, ``NAME-codeact-2.ipynb``, … as long as they are not taken."""
    folder = Path.cwd() if notebook is None else notebook.resolve().parent
    # a copy of a copy is the next copy, not NAME-codeact-codeact
    stem = "codeact" if notebook is None else re.sub(r"-codeact(-\d+)?$", "", notebook.stem) + "-codeact"
    number = 1
    while True:
        path = folder / (f"{stem}.ipynb" if number == 1 else f"{stem}-{number}.ipynb")
        if not path.exists():
            yield path
        number += 1


def require_regular(path: Path) -> None:
    """Require that ``path`` is a regular file: a device or a pipe is neither read nor replaced.

    Raises
    ------
    OSError
        If it is something else, or there is nothing.
    """
    kind = os.stat(path).st_mode
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, "Is a directory")
    if not stat.S_ISREG(kind):
        raise OSError(errno.EINVAL, "It is not a regular file")


def check_writable(path: Path) -> None:
    """Find out whether ``path`` could be written, and leave no trace.

    Raises
    ------
    NotebookError
        If not.
    """
    hint = "Choose another place with --output."
    if path.is_dir():
        raise NotebookError(f"The output {path} is a folder. Name a file in it with --output.")
    if path.exists() and not path.is_file():
        raise NotebookError(f"The output {path} is not a regular file, so it is left alone. {hint}")
    if path.exists() and not os.access(path, os.W_OK):
        raise NotebookError(f"The output {path} is read-only. {hint}")
    try:
        # on Linux this file never has a name, so that even the folder's time stays as it is
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise NotebookError(f"The output {path} cannot be written: {reason(error)}. {hint}") from error


def read_if_there(path: Path) -> bytes | None:
    """Return the content of a file, or ``None`` if there is no such file."""
    try:
        require_regular(path)
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write_atomically(path: Path, content: bytes, *, replaces: bytes | None) -> None:
    """Write ``content`` to ``path`` in one step.

    Parameters
    ----------
    path
        The file.
    content
        Its new content.
    replaces
        The content that may be overwritten; ``None`` if there must be no such file.

    Raises
    ------
    FileExistsError
        If the file has another content; it is left alone.
    OSError
        If it could not be written; what was there before is still there.
    """
    with _written(path, content) as temporary, _alone(path.parent):
        if replaces is not None:
            try:
                now = read_if_there(path)
            except OSError as error:  # it is no file any more
                raise FileExistsError(path) from error
            if now not in (replaces, None):
                raise FileExistsError(path)
            if now is not None:
                os.replace(temporary, path)
                return
        try:
            os.link(temporary, path)  # in one step only if there is no such file
        except OSError:  # there is, or this file system has no links
            if os.path.lexists(path):
                raise FileExistsError(path) from None
            os.replace(temporary, path)


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` in one step, whatever the file there holds; a link to it stays a link.

    Raises
    ------
    OSError
        If it could not be written, or if something is there that is not a regular file.
    """
    path = path.resolve()
    with contextlib.suppress(FileNotFoundError):
        require_regular(path)
    with _written(path, content) as temporary:
        os.replace(temporary, path)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other runs from looking at what this one replaces, where the system can do that."""
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.005)
            except OSError:  # this file system has no locks
                break
            else:
                break
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _written(path: Path, content: bytes) -> Iterator[Path]:
    """Write ``content`` to a file beside ``path`` and yield its name.

    Where the system can do that, the file gets its name only when it is complete: a cell that lists its
    folder meanwhile would see it otherwise.
    """
    temporary = path.parent / f".{path.name}.{uuid.uuid4().hex}"
    mode = path.stat().st_mode & 0o7777 if path.exists() else None
    try:
        if not _write_nameless(temporary, content, mode):
            _fill(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), content)
            if mode is not None:
                temporary.chmod(mode)
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _write_nameless(temporary: Path, content: bytes, mode: int | None) -> bool:
    """Write a file that has no name until it is complete; tell whether this system can."""
    try:
        descriptor = os.open(temporary.parent, os.O_WRONLY | os.O_TMPFILE, 0o666)
    except (AttributeError, OSError):
        return False

    def name() -> None:
        if mode is not None:
            os.fchmod(descriptor, mode)
        with contextlib.suppress(OSError):
            # any descriptor will do as that of a folder: with one, Python follows the link
            os.link(f"/proc/self/fd/{descriptor}", temporary, src_dir_fd=descriptor)

    _fill(descriptor, content, name)
    return temporary.exists()


def _fill(descriptor: int, content: bytes, then: Callable[[], None] = lambda: None) -> None:
    """Write an open file, see it onto the disk, do something with it, and close it."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
        then()


def reason(error: OSError) -> str:
    """Return the system's own reason for an error, as part of a sentence."""
    why = error.strerror or type(error).__name__
    return why[0].lower() + why[1:]
