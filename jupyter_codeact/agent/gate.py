"""The gate: decides whether an action may run, bound to its exact source."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from .contracts import Frozen
from .events import Asked
from .risks import Reader
from .risks import risks as risks

Mode = Literal["ask", "ask-if-risky", "auto"]
"""Which of the agent's cells wait for the user's approval."""


class Judgement(Frozen):
    """What the gate makes of a source by itself; ``reasons`` say in words what is risky about it."""

    verdict: Literal["allow", "ask", "deny"]
    reasons: list[str] = Field(default_factory=list)


class Decision(Frozen):
    """The last word. ``sha256`` is that of ``source``, which is exactly what may run if ``allowed``."""

    source: str
    sha256: str
    allowed: bool
    reasons: list[str]


class Gate(Protocol):
    """Decides about one action at a time."""

    def judge(self, source: str) -> Judgement:
        """Tell whether ``source`` may run, may not, or is for the user to say."""
        ...

    async def ask(self, asked: Asked) -> Decision:
        """Wait for the user's word; the decision's ``source`` differs from ``asked`` where they edited it."""
        ...


def digest(source: str) -> str:
    """Return the SHA-256 that binds a decision to ``source``, in hexadecimal."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def decision(source: str, *, allowed: bool, reasons: list[str] | None = None) -> Decision:
    """Return a decision bound to ``source``."""
    return Decision(source=source, sha256=digest(source), allowed=allowed, reasons=reasons or [])


class AutoGate:
    """Allows every action: the user asked for this run and watches it, with a stop button at hand."""

    def judge(self, source: str) -> Judgement:
        """Allow ``source`` as it is."""
        return Judgement(verdict="allow")

    async def ask(self, asked: Asked) -> Decision:
        """Never happens: `judge` asks for nothing."""
        raise AssertionError("this gate asks for nothing")


class ModeGate:
    """Asks as often as the user wants to be asked.

    Parameters
    ----------
    mode : callable
        Returns the `Mode` that holds now; the user may change it while a run is under way.
    ask : callable
        Waits for the user's word on a cell.
    folder : Path or str, optional
        The kernel's working folder, in which files may be written without asking.
    """

    def __init__(
        self,
        mode: Callable[[], Mode],
        ask: Callable[[Asked], Awaitable[Decision]],
        folder: Path | str | None = None,
    ) -> None:
        self._mode, self._ask = mode, ask
        self._reader = Reader(folder)

    def judge(self, source: str) -> Judgement:
        """Tell whether ``source`` is for the user to say, and what is risky about it."""
        reasons = self._reader.read(source)
        mode = self._mode()
        asks = mode == "ask" or (mode == "ask-if-risky" and bool(reasons))
        return Judgement(verdict="ask" if asks else "allow", reasons=reasons)

    async def ask(self, asked: Asked) -> Decision:
        """Wait for the user's word."""
        return await self._ask(asked)
