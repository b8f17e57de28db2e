"""The gate: decides whether an action may run, bound to its exact source."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol, get_args

from pydantic import Field

from ..contracts import Frozen
from ..events import ApprovalRequested
from .risks import Reader

Approval = Literal["always", "risky", "never"]
"""Which of the agent's cells wait for the user's approval: all of them, the risky ones, or none."""

_EARLIER: dict[str, Approval] = {"ask": "always", "ask-if-risky": "risky", "auto": "never"}


def read_approval(word: str) -> Approval:
    """Return the approval that ``word`` names, in today's spelling or in that of the first release.

    Raises
    ------
    ValueError
        With a sentence for the user, if it names none.
    """
    found: Approval | None = next((one for one in get_args(Approval) if one == word), _EARLIER.get(word))
    if found is None:
        raise ValueError(f"approval is one of {', '.join(get_args(Approval))}, not {word!r}.")
    return found


def is_earlier_spelling(word: str) -> bool:
    """Tell whether ``word`` names an approval as the first release did."""
    return word in _EARLIER


class Judgement(Frozen):
    """What the gate makes of a source by itself; ``reasons`` say in words what is risky about it."""

    verdict: Literal["allow", "ask"]
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
        """Tell whether ``source`` may run, or is for the user to say."""
        ...

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Wait for the user's answer; the decision has another source where they edited it."""
        ...


def digest(source: str) -> str:
    """Return the SHA-256 that binds a decision to ``source``, in hexadecimal."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def decision(source: str, *, allowed: bool, reasons: list[str] | None = None) -> Decision:
    """Return a decision bound to ``source``."""
    return Decision(source=source, sha256=digest(source), allowed=allowed, reasons=reasons or [])


class AllowAllGate:
    """Allows every action: the user asked for this run and watches it, with a stop button at hand."""

    def judge(self, source: str) -> Judgement:
        """Allow ``source`` as it is."""
        return Judgement(verdict="allow")

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Never happens: `judge` asks for nothing."""
        raise AssertionError("this gate asks for nothing")


class ApprovalGate:
    """Asks as often as the user wants to be asked.

    Parameters
    ----------
    approval : callable
        Returns the `Approval` that holds now; the user may change it while a run is under way.
    ask : callable
        Waits for the user's answer on a cell: called with the event and the cell's source.
    folder : Path or str, optional
        The kernel's working folder, in which files may be written without asking.
    """

    def __init__(
        self,
        approval: Callable[[], Approval],
        ask: Callable[[ApprovalRequested, str], Awaitable[Decision]],
        folder: Path | str | None = None,
    ) -> None:
        self._approval, self._ask = approval, ask
        self._reader = Reader(folder)

    def judge(self, source: str) -> Judgement:
        """Tell whether ``source`` is for the user to say, and what is risky about it."""
        reasons = self._reader.read(source)
        approval = self._approval()
        asks = approval == "always" or (approval == "risky" and bool(reasons))
        return Judgement(verdict="ask" if asks else "allow", reasons=reasons)

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Wait for the user's word."""
        return await self._ask(requested, source)
