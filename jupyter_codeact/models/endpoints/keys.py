"""The keys of endpoints: in the system's keyring where there is one, else in a private file."""

from __future__ import annotations

import logging
from typing import Any

from ..private import PrivateFile

SERVICE = "jupyter-codeact"
"""What the keyring calls us."""

_log = logging.getLogger(__name__)


class Keys:
    """Keeps keys by the name of their endpoint. Everything here may block: a keyring may ask to be unlocked.

    Parameters
    ----------
    file : PrivateFile
        Where keys are kept if there is no keyring.
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
                _say("read", error)
        key = self._file.read().get(name)
        return key if isinstance(key, str) else None

    def set(self, name: str, key: str) -> str:
        """Keep a key; return where, in words."""
        if ring := _keyring():
            try:
                ring.set_password(SERVICE, name, key)
            except Exception as error:
                _say("written", error)
            else:
                self._forget(name)
                return "the system's keyring"
        with self._file.change() as keys:
            keys[name] = key
        return str(self._file.path)

    def remove(self, name: str) -> None:
        """Forget a key, wherever it is."""
        if ring := _keyring():
            try:
                if ring.get_password(SERVICE, name) is not None:
                    ring.delete_password(SERVICE, name)
            except Exception as error:
                _say("written", error)
        self._forget(name)

    def _forget(self, name: str) -> None:
        if name in self._file.read():
            with self._file.change() as keys:
                keys.pop(name, None)


def _keyring() -> Any:
    """Return the system's keyring, or ``None`` where there is none that keeps secrets."""
    try:
        import keyring

        backend = keyring.get_keyring()
        # Below 1 are those that only fail, that keep nothing, and that keep keys in the clear.
        return backend if float(backend.priority) >= 1 else None
    except Exception as error:
        _say("found", error)
        return None


def _say(what: str, error: Exception) -> None:
    # Only the kind of the error: what it says might have the key in it.
    _log.warning("The system's keyring cannot be %s (%s)", what, type(error).__name__)
