"""The gate: decides whether an action may run, bound to its exact source."""

from __future__ import annotations

import hashlib
from typing import Protocol

from .contracts import Frozen


class Decision(Frozen):
    """What the gate said. ``sha256`` is that of ``source``, which is exactly what may run if ``allowed``."""

    source: str
    sha256: str
    allowed: bool
    reasons: list[str]


class Gate(Protocol):
    """Decides about one action at a time; may wait for the user."""

    async def decide(self, source: str) -> Decision:
        """Return the decision for ``source``; its own ``source`` may differ where the user edited it."""
        ...


def decision(source: str, *, allowed: bool, reasons: list[str] | None = None) -> Decision:
    """Return a decision bound to ``source``."""
    digest = hashlib.sha256(source.encode()).hexdigest()
    return Decision(source=source, sha256=digest, allowed=allowed, reasons=reasons or [])


class AutoGate:
    """Allows every action: the user asked for this run and watches it, with a stop button at hand."""

    async def decide(self, source: str) -> Decision:
        """Allow ``source`` as it is."""
        return decision(source, allowed=True)
