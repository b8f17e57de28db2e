"""What identifies a model: a hash of the files that are there, each read once as long as it stays."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from ...agent.contracts import ModelError
from ..private import PrivateFile, SettingsError, data_folder
from . import gguf
from .sources import sha256_of

KNOWN = "hashes.json"
"""The file with the hashes of files that were read before, by path, and what those files were like then."""


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a model's file, or one over all parts of it, or over a folder's weights.

    Of a folder, it is over the weights and the configuration.

    Raises
    ------
    ModelError
        If a file cannot be read.
    """
    files = sorted([path / "config.json", *path.glob("*.safetensors")])
    if not path.is_dir():
        files = gguf.parts_of(path)
    try:
        hashes = hashes_of(files)
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read: {error.strerror}.") from error
    if len(hashes) == 1 and not path.is_dir():
        return hashes[0]
    named = "\n".join(f"{file.name} {value}" for file, value in zip(files, hashes, strict=True))
    return sha256(named.encode()).hexdigest()


def hashes_of(files: list[Path]) -> list[str]:
    """Return the SHA-256 of files; one whose size and times are as they were is not read again.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    file = PrivateFile(data_folder() / KNOWN)
    known, found = file.read(), {}
    for path in files:
        state = path.stat()
        # the time of its last change in any way cannot be set, so a copy with the old time is noticed, too
        seen = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        match known.get(name := str(path.absolute())):
            case [*before, str(value)] if before == seen:
                pass
            case _:
                value = sha256_of(path)
        found[name] = [*seen, value]
    if any(known.get(name) != entry for name, entry in found.items()):
        with suppress(SettingsError), file.change() as kept:  # else they are read again the next time
            for name in [name for name in kept if not Path(name).exists()]:
                del kept[name]
            kept.update(found)
    return [str(found[str(path.absolute())][-1]) for path in files]
