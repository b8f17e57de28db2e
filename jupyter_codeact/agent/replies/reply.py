"""A reply (thinking, prose, and actions or none), and the interface of the formats that parse it.

A format parses a reply while it streams, so that generation can end after the first action, and once more
when it is complete. An ambiguous reply is an answer: prose is never run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Fault = Literal["", "cut", "thinking", "only thinking", "call", "shell"]
Doubt = Literal["", "call", "shell"]


@dataclass(frozen=True, slots=True)
class CodeAction:
    """A cell to write into the notebook and, if it is code, to run.

    ``cell_id`` names the cell to rewrite; ``None`` asks for a new one, below the cell ``after`` or above the
    cell ``before`` if one of them is given.
    """

    source: str
    cell_type: Literal["code", "markdown"] = "code"
    cell_id: str | None = None
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """A parsed reply.

    Parameters
    ----------
    text : str
        The reply as it stays in the history: without its thinking, and cut after the action, whose closing
        fence is added if it is missing. Otherwise byte for byte what the model wrote, so that a prefix cache
        can serve it.
    prose : str
        The text for the user, without actions and thinking.
    actions : tuple of CodeAction
        Cells in order; at most one is a code cell, and it is the last. Empty if the reply is an answer.
    fault : str
        Why there is neither an action nor an answer, if ``prose`` is none: the reply broke off in code that
        cannot run unfinished (``"cut"``) or in its thinking (``"thinking"``), it has nothing else than
        thinking (``"only thinking"``) or than commands for a shell (``"shell"``), or it is a call that asks
        for no cell (``"call"``).
    thinking : str
        The model's reasoning, without the tags around it.
    doubt : str
        What in an answer may be meant as an action: a call that ends it (``"call"``), or commands for a shell
        (``"shell"``).
    """

    text: str
    prose: str
    actions: tuple[CodeAction, ...] = ()
    fault: Fault = ""
    thinking: str = ""
    doubt: Doubt = ""
    unopened: bool = field(default=False, compare=False)
    """Whether a mark closed the thinking that none had opened."""

    @property
    def code(self) -> str | None:
        """The source of the reply's code cell, if it has one."""
        return next((action.source for action in self.actions if action.cell_type == "code"), None)

    @property
    def is_answer(self) -> bool:
        """Whether the reply is an answer to the user."""
        return bool(self.prose) and not self.actions and not self.fault


@dataclass(frozen=True, slots=True)
class Preview:
    """The parts of an unfinished reply so far."""

    thinking: str = ""
    prose: str = ""
    action: str = ""
    complete: bool = field(default=False, compare=False)
    """Whether further text would not change the action, which is then all that the reply is read for."""


class ActionFormat(Protocol):
    """A way to write actions into a reply."""

    @property
    def name(self) -> str:
        """The format's name in the configuration."""
        ...

    @property
    def stop(self) -> tuple[str, ...]:
        """Stop sequences for the engine, which may leave them out of the reply."""
        ...

    @property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """Functions to declare to the endpoint, if the format uses function calling."""
        ...

    def is_complete(self, text: str) -> bool:
        """Tell whether further text would no longer change what `parse` returns.

        One exception: a ``</think>`` without an opening tag turns everything before it into thinking.
        """
        ...

    def preview(self, text: str) -> Preview:
        """Parse an unfinished reply, to show it as it streams. Never raises."""
        ...

    def parse(self, text: str) -> ParsedReply:
        """Parse a reply that has ended, or was cut because it `is_complete`. Never raises."""
        ...

    def describe(self) -> str:
        """Return the instructions for the model."""
        ...

    def write(self, action: CodeAction) -> str:
        """Return a code cell in the format's own form."""
        ...

    def call(self, text: str) -> tuple[str, str, str] | None:
        """Return a reply as a call of one of the `tools`: the text before it, the name, the arguments."""
        ...


_PARTIAL_MARKUP = re.compile(r"(?:^|\n)[ \t]*(?:`{1,2}|`{3,}[^\n]*|~{1,2}|~{3,}[^\n]*)\Z|<[/\w|]*\Z")


def drop_partial_markup(prose: str) -> str:
    """Return unfinished prose without an ending that may still become a fence or a tag."""
    return _PARTIAL_MARKUP.sub("", prose.rstrip()).strip()
