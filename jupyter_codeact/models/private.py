"""Small files of settings that only their owner can read."""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..agent.contracts import CodeActError

_log = logging.getLogger(__name__)


class SettingsError(CodeActError):
    """A setting cannot be stored, or is not valid."""


def data_folder() -> Path:
    """Return the folder of this user's settings and conversations: ``codeact`` in Jupyter's data folder."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "codeact"


class PrivateFile:
    """A JSON object in a file that only its owner can read, written whole or not at all.

    A lock lets the processes that share it write in turn.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """Return the object, empty if there is no file. A damaged file is put aside."""
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
            if isinstance(value, dict):
                return value
        except FileNotFoundError:
            return {}
        except OSError as error:
            _log.warning("%s cannot be read: %s", self.path, error)
            return {}
        except ValueError:
            pass
        aside = self.path.with_name(f"{self.path.name}.damaged")
        with suppress(OSError):
            self.path.replace(aside)
        _log.warning("%s was damaged, and is now %s", self.path, aside)
        return {}

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """Yield the object to be changed in place; it is written at the end.

        Raises
        ------
        SettingsError
            If it cannot be written; the file then stays as it was.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=10, mode=0o600):
                value = self.read()
                before = json.dumps(value)
                yield value
                if json.dumps(value) != before:
                    self._write(value)
        except OSError as error:  # filelock's Timeout is one
            raise SettingsError(f"{self.path} cannot be written: {error.strerror or error}.") from error

    def _write(self, value: dict[str, Any]) -> None:
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(value, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)
