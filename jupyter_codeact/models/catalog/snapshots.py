"""Models in repositories of many files: in the Hugging Face cache, or in our own folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from threading import Event

from ...agent.contracts import Frozen, ModelError
from ..extras import missing
from .model import RemoteFile, Snapshot
from .sources import Progress, Transfer, UnavailableError, from_hub, sha256_of, shifted

_WEIGHTS = ".safetensors"
_OTHERS = (".json", ".txt", ".jinja", ".model")
"""Files that a model needs beside its weights. Code is never downloaded."""


class File(Frozen):
    """A file of a repository; ``blob`` is git's hash of it, and only large files have a ``sha256``."""

    path: str
    size: int
    blob: str
    sha256: str | None


def find(snapshot: Snapshot, folder: Path) -> Path | None:
    """Return the folder of the whole model, if it is on this machine."""
    candidates = [folder / snapshot.name, *_cached(snapshot)]
    return next((candidate for candidate in candidates if is_whole(candidate)), None)


def _cached(snapshot: Snapshot) -> list[Path]:
    """Return the model's folder in the Hugging Face cache, if that has one."""
    if missing("huggingface_hub"):
        return []
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(snapshot.hub, "config.json", revision=snapshot.revision)
    return [Path(cached).parent] if isinstance(cached, str) else []


def is_whole(path: Path) -> bool:
    """Tell whether a folder has a configuration, a tokenizer and all weights of its index."""
    if not (path / "config.json").is_file() or not any(path.glob("tokenizer*")):
        return False
    index = path / f"model{_WEIGHTS}.index.json"
    try:
        names = set(json.loads(index.read_text())["weight_map"].values()) if index.is_file() else set()
    except (ValueError, KeyError):
        return False
    return all((path / name).is_file() for name in names or {f"model{_WEIGHTS}"})


def fetch(snapshot: Snapshot, folder: Path, staging: Path, progress: Progress, cancel: Event) -> Path:
    """Download a model into ``folder``, continuing an interrupted download.

    Every file is compared to the hash that the Hub has for it at this revision.
    """
    target = folder / snapshot.name
    complete = staging / "whole"
    if why := missing("huggingface_hub"):
        raise _unavailable(snapshot, folder, f"for the Hugging Face Hub, {why}")
    try:
        files = _files(snapshot)
    except Exception as error:  # whatever the network library raises
        raise _unavailable(
            snapshot, folder, f"the Hugging Face Hub could not be reached ({type(error).__name__})"
        ) from error
    total = sum(file.size for file in files)
    if shutil.disk_usage(folder).free < total - _size(complete):
        raise ModelError(
            f"There is no room for {snapshot.name} in {folder} ({total / 1e9:.1f} GB are needed). Free some"
            " space, or choose another folder with the environment variable JUPYTER_CODEACT_MODELS."
        )
    before = 0
    for file in files:
        if not (complete / file.path).is_file():
            _fetch_file(snapshot, file, complete, shifted(progress, before, total), cancel)
        before += file.size
    if target.exists():  # of an earlier revision, or incomplete
        shutil.rmtree(target)
    complete.replace(target)
    shutil.rmtree(staging, ignore_errors=True)
    return target


def _files(snapshot: Snapshot) -> list[File]:
    """Ask the Hub for the files at the model's revision."""
    from huggingface_hub import HfApi, get_hf_file_metadata, get_token, hf_hub_url
    from huggingface_hub.hf_api import RepoFile

    endpoint = os.environ.get("HF_ENDPOINT")  # the token is sent only to a mirror that the user chose
    token: str | bool = (get_token() if endpoint else None) or False
    # An unreachable Hub fails here at once; the library would request the list again and again.
    config = hf_hub_url(snapshot.hub, "config.json", revision=snapshot.revision, endpoint=endpoint)
    get_hf_file_metadata(config, token=token, timeout=5, endpoint=endpoint, user_agent="jupyter-codeact")
    hub = HfApi(endpoint=endpoint, token=token, user_agent="jupyter-codeact")
    listed = hub.list_repo_tree(snapshot.hub, revision=snapshot.revision)
    files = [
        File(path=file.path, size=file.size, blob=file.blob_id, sha256=file.lfs.sha256 if file.lfs else None)
        for file in listed
        if isinstance(file, RepoFile) and file.path.endswith((_WEIGHTS, *_OTHERS))
    ]
    # Small files first, so that a mismatch among them costs little.
    return sorted(files, key=lambda file: file.size)


def _fetch_file(snapshot: Snapshot, file: File, whole: Path, progress: Progress, cancel: Event) -> None:
    part = whole.parent / f"{file.path}.part"
    remote = RemoteFile(path=file.path, size=file.size, sha256=file.sha256 or "")
    transfer = Transfer(snapshot, remote, whole.parent, part, progress, cancel)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()  # an empty file has no bytes to download
        from_hub(transfer)
    except UnavailableError as reason:
        raise _unavailable(snapshot, whole.parent, str(reason)) from reason
    transfer.report("checking")
    is_right = sha256_of(part) == file.sha256 if file.sha256 else _blob_of(part) == file.blob
    if not is_right:
        part.unlink()
        raise transfer.checksum_error()
    (whole / file.path).parent.mkdir(parents=True, exist_ok=True)
    part.replace(whole / file.path)


def _blob_of(path: Path) -> str:
    """Return git's hash of a file."""
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _unavailable(snapshot: Snapshot, folder: Path, reason: str) -> ModelError:
    return ModelError(
        f"{snapshot.name} could not be downloaded: {reason}. Check the network connection and run"
        f" `jupyter codeact models pull {snapshot.name}` again, or download"
        f" revision {snapshot.revision} of {snapshot.hub} into the Hugging Face cache yourself."
    )
