"""Faster imports, for commands that do not live long."""

from __future__ import annotations

import importlib
import sys

_GRAMMAR = "rfc3987_syntax"


def import_jsonschema() -> None:
    """Import jsonschema without its check of international addresses, which notebooks have none of.

    nbformat imports jsonschema, and that the check, if it is installed, as it is with Jupyter Server. The
    check builds a parser when it is imported, which takes longer than all the rest of a command's start.
    Only for a process in which nobody else uses jsonschema.
    """
    if "jsonschema" in sys.modules or _GRAMMAR in sys.modules:
        return
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # so that its import fails, which jsonschema expects
    try:
        importlib.import_module("jsonschema")
    finally:
        del sys.modules[_GRAMMAR]
