"""The gate decides whether an action may run. Its decision is bound to the exact source."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from ..contracts import Frozen, NotebookState
from ..events import ApprovalRequested
from ..tool_servers import ToolServer
from .risks import RiskReader
from .setting import Approval


class Judgement(Frozen):
    """The gate's own verdict on a source; ``reasons`` are phrases that say what is risky about it."""

    verdict: Literal["allow", "ask"]
    reasons: list[str] = Field(default_factory=list)


class Decision(Frozen):
    """The final decision. ``sha256`` is that of ``source``, which is exactly what may run if ``allowed``.

    ``comment`` is what the user says to the model about a cell that they skip.
    """

    source: str
    sha256: str
    allowed: bool
    reasons: list[str]
    comment: str = ""


class Gate(Protocol):
    """Decides about actions, one at a time."""

    def judge(
        self, source: str, notebook: NotebookState | None = None, *, is_text: bool = False
    ) -> Judgement:
        """Tell whether a cell may be there and run, or needs the user's approval.

        ``notebook`` is the notebook around it, ``None`` if it is alone; ``is_text`` says that it is a
        Markdown cell.
        """
        ...

    def record(self, source: str) -> None:
        """Remember a code cell that is allowed to run, with what it names and the files that it makes."""
        ...

    def judge_change(self, reasons: list[str]) -> Judgement:
        """Tell the same of a move or deletion of a cell; ``reasons`` are what is risky about it."""
        ...

    def know_servers(self, servers: Sequence[ToolServer]) -> None:
        """Learn which functions in the kernel belong to servers, and which of them are destructive."""
        ...

    def allowed_tools(self) -> frozenset[str] | None:
        """Return the destructive functions of servers that the cell recorded last may call; ``None`` for all.

        Each is written as ``module.function``.
        """
        ...

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Wait for the user's answer; the decision has another source if they edited it."""
        ...


def digest(source: str) -> str:
    """Return the SHA-256 that binds a decision to ``source``, in hexadecimal."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def decision(source: str, *, allowed: bool, reasons: list[str] | None = None, comment: str = "") -> Decision:
    """Return a decision bound to ``source``."""
    return Decision(
        source=source, sha256=digest(source), allowed=allowed, reasons=reasons or [], comment=comment
    )


class AllowAllGate:
    """Allows every action: the user started the run, watches it and can stop it."""

    def judge(
        self, source: str, notebook: NotebookState | None = None, *, is_text: bool = False
    ) -> Judgement:
        """Allow ``source`` as it is."""
        return Judgement(verdict="allow")

    def record(self, source: str) -> None:
        """Remember nothing."""

    def judge_change(self, reasons: list[str]) -> Judgement:
        """Allow a move or deletion of a cell."""
        return Judgement(verdict="allow")

    def know_servers(self, servers: Sequence[ToolServer]) -> None:
        """Learn nothing."""

    def allowed_tools(self) -> frozenset[str] | None:
        """Allow all destructive functions."""
        return None

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Never called: `judge` allows everything."""
        raise AssertionError("this gate asks for nothing")


class ApprovalGate:
    """Asks the user about all cells, the risky ones, or none, as they chose.

    Parameters
    ----------
    approval : callable
        Returns the current `Approval`; the user may change it during a run.
    ask : callable
        Waits for the user's answer about a cell; called with the event and the cell's source.
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
        self._reader = RiskReader(folder)

    def judge(
        self, source: str, notebook: NotebookState | None = None, *, is_text: bool = False
    ) -> Judgement:
        """Tell whether a cell needs the user's approval, and what is risky about it."""
        if is_text:
            return self.judge_change(self._reader.read_markdown(source))
        return self.judge_change(self._reader.read(source, notebook))

    def record(self, source: str) -> None:
        """Remember a code cell that is allowed to run."""
        self._reader.record(source)

    def judge_change(self, reasons: list[str]) -> Judgement:
        """Tell the same of a move or deletion of a cell; ``reasons`` are what is risky about it."""
        approval = self._approval()
        asks = approval == "always" or (approval == "risky" and bool(reasons))
        return Judgement(verdict="ask" if asks else "allow", reasons=reasons)

    def know_servers(self, servers: Sequence[ToolServer]) -> None:
        """Learn which functions in the kernel belong to servers, and which of them are destructive."""
        self._reader.know_servers(servers)

    def allowed_tools(self) -> frozenset[str] | None:
        """Return the destructive functions that were found in the cell; all if the user is never asked."""
        return None if self._approval() == "never" else self._reader.tools

    async def ask(self, requested: ApprovalRequested, source: str) -> Decision:
        """Wait for the user's answer."""
        return await self._ask(requested, source)
