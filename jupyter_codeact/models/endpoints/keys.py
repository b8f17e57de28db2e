"""Keys of endpoints: in the system's keyring where there is one, else in a private file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..private import PrivateFile

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "jupyter-codeact"
"""Our name in the keyring."""

_log = logging.getLogger(__name__)


class Keys:
    """Stores keys by the name of their endpoint. Every method may block: a keyring may have to be unlocked.

    Parameters
    ----------
    file : PrivateFile
        The file for keys where there is no keyring.
    """

    def __init__(self, file: PrivateFile) -> None:
        self._file = file

    def get(self, name: str) -> str | None:
        """Return a key, if there is one."""
        if ring := _keyring():
            try:
                if key := ring.get_password(SERVICE, name):
                    return str(key)
            except Exception as error:  # whatever a backend raises
                _warn("read", error)
        key = self._file.read().get(name)
        return key if isinstance(key, str) else None

    def set(self, name: str, key: str) -> str:
        """Store a key; return the name of the place."""
        if ring := _keyring():
            try:
                ring.set_password(SERVICE, name, key)
            except Exception as error:
                _warn("written", error)
            else:
                self._remove_from_file(name)
                return "the system's keyring"
        with self._file.change() as keys:
            keys[name] = key
        return str(self._file.path)

    def remove(self, name: str) -> None:
        """Remove a key from wherever it is."""
        if ring := _keyring():
            try:
                if ring.get_password(SERVICE, name) is not None:
                    ring.delete_password(SERVICE, name)
            except Exception as error:
                _warn("written", error)
        self._remove_from_file(name)

    def _remove_from_file(self, name: str) -> None:
        if name in self._file.read():
            with self._file.change() as keys:
                keys.pop(name, None)


def _keyring() -> KeyringBackend | None:
    """Return the system's keyring, or ``None`` where there is none that keeps secrets."""
    try:
        import keyring

        backend = keyring.get_keyring()
        # Below 1 are backends that only fail, store nothing, or store keys in the clear.
        return backend if float(backend.priority) >= 1 else None
    except ImportError:  # the extra `local` brings it; there is the file
        return None
    except Exception as error:
        _warn("found", error)
        return None


def _warn(what: str, error: Exception) -> None:
    # Only the kind of the error: its message might have the key in it.
    _log.warning("The system's keyring cannot be %s (%s)", what, type(error).__name__)
